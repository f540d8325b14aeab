"""What is in the hands of a connection is *sending* from its reservation, and how far it has come stands in no index.

So each step of a message is on record for the price of one narrow update, given room beside the row. Whatever was in
the middle when this migration runs is put into the new form: its attempt is written when it is recovered.
"""

from django.db import migrations, models

IN_THE_MIDDLE = """
    UPDATE smtp_gateway_outboundmessage m SET begun_at = a.started_at, attempts = m.attempts - 1
      FROM smtp_gateway_deliveryattempt a
     WHERE m.state = 'sending' AND a.message_id = m.id AND a.outcome = 'begun';
    DELETE FROM smtp_gateway_deliveryattempt WHERE outcome = 'begun' AND message_id IS NOT NULL
"""
ROOM = "ALTER TABLE smtp_gateway_outboundmessage SET (fillfactor = 70)"
NO_ROOM = "ALTER TABLE smtp_gateway_outboundmessage RESET (fillfactor)"


class Migration(migrations.Migration):
    dependencies = [
        ("smtp_gateway", "0004_what_ended_is_counted"),
    ]

    operations = [
        migrations.RemoveConstraint(model_name="outboundmessage", name="message_reserved_still_waits"),
        migrations.RemoveIndex(model_name="outboundmessage", name="message_claimable"),
        migrations.RemoveIndex(model_name="outboundmessage", name="message_reserved"),
        migrations.RemoveField(model_name="outboundmessage", name="reserved_at"),
        migrations.AddIndex(
            model_name="outboundmessage",
            index=models.Index(
                condition=models.Q(("state__in", ["waiting", "uncertain"])),
                fields=["priority", "not_before", "id"],
                name="message_claimable",
            ),
        ),
        migrations.AlterField(
            model_name="outboundmessage",
            name="stage",
            field=models.CharField(
                blank=True,
                choices=[
                    ("", "Not in hand"),
                    ("reserved", "Reserved"),
                    ("envelope", "Address"),
                    ("body", "Text"),
                    ("taken", "Taken by the server"),
                ],
                default="",
                max_length=8,
            ),
        ),
        migrations.AddField(
            model_name="outboundmessage",
            name="begun_at",
            field=models.DateTimeField(blank=True, help_text="When its last attempt began.", null=True),
        ),
        migrations.RemoveIndex(model_name="deliveryattempt", name="attempt_begun"),
        migrations.RunSQL(IN_THE_MIDDLE, migrations.RunSQL.noop),
        migrations.RunSQL(ROOM, NO_ROOM),
    ]
