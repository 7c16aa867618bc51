"""Operations for migrations that run while the code of the release before still serves: expand, migrate, contract.

Django's own would lock a table that is being written, or take away what old code still names. On SQLite, which has
neither concurrent indexes nor constraints that are checked later, they do what Django's do. How they are used together
stands in docs/operators.md, and `manage.py lint_migrations` asks for them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import NotSupportedError, models, transaction
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations import (
    AddConstraint,
    AddIndex,
    AlterField,
    DeleteModel,
    RemoveField,
)
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

Editor = BaseDatabaseSchemaEditor


class _Outside:
    """What PostgreSQL does only outside of a transaction: the migration says `atomic = False`."""

    atomic = False

    @staticmethod
    def check(editor: Editor) -> None:
        if editor.connection.in_atomic_block:
            raise NotSupportedError("Put it into a migration of its own with atomic = False.")


class AddIndexConcurrently(_Outside, AddIndex):
    """An index on a table that is being written. After a failure it may be run again."""

    def database_forwards(
        self, app_label: str, schema_editor: Editor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        if schema_editor.connection.vendor != "postgresql":
            with transaction.atomic(using=schema_editor.connection.alias):  # or a failure would leave a half made table
                return super().database_forwards(app_label, schema_editor, from_state, to_state)
        self.check(schema_editor)
        model = to_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            statement = self.index.create_sql(model, schema_editor, concurrently=True)
            _make_index(schema_editor, self.index.name, str(statement))


class AddUniqueConcurrently(_Outside, AddConstraint):
    """A unique constraint of fields, perhaps with a condition, on a table that is being written."""

    def database_forwards(
        self, app_label: str, schema_editor: Editor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        if schema_editor.connection.vendor != "postgresql":
            with transaction.atomic(using=schema_editor.connection.alias):  # or a failure would leave a half made table
                return super().database_forwards(app_label, schema_editor, from_state, to_state)
        self.check(schema_editor)
        model = to_state.apps.get_model(app_label, self.model_name)
        if not self.allow_migrate_model(schema_editor.connection.alias, model):
            return
        unique: Any = self.constraint
        quote = schema_editor.quote_name
        plain = isinstance(self.constraint, models.UniqueConstraint)
        if not plain or unique.expressions or unique.deferrable or unique.include:
            raise NotSupportedError("Only a UniqueConstraint of fields, with or without a condition.")
        if unique.condition is not None:
            whole = str(unique.create_sql(model, schema_editor))
            _make_index(
                schema_editor,
                unique.name,
                whole.replace("CREATE UNIQUE INDEX", "CREATE UNIQUE INDEX CONCURRENTLY", 1),
            )
            return
        columns = ", ".join(quote(model._meta.get_field(name).column) for name in unique.fields)
        table = quote(model._meta.db_table)
        _make_index(
            schema_editor,
            unique.name,
            f"CREATE UNIQUE INDEX CONCURRENTLY {quote(unique.name)} ON {table} ({columns})",
        )
        if not _constraint_exists(schema_editor, unique.name):
            schema_editor.execute(
                f"ALTER TABLE {table} ADD CONSTRAINT {quote(unique.name)} UNIQUE USING INDEX {quote(unique.name)}"
            )


class AddCheckNotValid(AddConstraint):
    """A check that holds for what is written from now on; `ValidateCheck`, in a later migration, looks at the rest."""

    def database_forwards(
        self, app_label: str, schema_editor: Editor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        if schema_editor.connection.vendor != "postgresql":
            return super().database_forwards(app_label, schema_editor, from_state, to_state)
        if not isinstance(self.constraint, models.CheckConstraint):
            raise NotSupportedError("Only a CheckConstraint.")
        model = to_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            # No parameters: the statement is whole, and a % in it is no placeholder.
            schema_editor.execute(f"{self.constraint.create_sql(model, schema_editor)} NOT VALID", params=None)


class ValidateCheck(Operation):
    """Looks at the rows that were there before `AddCheckNotValid`; others read and write meanwhile."""

    def __init__(self, model_name: str, name: str) -> None:
        self.model_name = model_name
        self.name = name

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        pass

    def database_forwards(
        self, app_label: str, schema_editor: Editor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        if schema_editor.connection.vendor == "postgresql":
            table = _table(schema_editor, to_state, app_label, self.model_name)
            schema_editor.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT {schema_editor.quote_name(self.name)}")

    def database_backwards(self, *_: Any) -> None:
        pass

    def describe(self) -> str:
        return f"Validate check {self.name} on model {self.model_name}"


class ForgetField(RemoveField):
    """The code forgets a field; its column stays for the code of the release before, and may be left out of an INSERT.

    A release later, `DropColumn` takes it away.
    """

    def database_forwards(
        self, app_label: str, schema_editor: Editor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        _loosen(app_label, self.model_name, self.name, schema_editor, from_state)

    def database_backwards(
        self, app_label: str, schema_editor: Editor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        _loosen(app_label, self.model_name, self.name, schema_editor, to_state, back=True)

    def describe(self) -> str:
        return f"Forget field {self.name} of {self.model_name}, keep its column"


class ForgetModel(DeleteModel):
    """The code forgets a model; its table stays for the code of the release before, until `DropTable` a release later.

    Its foreign keys are lifted: new code, which knows nothing of the table, must be able to delete what it points at.
    """

    def database_forwards(
        self, app_label: str, schema_editor: Editor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        self._loosen(app_label, schema_editor, from_state)

    def database_backwards(
        self, app_label: str, schema_editor: Editor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        self._loosen(app_label, schema_editor, to_state, back=True)

    def _loosen(self, app_label: str, editor: Editor, state: ProjectState, *, back: bool = False) -> None:
        for field in state.apps.get_model(app_label, self.name)._meta.local_fields:
            if isinstance(field, models.ForeignKey):
                _loosen(app_label, self.name, field.name, editor, state, back=back)

    def describe(self) -> str:
        return f"Forget model {self.name}, keep its table"


class DropColumn(Operation):
    """Takes away the column of a field that was forgotten in release `after`, or before it."""

    reversible = False

    def __init__(self, model_name: str, column: str, after: str) -> None:
        self.model_name = model_name
        self.column = column
        self.after = after

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        pass

    def database_forwards(
        self, app_label: str, schema_editor: Editor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        connection = schema_editor.connection
        with connection.cursor() as cursor:
            columns = connection.introspection.get_table_description(cursor, model._meta.db_table)
            if self.column not in {column.name for column in columns}:
                return  # SQLite: a table that was rebuilt since has no column that no field names
            constraints = connection.introspection.get_constraints(cursor, model._meta.db_table)
        quote = schema_editor.quote_name
        if connection.vendor == "sqlite":  # which drops no column that an index names
            for name, constraint in constraints.items():
                if constraint["index"] and self.column in constraint["columns"]:
                    schema_editor.execute(f"DROP INDEX {quote(name)}")
        schema_editor.execute(f"ALTER TABLE {quote(model._meta.db_table)} DROP COLUMN {quote(self.column)}")

    def describe(self) -> str:
        return f"Drop column {self.column} of {self.model_name}, forgotten in release {self.after}"


class DropTable(Operation):
    """Takes away the table of a model that was forgotten in release `after`, or before it."""

    reversible = False

    def __init__(self, table: str, after: str) -> None:
        self.table = table
        self.after = after

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        pass

    def database_forwards(
        self, app_label: str, schema_editor: Editor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        schema_editor.execute(f"DROP TABLE IF EXISTS {schema_editor.quote_name(self.table)}")

    def describe(self) -> str:
        return f"Drop table {self.table}, forgotten in release {self.after}"


def _table(editor: Editor, state: ProjectState, app_label: str, model_name: str) -> str:
    return str(editor.quote_name(state.apps.get_model(app_label, model_name)._meta.db_table))


def _loosen(
    app_label: str, model_name: str, name: str, editor: Editor, state: ProjectState, *, back: bool = False
) -> None:
    """Makes a column nullable and lifts its foreign key, or puts both back."""
    field: Any = state.apps.get_model(app_label, model_name)._meta.get_field(name)
    if field.many_to_many:
        return
    loose: Any = field.clone()
    loose.null = loose.null or not field.has_db_default()
    if isinstance(field, models.ForeignKey):
        loose.db_constraint = False
    loosened = state.clone()
    alter = AlterField(model_name, name, loose)
    alter.state_forwards(app_label, loosened)
    states = (loosened, state) if back else (state, loosened)
    AlterField(model_name, name, loose).database_forwards(app_label, editor, *states)


def _make_index(editor: Editor, name: str, statement: str) -> None:
    """Makes an index concurrently. One that an earlier try left half made is dropped first; a whole one is enough."""
    with editor.connection.cursor() as cursor:
        cursor.execute(
            "SELECT indisvalid FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid"
            " WHERE relname = %s AND relnamespace = current_schema()::regnamespace",
            [name],
        )
        found = cursor.fetchone()
    with _patient(editor):
        if found and not found[0]:
            editor.execute(f"DROP INDEX CONCURRENTLY {editor.quote_name(name)}")
        if not found or not found[0]:
            editor.execute(statement, params=None)


def _constraint_exists(editor: Editor, name: str) -> bool:
    with editor.connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM pg_constraint WHERE conname = %s AND connamespace = current_schema()::regnamespace", [name]
        )
        return cursor.fetchone() is not None


@contextmanager
def _patient(editor: Editor) -> Iterator[None]:
    """A concurrent index waits for transactions that are older than itself. Nobody waits for it, so it may."""
    with editor.connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('lock_timeout')")
        before = cursor.fetchone()[0]
        cursor.execute("SET lock_timeout = 0")
        try:
            yield
        finally:
            cursor.execute("SELECT set_config('lock_timeout', %s, false)", [before])
