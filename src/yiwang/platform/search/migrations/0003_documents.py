"""The number of documents; the next pack load fills it, and puts English names into the key words."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('search', '0002_known'),
    ]

    operations = [
        migrations.AddField(
            model_name='vocabularyrow',
            name='documents',
            field=models.IntegerField(default=0),
        ),
    ]
