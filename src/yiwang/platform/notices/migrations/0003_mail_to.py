"""Where a person wants mail, confirmed from there."""

from django.db import migrations

import yiwang.kernel.sealed


class Migration(migrations.Migration):
    """Add the sealed address."""

    dependencies = [("notices", "0002_items")]
    operations = [
        migrations.AddField("preference", "mail_to", yiwang.kernel.sealed.SealedTextField(blank=True, default="")),
    ]
