"""What ended on a day, or in thirty, is counted by state and kind in the index alone; so is what is tried again."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("smtp_gateway", "0003_what_is_open"),
    ]

    operations = [
        migrations.RemoveIndex(model_name="outboundmessage", name="message_by_end"),
        migrations.AddIndex(
            model_name="outboundmessage",
            index=models.Index(
                condition=models.Q(("finished_at__isnull", False)),
                fields=["finished_at"],
                include=("state", "kind"),
                name="message_by_end",
            ),
        ),
        migrations.AddIndex(
            model_name="outboundmessage",
            index=models.Index(
                condition=models.Q(("attempts__gt", 0), ("state", "waiting")), fields=["id"], name="message_later"
            ),
        ),
    ]
