"""Migrations that old code would not survive are refused, each with the way out; old code is asked, in real SQL."""

from typing import Any

import pytest
from django.core.management import call_command
from django.db import DatabaseError, IntegrityError, connections, migrations, models, transaction
from django.db.migrations import operations as django
from django.db.migrations.state import ProjectState
from django.db.models import F, Q
from django.db.models.functions import Now, Random

from apps.common import schema
from apps.operations.migration_lint import history
from apps.operations.migration_lint.history import Finding, examine
from tests.operations.conftest import SCRATCH

APP = "operations"
VERSION = (0, 3, 0)


def before() -> ProjectState:
    """The schema of the release before: a note has a title, a fax number that few have, and a folder."""
    state = ProjectState()
    for operation in INITIAL:
        operation.state_forwards(APP, state)
    return state


INITIAL: list[Any] = [
    django.CreateModel("Folder", [("id", models.BigAutoField(primary_key=True))]),
    django.CreateModel(
        "Note",
        [
            ("id", models.BigAutoField(primary_key=True)),
            ("title", models.CharField(max_length=40)),
            ("fax", models.CharField(max_length=20)),
            ("color", models.CharField(max_length=20, null=True)),
            ("size", models.IntegerField(db_default=1)),
            ("folder", models.ForeignKey(f"{APP}.Folder", models.CASCADE)),
        ],
    ),
]


def written(*operations: Any, atomic: bool = True, accepted: dict[str, str] | None = None) -> migrations.Migration:
    body = {"operations": list(operations), "atomic": atomic, "accepted": accepted or {}}
    made: migrations.Migration = type("Migration", (migrations.Migration,), body)("0002_sample", APP)
    return made


def found(*operations: Any, **options: Any) -> list[Finding]:
    return examine(written(*operations, **options), before(), version=VERSION)


CHAR = models.CharField
BREAKING: dict[str, tuple[str, list[Any]]] = {
    "a field is taken away": ("removes-field", [django.RemoveField("note", "fax")]),
    "a model is taken away": ("removes-model", [django.DeleteModel("Note")]),
    "a field gets another column": ("renames-field", [django.RenameField("note", "title", "heading")]),
    "a model gets another table": ("renames-model", [django.RenameModel("Note", "Memo")]),
    "a table is renamed": ("renames-model", [django.AlterModelTable("note", "memos")]),
    "a required field whose default is only Python's": (
        "adds-required-field",
        [django.AddField("note", "pages", models.IntegerField(default=1))],
    ),
    "NULL is forbidden": ("forbids-null", [django.AlterField("note", "color", CHAR(max_length=20, default=""))]),
}
"""What old code fails at: reading, or writing a row as it always did."""

CHECK = models.CheckConstraint(condition=Q(size__gte=0), name="size_counts")
UNIQUE = models.UniqueConstraint(fields=["title"], name="one_title")
CONDITIONAL = models.UniqueConstraint(fields=["title"], condition=Q(size__gt=5), name="one_long_title")
INDEX = models.Index(fields=["title"], name="note_by_title")
REFUSED: dict[str, tuple[str, list[Any]]] = {
    "the default of the database goes": ("takes-default", [django.AlterField("note", "size", models.IntegerField())]),
    "an index": ("locks-for-index", [django.AddIndex("note", INDEX)]),
    "a new field's index": (
        "locks-for-index",
        [django.AddField("note", "tag", CHAR(max_length=9, null=True, db_index=True))],
    ),
    "a new field that is unique": (
        "locks-for-index",
        [django.AddField("note", "tag", CHAR(max_length=9, null=True, unique=True))],
    ),
    "an old field's index": (
        "locks-for-index",
        [django.AlterField("note", "title", CHAR(max_length=40, db_index=True))],
    ),
    "a foreign key's index": (
        "locks-for-index",
        [django.AddField("note", "second", models.ForeignKey(f"{APP}.Folder", models.CASCADE, null=True))],
    ),
    "a default that is reckoned": (
        "rewrites-table",
        [django.AddField("note", "luck", models.FloatField(db_default=Random()))],
    ),
    "a check": ("locks-for-constraint", [django.AddConstraint("note", CHECK)]),
    "a unique constraint": ("locks-for-constraint", [django.AddConstraint("note", UNIQUE)]),
    "unique together": ("locks-for-constraint", [django.AlterUniqueTogether("note", {("title", "fax")})]),
    "another type": ("changes-type", [django.AlterField("note", "size", models.BigIntegerField(db_default=1))]),
    "narrower": ("changes-type", [django.AlterField("note", "title", CHAR(max_length=30))]),
    "another target": (
        "changes-type",
        [django.AlterField("note", "folder", models.ForeignKey(f"{APP}.Note", models.CASCADE))],
    ),
    "a check that is validated at once": (
        "validates-at-once",
        [schema.AddCheckNotValid("note", CHECK), schema.ValidateCheck("note", CHECK.name)],
    ),
    "rows beside the schema": (
        "mixed",
        [
            django.AddField("note", "pages", models.IntegerField(null=True)),
            django.RunPython(django.RunPython.noop, django.RunPython.noop),
        ],
    ),
    "rows without a way back": ("no-way-back", [django.RunPython(django.RunPython.noop)]),
    "raw SQL": ("raw-sql", [django.RunSQL("UPDATE operations_note SET size = 2", "")]),
    "a transaction around what needs none": ("needs-no-transaction", [schema.AddIndexConcurrently("note", INDEX)]),
    "a column forgotten by hand": (
        "forgets-by-hand",
        [django.SeparateDatabaseAndState(state_operations=[django.RemoveField("note", "fax")])],
    ),
    "a removal in disguise": (
        "removes-field",
        [django.SeparateDatabaseAndState(database_operations=[django.RemoveField("note", "fax")])],
    ),
    "a column dropped by the release that forgets it": (
        "drops-too-soon",
        [schema.DropColumn("note", "fax", after="0.3")],
    ),
    "a table dropped after nobody knows what": ("drops-too-soon", [schema.DropTable("operations_note", after="soon")]),
    "what the lint does not know": ("unknown-operation", [django.AlterOrderWithRespectTo("note", "folder")]),
}

