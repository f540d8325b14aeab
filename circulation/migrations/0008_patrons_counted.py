"""How many a group has, and who left, is counted in small indexes instead of among all patrons."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("circulation", "0007_lists_of_loans_and_items"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="patron",
            index=models.Index(
                condition=models.Q(("erased_at", None), ("left_on", None)),
                fields=["group"],
                name="patron_here_by_group",
            ),
        ),
        migrations.AddIndex(
            model_name="patron",
            index=models.Index(condition=models.Q(("left_on__isnull", False)), fields=["left_on"], name="patron_left"),
        ),
    ]
