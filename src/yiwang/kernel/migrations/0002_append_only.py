"""Audit entries, blocks and events are append only: triggers refuse UPDATE, DELETE and TRUNCATE."""

from django.db import migrations

TABLES = ("kernel_auditentry", "kernel_auditblock", "kernel_event")

FORWARD = (
    """
CREATE FUNCTION kernel_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on % refused: this table is append only', TG_OP, TG_TABLE_NAME USING ERRCODE = '42501';
END $$;
"""
    + "".join(
        f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table}"
        f" FOR EACH ROW EXECUTE FUNCTION kernel_append_only();"
        f"CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON {table}"
        f" FOR EACH STATEMENT EXECUTE FUNCTION kernel_append_only();"
        for table in TABLES
    )
)
BACKWARD = "".join(
    f"DROP TRIGGER append_only ON {table}; DROP TRIGGER append_only_truncate ON {table};" for table in TABLES
) + "DROP FUNCTION kernel_append_only();"


class Migration(migrations.Migration):
    """Guard the trail in the database itself."""

    dependencies = [("kernel", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
