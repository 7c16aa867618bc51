"""The wall against double bookings: triggers, so that no path to the table can step around them.

PostgreSQL has exclusion constraints for this, but over a text key they need btree_gist, which not every
server has; so both databases get triggers. The migration that creates the table installs them. A later one
that rebuilds it on SQLite (AlterField, AddConstraint) drops them with it, and must run `install` again.

The statuses are written out, because migrations are history and must not follow the models.
"""

from typing import Any

from django.db import DatabaseError

# Writers of SQLite come one at a time, so what the trigger sees is all there is. The plus sign keeps it off the index
# by start, which it would prefer, and which would have it read the whole past.
_SQLITE = """
CREATE TRIGGER booking_overlap_{event} BEFORE {event} ON business_booking
WHEN NEW.status NOT IN ('cancelled', 'no_show') AND EXISTS (
    SELECT 1 FROM business_booking AS other
    WHERE other.tenant_id = NEW.tenant_id
      AND other.staff_id = NEW.staff_id
      AND +other.starts_at < NEW.ends_at
      AND other.ends_at > NEW.starts_at
      AND other.id <> NEW.id
      AND other.status NOT IN ('cancelled', 'no_show')
)
BEGIN
    SELECT RAISE(ABORT, 'booking_overlap');
END
"""

# The lock makes the writers for one member of staff wait for each other. After it, each statement of a
# VOLATILE function sees what was committed meanwhile; but only in READ COMMITTED: others keep a snapshot.
# NO KEY: rows that merely refer to the staff do not wait.
_POSTGRESQL = """
CREATE OR REPLACE FUNCTION booking_overlap() RETURNS trigger LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    IF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
        RAISE EXCEPTION 'bookings are written in READ COMMITTED' USING ERRCODE = 'feature_not_supported';
    END IF;
    PERFORM 1 FROM business_staff WHERE id = NEW.staff_id AND tenant_id = NEW.tenant_id FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the staff of a booking is not of its tenant' USING ERRCODE = 'foreign_key_violation';
    END IF;
    IF EXISTS (
        SELECT 1 FROM business_booking AS other
        WHERE other.tenant_id = NEW.tenant_id
          AND other.staff_id = NEW.staff_id
          AND other.starts_at < NEW.ends_at
          AND other.ends_at > NEW.starts_at
          AND other.id <> NEW.id
          AND other.status NOT IN ('cancelled', 'no_show')
    ) THEN
        RAISE EXCEPTION 'booking_overlap'
            USING ERRCODE = 'exclusion_violation', CONSTRAINT = 'booking_overlap', TABLE = 'business_booking';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER booking_overlap BEFORE INSERT OR UPDATE ON business_booking
FOR EACH ROW WHEN (NEW.status NOT IN ('cancelled', 'no_show')) EXECUTE FUNCTION booking_overlap();
"""


def install(apps: Any, schema_editor: Any) -> None:
    """For RunPython; safe to repeat."""
    remove(apps, schema_editor)
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(_POSTGRESQL)
    else:
        for event in ("INSERT", "UPDATE"):
            schema_editor.execute(_SQLITE.format(event=event))


def remove(apps: Any, schema_editor: Any) -> None:
    """For RunPython, backwards."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP TRIGGER IF EXISTS booking_overlap ON business_booking")
        schema_editor.execute("DROP FUNCTION IF EXISTS booking_overlap()")
    else:
        for event in ("INSERT", "UPDATE"):
            schema_editor.execute(f"DROP TRIGGER IF EXISTS booking_overlap_{event}")


def is_overlap(error: DatabaseError) -> bool:
    """True when the triggers refused the write."""
    return "booking_overlap" in str(error)
