"""What is wrong with an operation, and what to do in its place. No database is asked.

During a rolling upgrade the code of the release before serves on the new schema. So a migration may take nothing away
that old code names, must let old code insert rows without what it does not know, and must not hold a lock for as long
as a table is big. A table that the same migration made is nobody's yet: anything may be done to it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import singledispatch
from typing import Any, Final, NamedTuple

from django.db import models
from django.db.migrations import operations as django
from django.db.migrations.state import ProjectState
from django.db.models.expressions import Value
from django.db.models.functions import Now

from apps.common import schema

_QUIET: Final = frozenset(
    [
        *("blank", "choices", "default", "editable", "error_messages", "help_text", "limit_choices_to", "on_delete"),
        *("related_name", "related_query_name", "serialize", "validators", "verbose_name", "db_comment"),
        *("unique_for_date", "unique_for_month", "unique_for_year", "auto_now", "auto_now_add"),
    ]
)
"""What a field says that no column knows of."""


class Problem(NamedTuple):
    rule: str
    """Such as "removes-field": what a migration's `accepted` names."""
    fix: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where an operation stands."""

    app_label: str
    before: ProjectState
    after: ProjectState
    made: frozenset[str]
    """Names of the models, in small letters, that the same migration made."""
    atomic: bool
    kinds: frozenset[type]
    """Classes of all operations of the migration."""
    version: tuple[int, ...]
    """Of the release that is being made."""

    def is_new(self, model_name: str) -> bool:
        return model_name.lower() in self.made

    def field(self, state: ProjectState, model_name: str, name: str) -> Any:
        return state.models[self.app_label, model_name.lower()].fields[name]

    def table(self, state: ProjectState, model_name: str) -> str:
        return str(state.apps.get_model(self.app_label, model_name)._meta.db_table)


@singledispatch
def problems(operation: Any, place: Place) -> Iterator[Problem]:
    """What old code, or those who wait for a lock, would meet."""
    yield Problem(
        "unknown-operation",
        f"{type(operation).__name__} is none that the lint knows: use Django's or those of apps.common.schema.",
    )


@problems.register(django.CreateModel)
@problems.register(django.AlterModelOptions)
@problems.register(django.AlterModelManagers)
@problems.register(django.AlterModelTableComment)
@problems.register(django.RemoveIndex)  # a short lock, for which `migrate` does not wait long
@problems.register(django.RemoveConstraint)
@problems.register(schema.ForgetField)
@problems.register(schema.ForgetModel)
def _harmless(operation: Any, place: Place) -> Iterator[Problem]:
    yield from ()


@problems.register
def _(operation: django.RemoveField, place: Place) -> Iterator[Problem]:
    if not place.is_new(operation.model_name):
        yield Problem(
            "removes-field",
            f"old code still names the column. Write schema.ForgetField({operation.model_name!r}, {operation.name!r})"
            " now, and schema.DropColumn in the release after.",
        )


@problems.register
def _(operation: django.DeleteModel, place: Place) -> Iterator[Problem]:
    if not place.is_new(operation.name):
        yield Problem(
            "removes-model",
            f"old code still names the table. Write schema.ForgetModel({operation.name!r}) now, and schema.DropTable"
            " in the release after.",
        )


@problems.register(schema.DropColumn)
@problems.register(schema.DropTable)
def _dropped(operation: Any, place: Place) -> Iterator[Problem]:
    try:
        after = tuple(int(part) for part in operation.after.split("."))
    except ValueError:
        after = place.version
    if after >= place.version[: len(after)]:
        current = ".".join(map(str, place.version))
        yield Problem(
            "drops-too-soon",
            f"`after` must name a release before {current} whose code does not know it any more (got"
            f" {operation.after!r}): during the upgrade to {current} that code runs.",
        )


@problems.register
def _(operation: django.RenameField, place: Place) -> Iterator[Problem]:
    def column(state: ProjectState, name: str) -> str:
        model = state.apps.get_model(place.app_label, operation.model_name)
        return str(model._meta.get_field(name).column)

    if place.is_new(operation.model_name):
        return
    if column(place.before, operation.old_name) != column(place.after, operation.new_name):
        yield Problem(
            "renames-field",
            "old code still names the old column. Rename it in Python alone (db_column= with the old name), or add a"
            " second field, write both, copy, and forget the first a release later.",
        )


@problems.register
def _(operation: django.RenameModel, place: Place) -> Iterator[Problem]:
    if not place.is_new(operation.old_name) and place.table(place.before, operation.old_name) != place.table(
        place.after, operation.new_name
    ):
        yield Problem(
            "renames-model",
            "old code still names the old table. Rename it in Python alone (Meta.db_table with the old name).",
        )


@problems.register
def _(operation: django.AlterModelTable, place: Place) -> Iterator[Problem]:
    if not place.is_new(operation.name):
        yield Problem("renames-model", "old code still names the old table. Leave it as it is called.")


@problems.register
def _(operation: django.AddField, place: Place) -> Iterator[Problem]:
    field = operation.field
    if place.is_new(operation.model_name) or field.many_to_many:
        return
    if not field.null and not field.has_db_default():
        yield Problem(
            "adds-required-field",
            "old code inserts rows without it, and Django keeps `default` out of the database. Give it db_default="
            " beside default=, or null=True.",
        )
    if field.has_db_default() and not isinstance(field.db_default, Value | Now) and _is_expression(field.db_default):
        yield Problem(
            "rewrites-table",
            "an expression as db_default may be reckoned for each row, under a lock. Use null=True or a plain value,"
            " and fill it in a migration of its own.",
        )
    yield from _index_of(field, operation.name)


def _is_expression(value: Any) -> bool:
    return hasattr(value, "resolve_expression")


def _index_of(field: Any, name: str) -> Iterator[Problem]:
    if field.unique or field.db_index:
        yield Problem(
            "locks-for-index",
            f"its index is made while nobody can write. Say db_index=False (or unique=False) for {name!r}, and add"
            " the index by schema.AddIndexConcurrently (schema.AddUniqueConcurrently) in a migration of its own with"
            " atomic = False.",
        )


@problems.register
def _(operation: django.AlterField, place: Place) -> Iterator[Problem]:
    if place.is_new(operation.model_name):
        return
    old = place.field(place.before, operation.model_name, operation.name)
    new: Any = operation.field
    if old.null and not new.null:
        yield Problem(
            "forbids-null",
            "old code still writes NULL, and the whole table is read under a lock. Give it db_default= and fill the"
            " rows now; a release later add a check (schema.AddCheckNotValid, then schema.ValidateCheck).",
        )
    if old.has_db_default() and not new.has_db_default() and not new.null:
        yield Problem("takes-default", "old code inserts rows without it. Leave db_default= for another release.")
    if (new.unique and not old.unique) or (new.db_index and not old.db_index):
        yield from _index_of(new, operation.name)
    if _changes_type(old, new, operation.name):
        yield Problem(
            "changes-type",
            "the table may be rewritten under a lock, and old code reads and writes the old type. Add a second field,"
            " write both, copy, read the new one, and forget the first a release later.",
        )


def _changes_type(old: Any, new: Any, name: str) -> bool:
    """True when the column becomes another one, other than wider."""
    _, was, _, before = old.deconstruct()
    _, now, _, after = new.deconstruct()
    before, after = dict(before), dict(after)
    for options, field in ((before, old), (after, new)):
        column = f"{name}_id" if isinstance(field, models.ForeignKey) else name
        options["db_column"] = options.get("db_column") or column
    loose = _QUIET | {"null", "db_default", "unique", "db_index", "db_constraint"}
    narrower = (before.pop("max_length", None) or 0) > (after.pop("max_length", None) or 10**9)
    left = {key: value for key, value in before.items() if key not in loose}
    right = {key: value for key, value in after.items() if key not in loose}
    return narrower or was != now or left != right


@problems.register
def _(operation: django.AddIndex, place: Place) -> Iterator[Problem]:
    if not place.is_new(operation.model_name):
        yield Problem(
            "locks-for-index",
            "nobody can write to the table while it is made. Use schema.AddIndexConcurrently in a migration of its"
            " own with atomic = False.",
        )


@problems.register
def _(operation: django.AddConstraint, place: Place) -> Iterator[Problem]:
    if place.is_new(operation.model_name):
        return
    if isinstance(operation.constraint, models.CheckConstraint):
        fix = "Use schema.AddCheckNotValid, and schema.ValidateCheck in the next migration."
    elif isinstance(operation.constraint, models.UniqueConstraint):
        fix = "Use schema.AddUniqueConcurrently in a migration of its own with atomic = False."
    else:
        fix = "Make a new table with it."
    yield Problem("locks-for-constraint", f"the whole table is read under a lock. {fix}")


@problems.register
def _(operation: schema.AddCheckNotValid, place: Place) -> Iterator[Problem]:
    if schema.ValidateCheck in place.kinds:
        yield Problem(
            "validates-at-once",
            "in one transaction the lock of the first statement is held while the table is read. Put"
            " schema.ValidateCheck into the next migration.",
        )


@problems.register
def _(operation: schema.ValidateCheck, place: Place) -> Iterator[Problem]:
    yield from ()


@problems.register(schema.AddIndexConcurrently)
@problems.register(schema.AddUniqueConcurrently)
def _concurrent(operation: Any, place: Place) -> Iterator[Problem]:
    if place.atomic:
        yield Problem("needs-no-transaction", "write atomic = False into the migration.")
    others = place.kinds - {schema.AddIndexConcurrently, schema.AddUniqueConcurrently}
    if others:
        yield Problem(
            "mixed",
            "without a transaction a failure would leave the migration half done. Put what else is in it into another"
            " one.",
        )


@problems.register
def _(operation: django.RunPython, place: Place) -> Iterator[Problem]:
    if not operation.reversible:
        yield Problem("no-way-back", "give reverse_code= (RunPython.noop where nothing is to be undone).")
    if place.kinds - {django.RunPython}:
        yield Problem(
            "mixed",
            "the lock of the schema's change would be held for as long as the rows take. Put it into a migration of its"
            " own.",
        )


@problems.register
def _(operation: django.RunSQL, place: Place) -> Iterator[Problem]:
    yield Problem(
        "raw-sql",
        "nobody but you can tell what it does to old code and which locks it takes. Use the operations of"
        " apps.common.schema, or say in `accepted` why it is safe.",
    )


@problems.register
def _(operation: django.AlterUniqueTogether, place: Place) -> Iterator[Problem]:
    if not place.is_new(operation.name):
        yield Problem("locks-for-constraint", "use schema.AddUniqueConcurrently with a models.UniqueConstraint.")


@problems.register
def _(operation: django.SeparateDatabaseAndState, place: Place) -> Iterator[Problem]:
    for each in operation.state_operations:
        if isinstance(each, django.RemoveField | django.DeleteModel):
            yield Problem(
                "forgets-by-hand",
                "new code would insert rows without a column that may still be required. Use schema.ForgetField or"
                " schema.ForgetModel.",
            )
    state = place.before.clone()
    for each in operation.database_operations:
        before = state.clone()
        each.state_forwards(place.app_label, state)
        yield from problems(
            each, Place(place.app_label, before, state, place.made, place.atomic, place.kinds, place.version)
        )
