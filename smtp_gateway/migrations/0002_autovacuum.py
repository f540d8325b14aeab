"""Dead rows slow every claim: these tables are vacuumed after a few hundred changes, not after a fifth of all rows."""

from django.db import migrations

TABLES = ["smtp_gateway_outboundmessage", "smtp_gateway_deliveryattempt", "smtp_gateway_slot", "smtp_gateway_gateway"]

TUNE = "ALTER TABLE {} SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 200)"
FORGET = "ALTER TABLE {} RESET (autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold)"


class Migration(migrations.Migration):
    dependencies = [("smtp_gateway", "0001_initial")]

    operations = [migrations.RunSQL(TUNE.format(table), FORGET.format(table)) for table in TABLES]
