"""Joint limits that come near are found along an index."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('cases', '0015_kept_files'),
        ('catalog', '0012_longer_codes'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='application',
            index=models.Index(condition=models.Q(('closed_at', None), ('joint_due_on__isnull', False)), fields=['joint_due_on', 'id'], name='application_joint'),
        ),
    ]
