"""A late bad rating has its own alert: a case may have several."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('cases', '0001_initial'),
        ('oversight', '0001_initial'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='alert',
            name='alert_once',
        ),
        migrations.AddField(
            model_name='alert',
            name='bad_rating',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='oversight.badrating'),
        ),
        migrations.AddConstraint(
            model_name='alert',
            constraint=models.UniqueConstraint(fields=('kind', 'case', 'bad_rating'), name='alert_once', nulls_distinct=False),
        ),
    ]
