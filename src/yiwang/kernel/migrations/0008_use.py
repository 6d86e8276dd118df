"""Uses of what is limited."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """A row for each limit and window, in a table that is not logged."""

    dependencies = [("kernel", "0007_stamp")]
    operations = [
        migrations.CreateModel(
            name="Use",
            fields=[
                ("slot", models.BinaryField(max_length=32, primary_key=True, serialize=False)),
                ("used", models.BigIntegerField()),
                ("ends_at", models.DateTimeField()),
            ],
        ),
        migrations.RunSQL("ALTER TABLE kernel_use SET UNLOGGED;", "ALTER TABLE kernel_use SET LOGGED;"),
    ]
