"""Editions never change: triggers refuse UPDATE, DELETE and TRUNCATE (ARCHITECTURE, rule 2)."""

from django.db import migrations

TABLES = ("catalog_edition", "catalog_lifeeventedition")
FORWARD = "".join(
    f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table}"
    f" FOR EACH ROW EXECUTE FUNCTION kernel_append_only();"
    f"CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON {table}"
    f" FOR EACH STATEMENT EXECUTE FUNCTION kernel_append_only();"
    for table in TABLES
)
BACKWARD = "".join(
    f"DROP TRIGGER append_only ON {table}; DROP TRIGGER append_only_truncate ON {table};" for table in TABLES
)


class Migration(migrations.Migration):
    """Freeze in the database itself."""

    dependencies = [("catalog", "0002_initial"), ("kernel", "0002_append_only")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
