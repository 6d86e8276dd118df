"""The inbox follows tasks and cases by triggers: whatever changes them, the lists are right in the same transaction."""

from django.db import migrations

_VALUES = """
    c.region, c.level, c.item_code, t.name, c.state, COALESCE(c.due_on, '9999-12-31'),
    COALESCE(c.half_on, '9999-12-31'), COALESCE(t.assignee_id, c.handler_id)
"""
_COLUMNS = "(id, case_id, role, agency_path, region, level, item_code, step, state, due_on, half_on, handler_id)"

FORWARD = f"""
CREATE FUNCTION cases_inbox_task_gone() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM cases_inboxentry WHERE id = OLD.id;
    RETURN NULL;
END $$;
CREATE FUNCTION cases_inbox_task() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state <> 'ready' THEN
        DELETE FROM cases_inboxentry WHERE id = NEW.id;
        RETURN NULL;
    END IF;
    INSERT INTO cases_inboxentry {_COLUMNS}
        SELECT t.id, t.case_id, t.role, t.agency_path, {_VALUES}
        FROM cases_task t JOIN cases_case c ON c.id = t.case_id WHERE t.id = NEW.id
        ON CONFLICT (id) DO UPDATE SET role = EXCLUDED.role, agency_path = EXCLUDED.agency_path,
            step = EXCLUDED.step, handler_id = EXCLUDED.handler_id;
    RETURN NULL;
END $$;
CREATE TRIGGER inbox_insert AFTER INSERT ON cases_task FOR EACH ROW
    WHEN (NEW.state = 'ready') EXECUTE FUNCTION cases_inbox_task();
CREATE TRIGGER inbox_update AFTER UPDATE ON cases_task FOR EACH ROW
    WHEN ((OLD.state = 'ready' OR NEW.state = 'ready')
        AND (OLD.state, OLD.role, OLD.agency_path, OLD.name, OLD.assignee_id)
            IS DISTINCT FROM (NEW.state, NEW.role, NEW.agency_path, NEW.name, NEW.assignee_id))
    EXECUTE FUNCTION cases_inbox_task();
CREATE TRIGGER inbox_delete AFTER DELETE ON cases_task FOR EACH ROW
    WHEN (OLD.state = 'ready') EXECUTE FUNCTION cases_inbox_task_gone();

CREATE FUNCTION cases_inbox_case() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE cases_inboxentry e SET
        (region, level, item_code, step, state, due_on, half_on, handler_id) = (
            SELECT {_VALUES} FROM cases_task t JOIN cases_case c ON c.id = t.case_id WHERE t.id = e.id
        )
        WHERE e.case_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER inbox_case AFTER UPDATE ON cases_case FOR EACH ROW
    WHEN ((OLD.state, OLD.due_on, OLD.half_on, OLD.handler_id)
        IS DISTINCT FROM (NEW.state, NEW.due_on, NEW.half_on, NEW.handler_id))
    EXECUTE FUNCTION cases_inbox_case();

INSERT INTO cases_inboxentry {_COLUMNS}
    SELECT t.id, t.case_id, t.role, t.agency_path, {_VALUES}
    FROM cases_task t JOIN cases_case c ON c.id = t.case_id WHERE t.state = 'ready';
"""
BACKWARD = """
DROP TRIGGER inbox_case ON cases_case;
DROP TRIGGER inbox_delete ON cases_task;
DROP TRIGGER inbox_update ON cases_task;
DROP TRIGGER inbox_insert ON cases_task;
DROP FUNCTION cases_inbox_case();
DROP FUNCTION cases_inbox_task();
DROP FUNCTION cases_inbox_task_gone();
"""


class Migration(migrations.Migration):
    """Keep ``InboxEntry``; a task taken over, a clock moved, a state changed: each in its own statement."""

    dependencies = [("cases", "0006_inbox")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
