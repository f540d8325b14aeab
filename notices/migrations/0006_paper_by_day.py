"""Letters on paper are counted by day without the many that went by email."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("notices", "0005_forecast_kept"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="letter",
            index=models.Index(
                condition=models.Q(("channel", "paper")), fields=["day", "state"], name="letter_on_paper_by_day"
            ),
        ),
    ]
