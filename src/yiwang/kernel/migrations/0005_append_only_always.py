"""The triggers that refuse changes fire always: also in a session that declares itself a replica."""

from django.db import migrations

TABLES = ("kernel_auditentry", "kernel_auditblock", "kernel_event")
TRIGGERS = ("append_only", "append_only_truncate")


def _each(how: str) -> str:
    return "".join(f"ALTER TABLE {table} ENABLE {how} TRIGGER {name};" for table in TABLES for name in TRIGGERS)


class Migration(migrations.Migration):
    """Guard the trail against ``session_replication_role`` too."""

    dependencies = [("kernel", "0004_audit_principal")]
    operations = [migrations.RunSQL(_each("ALWAYS"), _each(""))]
