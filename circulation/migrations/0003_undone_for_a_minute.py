"""Lending and renewing can be undone for a minute."""

import django.core.serializers.json
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("circulation", "0002_found_by_words")]

    operations = [
        migrations.AddField(
            "loan",
            "lent_at",
            models.DateTimeField(
                blank=True, editable=False, help_text="The moment, for undoing it.", null=True
            ),
        ),
        migrations.AddField("loan", "renewed_at", models.DateTimeField(blank=True, editable=False, null=True)),
        migrations.AddField(
            "loan",
            "before_renewal",
            models.JSONField(
                blank=True,
                editable=False,
                encoder=django.core.serializers.json.DjangoJSONEncoder,
                help_text="What the last renewal changed, for undoing it.",
                null=True,
            ),
        ),
    ]
