"""The counters move to the kernel, so that every room allots numbers the same way; their values go with them."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("cases", "0003_initial"), ("kernel", "0003_serial")]

    operations = [
        migrations.RunSQL(
            "INSERT INTO kernel_serial (scope, last) SELECT scope, last FROM cases_serial"
            " ON CONFLICT (scope) DO UPDATE SET last = GREATEST(kernel_serial.last, EXCLUDED.last)",
            "INSERT INTO cases_serial (scope, last) SELECT scope, last FROM kernel_serial"
            " WHERE scope LIKE 'case:%' OR scope LIKE 'application:%' ON CONFLICT (scope) DO NOTHING",
        ),
        migrations.DeleteModel("Serial"),
    ]
