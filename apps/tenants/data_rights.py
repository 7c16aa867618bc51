"""What is held of a person, and what becomes of it when they ask: each app says it of its own models.

An app registers in its AppConfig.ready(), so that one that is added later adds itself. What hangs on a registered row
by a foreign key that cascades goes with it, into an export as into an erasure, and needs no word of its own. A test
walks all models and fails on one that could hold a person and is neither registered, nor such a dependent, nor listed
by `nothing_personal` with its reason.

Whatever is registered or forgotten, an erasure ends with a search through every text of the tenant's rows for the
person's name, phone and e-mail (`business.data_rights.sweep`).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from django.db.models import CASCADE, Model, Q

from apps.tenants.base import TenantModel

Rule = Literal["erase", "blank", "keep", "last"]
"""`last`: the row by which the others are found; who erases deletes it when all else is gone."""


@dataclass(frozen=True, slots=True)
class Subject:
    """The person, as their rows are looked for. `phone` and `email` are empty when somebody else has the same: rows
    that are known by them alone may be the other's."""

    contact_id: str
    phone: str = ""
    """E.164."""
    email: str = ""
    conversations: frozenset[str] = frozenset()
    """Ids of the conversations that are theirs."""
    ids: frozenset[str] = frozenset()
    """Further ids under which something of them lies in Redis or in files: runs of answers, calls."""


Find = Callable[[Subject], Q]


@dataclass(frozen=True, slots=True)
class Holding:
    """Rows of a model that are about a person."""

    model: type[TenantModel]
    find: Find
    rule: Rule = "erase"
    blanks: Mapping[str, Any] = field(default_factory=dict)
    """For `blank`: what its fields hold afterwards."""
    reason: str = ""
    """For `blank` and `keep`: why the row stays, in words for the owner and the person."""

    @property
    def title(self) -> str:
        return str(self.model._meta.verbose_name_plural).capitalize()

    def rows(self, subject: Subject) -> Any:
        """Its rows of the tenant in scope."""
        return self.model.objects.filter(self.find(subject)).distinct()


Linked = Callable[[Subject, Iterable[str]], Subject]
"""Gets the ids of conversations that rows of the person name; adds what is known of them."""
Clean = Callable[[str, Subject, Callable[[str], bool]], int]
"""Gets the tenant's id, the person, and whether a text is about them; deletes what is outside of the database."""
FilesOf = Callable[[Any], list[tuple[str, str]]]
"""Gets a row; (name within an export, name in the default storage) of its files."""

Outside = Callable[[Sequence[Any]], list[str]]
"""Gets rows that are about to go; deletes what others keep for them, and says what is left for the owner to do. It may
take its time, raises what will pass, and must bear to be asked again."""

_holdings: list[Holding] = []
_outside: dict[type[Model], Outside] = {}
_linked: list[Linked] = []
_cleaners: dict[str, Clean] = {}
_files: dict[type[Model], FilesOf] = {}
_without: dict[type[Model], str] = {}
OWNERS_WORDS: Final[list[type[TenantModel]]] = []
"""Models of texts that are the business's own: searched and reported, never changed."""


def register(
    model: type[TenantModel],
    find: Find,
    *,
    rule: Rule = "erase",
    blanks: Mapping[str, Any] | None = None,
    reason: str = "",
) -> None:
    """Says which rows of a model are about a person; several times for one model, if the rules differ."""
    if rule != "erase" and not reason:
        raise ValueError(f"{model._meta.label}: what stays needs its reason.")
    _holdings.append(Holding(model, find, rule, blanks or {}, reason))


def nothing_personal(*models: type[TenantModel], reason: str) -> None:
    """Lists models that hold nothing of a contact, though they look as if they did."""
    _without.update(dict.fromkeys(models, reason))


def owners_words(*models: type[TenantModel]) -> None:
    """Lists models of the business's own texts, such as its knowledge."""
    OWNERS_WORDS.extend(model for model in models if model not in OWNERS_WORDS)


def register_linked(function: Linked) -> None:
    _linked.append(function)


def register_cleaner(name: str, clean: Clean) -> None:
    _cleaners[name] = clean


def register_files(model: type[TenantModel], files_of: FilesOf) -> None:
    _files[model] = files_of


def register_outside(model: type[Model], forget: Outside) -> None:
    _outside[model] = forget


def outside(model: type[Model]) -> Outside | None:
    """What deletes that which others keep for rows of a model."""
    return _outside.get(model)


def holdings() -> tuple[Holding, ...]:
    return tuple(_holdings)


def without() -> Mapping[type[Model], str]:
    """Models that hold nothing of a contact, with the reason."""
    return _without


def cleaners() -> Mapping[str, Clean]:
    return _cleaners


def files_of(row: Model) -> list[tuple[str, str]]:
    """(name within an export, name in the storage) of the files of a row."""
    found = _files.get(type(row))
    return found(row) if found is not None else []


def with_conversations(subject: Subject) -> Subject:
    """The person with the ids of all that is theirs, by what their rows name. In the tenant's scope."""
    named: set[str] = set()
    for holding in _holdings:
        if any(column.name == "conversation_id" for column in holding.model._meta.concrete_fields):
            named.update(holding.rows(subject).values_list("conversation_id", flat=True))
    for link in _linked:
        subject = link(subject, named - {""})
    return subject


def dependents(model: type[Model]) -> list[Any]:
    """The relations by which rows of other models go when a row of this one goes."""
    relations = [each for each in model._meta.related_objects if each.on_delete is CASCADE]
    return [each for each in relations if issubclass(each.related_model, TenantModel)]
