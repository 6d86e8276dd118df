"""What is published stands on public pages: each publication renews the stamp of those; drafts do not."""

from django.db import migrations

from yiwang.kernel import stamps

TABLES = ("catalog_codeentry", "catalog_dataelementrow", "catalog_serviceitem")
PAIRS = [stamps.triggers(table) for table in TABLES]
PUBLISHED = """
CREATE TRIGGER stamp AFTER UPDATE ON catalog_implementation FOR EACH ROW
    WHEN ((OLD.current_id, OLD.region, OLD.agency_id, OLD.sample_only)
        IS DISTINCT FROM (NEW.current_id, NEW.region, NEW.agency_id, NEW.sample_only))
    EXECUTE FUNCTION kernel_stamp('public');
CREATE TRIGGER stamp_rows AFTER INSERT OR DELETE OR TRUNCATE ON catalog_implementation
    FOR EACH STATEMENT EXECUTE FUNCTION kernel_stamp('public');
CREATE TRIGGER stamp AFTER UPDATE ON catalog_lifeeventrow FOR EACH ROW
    WHEN ((OLD.current_id, OLD."order") IS DISTINCT FROM (NEW.current_id, NEW."order"))
    EXECUTE FUNCTION kernel_stamp('public');
CREATE TRIGGER stamp_rows AFTER INSERT OR DELETE OR TRUNCATE ON catalog_lifeeventrow
    FOR EACH STATEMENT EXECUTE FUNCTION kernel_stamp('public');
"""
UNDONE = """
DROP TRIGGER stamp ON catalog_implementation;
DROP TRIGGER stamp_rows ON catalog_implementation;
DROP TRIGGER stamp ON catalog_lifeeventrow;
DROP TRIGGER stamp_rows ON catalog_lifeeventrow;
"""


class Migration(migrations.Migration):
    """Triggers."""

    dependencies = [("catalog", "0006_item_review"), ("kernel", "0007_stamp")]
    operations = [
        migrations.RunSQL(
            "".join(up for up, _down in PAIRS) + PUBLISHED, UNDONE + "".join(down for _up, down in PAIRS)
        )
    ]