SAFE: dict[str, list[list[Any]]] = {
    "a new table, with all it has": [
        [
            django.CreateModel("Page", [("id", models.BigAutoField(primary_key=True)), ("text", models.TextField())]),
            django.AddField("page", "number", models.IntegerField()),
            django.AddIndex("page", models.Index(fields=["number"], name="page_number")),
            django.AddConstraint("page", models.UniqueConstraint(fields=["number"], name="one_page_number")),
        ]
    ],
    "a field that may be empty": [[django.AddField("note", "tag", CHAR(max_length=9, null=True))]],
    "a field with a default of the database": [
        [django.AddField("note", "pages", models.IntegerField(default=1, db_default=1))],
        [django.AddField("note", "made_at", models.DateTimeField(db_default=Now()))],
    ],
    "wider and looser": [
        [django.AlterField("note", "title", CHAR(max_length=80, help_text="Longer.", default="none"))],
        [django.AlterField("note", "fax", CHAR(max_length=20, null=True))],
    ],
    "another name in Python": [
        [django.AlterField("note", "title", CHAR(max_length=40, db_column="title"))],
        [django.RenameField("note", "title", "heading")],
    ],
    "an index": [[schema.AddIndexConcurrently("note", INDEX)]],
    "a unique constraint": [[schema.AddUniqueConcurrently("note", UNIQUE)]],
    "a unique constraint with a condition": [[schema.AddUniqueConcurrently("note", CONDITIONAL)]],
    "a check": [[schema.AddCheckNotValid("note", CHECK)], [schema.ValidateCheck("note", CHECK.name)]],
    "a field is forgotten": [[schema.ForgetField("note", "fax")]],
    "a foreign key is forgotten": [[schema.ForgetField("note", "folder")]],
    "a model is forgotten": [[schema.ForgetModel("Note")]],
    "rows are filled": [[django.RunPython(django.RunPython.noop, django.RunPython.noop)]],
}


def test_the_products_own_migrations_pass() -> None:
    call_command("lint_migrations")
    assert history.findings(baseline={"tenants": "0003_rest_api", "gone": "0001_initial"})


def test_the_baseline_only_shrinks() -> None:
    assert sum(int(name[:4]) for name in history.BASELINE.values()) <= 39, "new migrations are held by the lint"


@pytest.mark.parametrize("what", [*BREAKING, *REFUSED])
def test_each_is_refused_and_told_the_way_out(what: str) -> None:
    rule, operations = {**BREAKING, **REFUSED}[what]
    [finding] = found(*operations)
    assert finding.rule == rule
    assert len(finding.fix.split()) > 4
    assert finding.migration == "operations.0002_sample"


@pytest.mark.parametrize("what", SAFE)
def test_what_is_safe_passes(what: str) -> None:
    state = before()
    for operations in SAFE[what]:
        migration = written(*operations, atomic=_atomic(operations))
        assert examine(migration, state, version=VERSION) == []
        migration.mutate_state(state, preserve=False)


def test_what_was_forgotten_in_an_older_release_may_go() -> None:
    assert found(schema.DropColumn("note", "fax", after="0.2")) == []
    assert found(schema.DropTable("operations_note", after="0.2.1")) == []


def test_without_a_transaction_nothing_else_is_beside_an_index() -> None:
    add = django.AddField("note", "tag", CHAR(max_length=9, null=True))
    [finding] = found(schema.AddIndexConcurrently("note", INDEX), add, atomic=False)
    assert finding.rule == "mixed"


def test_an_exception_needs_its_reason_and_goes_when_it_is_not_needed() -> None:
    sql = django.RunSQL("SELECT 1", "")
    assert found(sql, accepted={"raw-sql": "It reads one row and locks nothing at all."}) == []
    [short] = found(sql, accepted={"raw-sql": "fine"})
    assert "why it is safe" in short.fix
    [idle] = found(accepted={"raw-sql": "It reads one row and locks nothing at all."})
    assert "take it away" in idle.fix


def _atomic(operations: list[Any]) -> bool:
    return not any(isinstance(operation, schema._Outside) for operation in operations)


