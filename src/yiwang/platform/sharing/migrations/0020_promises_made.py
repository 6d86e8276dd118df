from django.db import migrations

ASKERS = "UPDATE sharing_objection SET asker_id = party_id WHERE party_kind = 'agency'"
TIMERS = """
    INSERT INTO kernel_timer (kind, subject_id, due_at, failures, error)
    SELECT 'sharing.awaited_correction', id,
           (awaits + 1)::timestamp AT TIME ZONE 'Asia/Shanghai' + interval '1 second', 0, ''
    FROM sharing_objection WHERE awaits IS NOT NULL AND changed_record IS NULL
    ON CONFLICT (kind, subject_id) DO NOTHING
"""


class Migration(migrations.Migration):
    """Who raised what agencies raised, and timers for the days that were promised before there were any."""

    dependencies = [("sharing", "0019_promised_days"), ("kernel", "0008_use")]

    operations = [migrations.RunSQL([ASKERS, TIMERS], migrations.RunSQL.noop)]
