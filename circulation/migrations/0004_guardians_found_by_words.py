"""Guardians are found by the beginning of any word of their name or address, and listed by name."""

import django.contrib.postgres.indexes
import django.contrib.postgres.search
from django.db import migrations, models


def joined(*columns):
    return models.Func(
        *(models.F(column) for column in columns), template="(%(expressions)s)", arg_joiner=" || ' ' || "
    )


class Migration(migrations.Migration):

    dependencies = [("circulation", "0003_undone_for_a_minute")]

    operations = [
        migrations.AddField(
            "guardian",
            "words",
            models.GeneratedField(
                db_persist=True,
                expression=models.Func(joined("name"), joined("email"), function="circulation_words"),
                output_field=django.contrib.postgres.search.SearchVectorField(),
            ),
        ),
        migrations.AddIndex("guardian", models.Index(fields=["name", "id"], name="guardian_by_name")),
        migrations.AddIndex(
            "guardian",
            django.contrib.postgres.indexes.GinIndex(fields=["words"], name="guardian_by_words", fastupdate=False),
        ),
    ]