def _apply(state: ProjectState, *operations: Any) -> ProjectState:
    migration = written(*operations, atomic=_atomic(list(operations)))
    with connections[SCRATCH].schema_editor(atomic=migration.atomic) as editor:
        return migration.apply(state, editor)


def _unapply(state: ProjectState, *operations: Any) -> None:
    with connections[SCRATCH].schema_editor() as editor:
        written(*operations).unapply(state, editor)


class OldCode:
    """Processes of the release before: they know the schema as it was."""

    def __init__(self) -> None:
        apps = before().apps
        self.folders = apps.get_model(APP, "Folder").objects.using(SCRATCH)
        self.notes = apps.get_model(APP, "Note").objects.using(SCRATCH)

    def work(self) -> None:
        """Writes, reads, changes and deletes."""
        with transaction.atomic(using=SCRATCH):
            folder = self.folders.create()
            note = self.notes.create(title=f"Note {self.notes.count()}", fax="+12125550100", color=None, folder=folder)
            assert self.notes.get(pk=note.pk).title == note.title
            assert self.notes.filter(pk=note.pk).update(fax="") == 1
            folder.delete()


@pytest.fixture
def schema_before(scratch: Any) -> ProjectState:
    state = _apply(ProjectState(), *INITIAL)
    old = OldCode()
    old.work()
    folder = old.folders.create()
    for number in range(3):
        old.notes.create(title=f"kept {number}", fax="1", size=number, folder=folder)
    return state


@pytest.mark.parametrize("what", BREAKING)
def test_old_code_breaks_on_what_is_refused(what: str, schema_before: ProjectState) -> None:
    _apply(schema_before, *BREAKING[what][1])
    with pytest.raises(DatabaseError):
        OldCode().work()


@pytest.mark.parametrize("what", SAFE)
def test_old_code_works_on_what_passes(what: str, schema_before: ProjectState) -> None:
    state = schema_before
    for operations in SAFE[what]:
        state = _apply(state, *operations)
        OldCode().work()
    assert OldCode().notes.filter(title__startswith="kept").count() == 3


def test_new_code_works_without_what_was_forgotten(schema_before: ProjectState) -> None:
    state = _apply(schema_before, schema.ForgetField("note", "fax"), schema.ForgetField("note", "folder"))
    notes = state.apps.get_model(APP, "Note").objects.using(SCRATCH)
    notes.create(title="new")
    # A folder that old notes are in can go: new code does not know that they are.
    state.apps.get_model(APP, "Folder").objects.using(SCRATCH).all().delete()
    assert notes.count() == 4


def test_a_forgotten_table_holds_nobody_back(schema_before: ProjectState) -> None:
    state = _apply(schema_before, schema.ForgetModel("Note"))
    state.apps.get_model(APP, "Folder").objects.using(SCRATCH).all().delete()
    _apply(state, schema.DropTable("operations_note", after="0.2"))
    with connections[SCRATCH].cursor() as cursor:
        assert "operations_note" not in connections[SCRATCH].introspection.table_names(cursor)


def test_a_forgotten_field_is_remembered_backwards_and_dropped_forwards(schema_before: ProjectState) -> None:
    _apply(schema_before, schema.ForgetField("note", "fax"))
    _unapply(before(), schema.ForgetField("note", "fax"))
    with pytest.raises(IntegrityError), transaction.atomic(using=SCRATCH):
        OldCode().notes.update(fax=None)

    state = _apply(before(), schema.ForgetField("note", "fax"))
    _apply(state, schema.DropColumn("note", "fax", after="0.2"))
    _apply(state, schema.DropColumn("note", "fax", after="0.2"))  # again: it is gone already
    with connections[SCRATCH].cursor() as cursor:
        columns = connections[SCRATCH].introspection.get_table_description(cursor, "operations_note")
    assert {column.name for column in columns} == {"id", "title", "color", "size", "folder_id"}


def test_a_unique_constraint_that_failed_is_made_at_the_next_try(schema_before: ProjectState) -> None:
    notes = OldCode().notes
    twin = notes.create(title="kept 0", fax="2", folder_id=notes.first().folder_id)
    with pytest.raises(IntegrityError):
        _apply(schema_before.clone(), schema.AddUniqueConcurrently("note", UNIQUE))
    twin.delete()
    _apply(schema_before.clone(), schema.AddUniqueConcurrently("note", UNIQUE))
    with pytest.raises(IntegrityError), transaction.atomic(using=SCRATCH):
        notes.update(title="the same")
    if connections[SCRATCH].vendor == "postgresql":  # a try that was killed before Django wrote it down
        _apply(schema_before.clone(), schema.AddUniqueConcurrently("note", UNIQUE))


def test_a_check_holds_before_and_after_it_is_validated(schema_before: ProjectState) -> None:
    state = _apply(schema_before, schema.AddCheckNotValid("note", CHECK))
    for _ in range(2):
        with pytest.raises(IntegrityError), transaction.atomic(using=SCRATCH):
            OldCode().notes.update(size=F("size") - 5)
        state = _apply(state, schema.ValidateCheck("note", CHECK.name))
