from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('licences', '0012_photo'),
    ]

    operations = [
        migrations.AddField(
            model_name='licenceuse',
            name='showing_id',
            field=models.UUIDField(null=True),
        ),
    ]
