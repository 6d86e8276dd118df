"""After the decision a step is due when its result has to be delivered, and not when the decision was."""

from django.db import migrations

_COLUMNS = "region, level, item_code, step, state, due_on, half_on, handler_id"
_ROW = "c.region, c.level, c.item_code, t.name, c.state, {due}, {half}, COALESCE(t.assignee_id, c.handler_id)"
OLD = _ROW.format(due="COALESCE(c.due_on, '9999-12-31')", half="COALESCE(c.half_on, '9999-12-31')")
NEW = _ROW.format(
    due="COALESCE(CASE WHEN c.decided_at IS NULL THEN c.due_on ELSE c.deliver_by END, '9999-12-31')",
    half="COALESCE(CASE WHEN c.decided_at IS NULL THEN c.half_on END, '9999-12-31')",
)


def functions(values: str) -> str:
    """Return the two trigger functions with these values, and the rows brought up to date."""
    return f"""
CREATE OR REPLACE FUNCTION cases_inbox_task() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state <> 'ready' THEN
        DELETE FROM cases_inboxentry WHERE id = NEW.id;
        RETURN NULL;
    END IF;
    INSERT INTO cases_inboxentry (id, case_id, role, agency_path, {_COLUMNS})
        SELECT t.id, t.case_id, t.role, t.agency_path, {values}
        FROM cases_task t JOIN cases_case c ON c.id = t.case_id WHERE t.id = NEW.id
        ON CONFLICT (id) DO UPDATE SET role = EXCLUDED.role, agency_path = EXCLUDED.agency_path,
            step = EXCLUDED.step, handler_id = EXCLUDED.handler_id;
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION cases_inbox_case() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE cases_inboxentry e SET ({_COLUMNS}) = (
            SELECT {values} FROM cases_task t JOIN cases_case c ON c.id = t.case_id WHERE t.id = e.id
        )
        WHERE e.case_id = NEW.id;
    RETURN NULL;
END $$;
UPDATE cases_inboxentry e SET ({_COLUMNS}) = (
    SELECT {values} FROM cases_task t JOIN cases_case c ON c.id = t.case_id WHERE t.id = e.id
);
"""


class Migration(migrations.Migration):
    """Replace what the triggers write."""

    dependencies = [("cases", "0007_inbox_kept")]
    operations = [migrations.RunSQL(functions(NEW), functions(OLD))]
