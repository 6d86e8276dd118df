from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("kernel", "0004_audit_principal"),
    ]

    operations = [
        migrations.AddField(
            model_name="eventcursor",
            name="floor",
            field=models.BigIntegerField(default=0),
        ),
    ]
