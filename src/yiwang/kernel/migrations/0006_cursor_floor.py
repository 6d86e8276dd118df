from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("kernel", "0005_append_only_always"),
    ]

    operations = [
        migrations.AddField(
            model_name="eventcursor",
            name="floor",
            field=models.BigIntegerField(default=0),
        ),
    ]
