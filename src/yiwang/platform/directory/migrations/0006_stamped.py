"""Regions, agencies, centres and the city stand on public pages: each change renews the stamp of those."""

from django.db import migrations

from yiwang.kernel import stamps

TABLES = ("directory_region", "directory_agency", "directory_servicecentre", "directory_city")
PAIRS = [stamps.triggers(table) for table in TABLES]


class Migration(migrations.Migration):
    """Triggers."""

    dependencies = [("directory", "0005_separated_administrators"), ("kernel", "0007_stamp")]
    operations = [migrations.RunSQL("".join(up for up, _down in PAIRS), "".join(down for _up, down in PAIRS))]
