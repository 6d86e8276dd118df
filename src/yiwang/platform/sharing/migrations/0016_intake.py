from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('sharing', '0014_guardians'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='record',
            index=models.Index(condition=models.Q(('valid_to__isnull', False), ('id', 0), _connector='OR'), fields=['subject_index', 'own', 'dataset', 'valid_to'], name='record_past'),
        ),
    ]
