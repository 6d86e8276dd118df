"""Stamps, and the function that triggers on other tables call to renew one."""

from django.db import migrations, models

FORWARD = """
CREATE FUNCTION kernel_stamp() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO kernel_stamp (name, value) VALUES (TG_ARGV[0], gen_random_uuid())
        ON CONFLICT (name) DO UPDATE SET value = EXCLUDED.value;
    RETURN NULL;
END $$;
"""


class Migration(migrations.Migration):
    """A row for each stamp."""

    dependencies = [("kernel", "0006_cursor_floor")]
    operations = [
        migrations.CreateModel(
            name="Stamp",
            fields=[
                ("name", models.CharField(max_length=40, primary_key=True, serialize=False)),
                ("value", models.UUIDField()),
            ],
        ),
        migrations.RunSQL(FORWARD, "DROP FUNCTION kernel_stamp();"),
    ]
