"""Where mail goes is known to the notices room, once its owner confirmed it; nothing ever stood here."""

from django.db import migrations


class Migration(migrations.Migration):
    """Remove the column."""

    dependencies = [("identity", "0003_counter_delegations")]
    operations = [migrations.RemoveField("account", "email")]
