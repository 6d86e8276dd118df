"""The desk's lists and their numbers along indexes alone: lights, nobody's steps, what somebody has in hand, ended today."""

import django.db.models.functions.comparison
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('cases', '0013_desk_lists'),
        ('catalog', '0008_samples_and_authors'),
        ('directory', '0006_stamped'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='case',
            name='case_handler',
        ),
        migrations.RemoveIndex(
            model_name='inboxentry',
            name='inbox_agency',
        ),
        migrations.RemoveIndex(
            model_name='inboxentry',
            name='inbox_supervised',
        ),
        migrations.AddIndex(
            model_name='case',
            index=models.Index(condition=models.Q(('closed_at__isnull', True), ('decided_at__isnull', True), ('handler_id__isnull', False)), fields=['handler_id', '-received_at', 'id'], name='case_in_hand'),
        ),
        migrations.AddIndex(
            model_name='case',
            index=models.Index(models.F('handler_id'), django.db.models.functions.comparison.Greatest('decided_at', 'closed_at'), condition=models.Q(('handler_id__isnull', False)), name='case_handled'),
        ),
        migrations.AddIndex(
            model_name='inboxentry',
            index=models.Index(fields=['role', 'agency_path', 'due_on', 'id'], include=('half_on',), name='inbox_agency_lights'),
        ),
        migrations.AddIndex(
            model_name='inboxentry',
            index=models.Index(fields=['agency_path', 'due_on', 'id'], include=('half_on', 'handler_id'), name='inbox_office'),
        ),
    ]
