"""What the desk's lists filter and find by: the door, nobody's steps, whose case it is, the query code."""

from django.db import migrations, models

_COLUMNS = "region, level, item_code, step, state, due_on, half_on, handler_id"
_VALUES = """
    c.region, c.level, c.item_code, t.name, c.state,
    COALESCE(CASE WHEN c.decided_at IS NULL THEN c.due_on ELSE c.deliver_by END, '9999-12-31'),
    COALESCE(CASE WHEN c.decided_at IS NULL THEN c.half_on END, '9999-12-31'),
    COALESCE(t.assignee_id, c.handler_id)
"""


def entered(door_column: str, door_value: str, join: str) -> str:
    """Return the function that enters a step, with or without the door."""
    return f"""
CREATE OR REPLACE FUNCTION cases_inbox_task() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state <> 'ready' THEN
        DELETE FROM cases_inboxentry WHERE id = NEW.id;
        RETURN NULL;
    END IF;
    INSERT INTO cases_inboxentry (id, case_id, role, agency_path, {_COLUMNS}{door_column})
        SELECT t.id, t.case_id, t.role, t.agency_path, {_VALUES}{door_value}
        FROM cases_task t JOIN cases_case c ON c.id = t.case_id {join} WHERE t.id = NEW.id
        ON CONFLICT (id) DO UPDATE SET role = EXCLUDED.role, agency_path = EXCLUDED.agency_path,
            step = EXCLUDED.step, handler_id = EXCLUDED.handler_id;
    RETURN NULL;
END $$;
"""


DOOR = entered(", door", ", a.door", "JOIN cases_application a ON a.id = c.application_id")
FILLED = """
UPDATE cases_inboxentry e SET door = a.door
    FROM cases_case c JOIN cases_application a ON a.id = c.application_id WHERE c.id = e.case_id;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('cases', '0012_renews'),
        ('catalog', '0006_item_review'),
        ('directory', '0005_separated_administrators'),
    ]

    operations = [
        migrations.AddField(
            model_name='inboxentry',
            name='door',
            field=models.CharField(default='', max_length=12),
        ),
        migrations.RunSQL(DOOR + FILLED, entered("", "", "")),
        migrations.AddIndex(
            model_name='case',
            index=models.Index(fields=['query_code'], name='case_query_code'),
        ),
        migrations.AddIndex(
            model_name='case',
            index=models.Index(condition=models.Q(('handler_id__isnull', False)), fields=['handler_id', '-received_at', 'id'], name='case_handler'),
        ),
        migrations.AddIndex(
            model_name='inboxentry',
            index=models.Index(condition=models.Q(('handler_id', None)), fields=['due_on', 'id'], name='inbox_nobody'),
        ),
    ]
