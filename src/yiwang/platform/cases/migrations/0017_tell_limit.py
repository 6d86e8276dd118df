"""Cases of which it must soon be told whether they are accepted are found along an index."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('cases', '0016_joint_limit'),
        ('catalog', '0012_longer_codes'),
        ('directory', '0007_own_index'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='case',
            index=models.Index(condition=models.Q(('tell_by__isnull', False)), fields=['tell_by', 'id'], name='case_tell'),
        ),
    ]
