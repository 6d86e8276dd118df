"""A client is let in for one purpose, which may be limited to items."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("openapi", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="client",
            name="purpose",
            field=models.CharField(default="—", max_length=100),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="client",
            name="items",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=12), blank=True, default=list, size=None
            ),
        ),
    ]
