"""Lists of open messages in order of state, so that the outbox page never reads what is finished."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("smtp_gateway", "0002_autovacuum"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="outboundmessage",
            index=models.Index(
                condition=models.Q(("state__in", ["waiting", "sending", "bad", "uncertain", "held"])),
                fields=["state", "-id"],
                name="message_open",
            ),
        ),
    ]
