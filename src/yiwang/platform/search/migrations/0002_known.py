"""Key words as text, and which words are common: what is near is measured by them. The next pack load fills both."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("search", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="searchdocument", name="known", field=models.TextField(blank=True, db_default="")
        ),
        migrations.AddField(model_name="vocabularyrow", name="common", field=models.JSONField(default=dict)),
    ]
