"""The base of every resource under /api/."""

import hashlib
import json
from contextlib import ExitStack
from typing import Any, ClassVar

from django.db import transaction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from rest_framework import mixins
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.encoders import JSONEncoder
from rest_framework.viewsets import GenericViewSet

from apps.common.api import BodyTooLarge
from apps.common.errors import NotFound
from apps.common.ids import is_id
from apps.tenants.access import DAILY_WORK, Action, Rights
from apps.tenants.rest import idempotency, rates
from apps.tenants.rest.callers import Caller, check_permission, identify
from apps.tenants.rest.fields import Filters, filtered
from apps.tenants.rest.paging import Pages
from apps.tenants.rest.problems import PreconditionFailed
from apps.tenants.scope import tenant_scope

MAX_BODY = 256 * 1024
_ACTIONS: dict[str, Action] = {"GET": "view", "HEAD": "view", "PATCH": "change", "DELETE": "delete"}


class Resource(GenericViewSet):
    """One request: who calls, how often, in whose scope, whether they may; then the handler, in a transaction.

    Attributes:
        resource: its name in its address and in its scopes, such as `contacts`.
        scoped: name of the resource whose scopes count, where it has none of its own.
        rights: what a person's role may do; a key's scopes say that for a program.
        vertical: slug of the only industry that has it; for others it does not exist.
        events: action of the audit trail → event that webhooks are told of it.
    """

    resource: ClassVar[str]
    scoped: ClassVar[str] = ""
    rights: ClassVar[Rights] = DAILY_WORK
    vertical: ClassVar[str] = ""
    events: ClassVar[dict[str, str]] = {}
    filters: ClassVar[type[Filters]] = Filters
    order: ClassVar[str] = "-id"

    authentication_classes: ClassVar[Any] = ()
    permission_classes: ClassVar[Any] = ()
    pagination_class: type[Pages] | None = Pages
    lookup_value_converter = "str"
    format_kwarg = None
    caller: Caller

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.told: dict[str, str] = {}
        with ExitStack() as self.entered:
            response: HttpResponseBase = super().dispatch(request, *args, **kwargs)
        for name, value in self.told.items():
            response.setdefault(name, value)
        response.setdefault("Cache-Control", "no-store")
        return response

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Everything before the handler; from here on the tenant is in scope."""
        if request.method == "OPTIONS":
            return
        request.accepted_renderer, request.accepted_media_type = self.perform_content_negotiation(request)
        self.caller = identify(request)
        self.told |= rates.take(tenant_id=self.caller.tenant.pk, who=self.caller.actor)
        if len(request._request.body) > MAX_BODY:
            raise BodyTooLarge(f"The request is larger than {MAX_BODY // 1024} KiB.")
        self.entered.enter_context(tenant_scope(self.caller.tenant.pk))
        self.entered.enter_context(timezone.override(timezone.get_default_timezone()))
        if self.vertical and self.caller.tenant.vertical != self.vertical:
            raise NotFound("There is no such address.")
        self.check_method(request)
        check_permission(
            self.caller, request, resource=self.scoped or self.resource, action=self.asks_to(), rights=self.rights
        )
        if any(not is_id(str(kwargs[name])) for name in ("pk", "parent") if name in kwargs):
            raise NotFound("There is no such thing.")
        self._act_once(request)

    def check_method(self, request: Request) -> None:
        """What is not offered here is refused before anybody looks at what it would have done."""
        if str(request.method).lower() not in self.action_map:
            self.http_method_not_allowed(request)

    def asks_to(self) -> Action:
        """What the request would do, as roles know it."""
        if self.action == "create":
            return "add"
        return _ACTIONS.get(str(self.request.method), "change")

    def _act_once(self, request: Request) -> None:
        """Wraps the handler of a request that writes: in a transaction, and a POST by its key."""
        if self.asks_to() == "view":
            return
        name = str(request.method).lower()
        handler = getattr(self, name)

        def once(request: Request, *args: Any, **kwargs: Any) -> Response:
            with transaction.atomic():
                if request.method != "POST":
                    answer: Response = handler(request, *args, **kwargs)
                    return answer
                return idempotency.once(request, actor=self.caller.actor, act=lambda: handler(request, *args, **kwargs))

        setattr(self, name, once)

    def options(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return Response(status=204)

    def rows(self) -> Any:
        """The rows that the caller may see, with what showing one needs."""
        raise NotImplementedError

    def get_queryset(self) -> Any:
        return self.rows()

    def filter_queryset(self, queryset: Any) -> Any:
        return filtered(queryset, by=self.filters, query=self.request.query_params)

    def get_object(self) -> Any:
        return self.row()

    def row(self, *, locked: bool = False) -> Any:
        """The row of the address; `locked` until the end of the transaction, and then as `If-Match` says it was.

        Raises:
            NotFound: there is none, or it is not the caller's to see.
            PreconditionFailed: somebody has changed it since.
        """
        rows = self.rows().filter(**self.address())
        found = (rows.select_for_update(of=("self",)) if locked else rows).first()
        if found is None:
            raise NotFound("There is no such thing.")
        if locked:
            self._check_match(found)
        return found

    def address(self) -> dict[str, Any]:
        """What of the address names the row."""
        return {"pk": self.kwargs["pk"]}

    @classmethod
    def described(cls, pk: str) -> dict[str, Any] | None:
        """A row of the tenant in scope as the API shows it, for who is told of it without asking; None = gone."""
        resource = cls()
        row = resource.rows().filter(pk=pk).first()
        return dict(resource.serializer_class(row).data) if row is not None else None

    def shown(self, row: Any) -> dict[str, Any]:
        """The row as the API tells it."""
        return dict(self.get_serializer(row).data)

    def read(self, serializer: Any, *, partial: bool = False) -> dict[str, Any]:
        """The body's values.

        Raises:
            rest_framework.exceptions.ValidationError: with what is wrong, by field.
        """
        body = serializer(data=self.request.data, partial=partial)
        body.is_valid(raise_exception=True)
        return dict(body.validated_data)

    def told_of(self, row: Any, *, status: int = 200) -> Response:
        """The row, with its ETag; a new one with its address."""
        data = self.shown(row)
        headers = {"ETag": etag(data)}
        if status == 201:
            headers["Location"] = f"/api/{self.resource}/{row.pk}"
        return Response(data, status=status, headers=headers)

    def _check_match(self, row: Any) -> None:
        wanted = self.request.headers.get("If-Match", "*")
        if wanted.strip() == "*":
            return
        if etag(self.shown(row)) not in [part.strip() for part in wanted.split(",")]:
            raise PreconditionFailed("Somebody has changed this since you read it. Read it again.", field="If-Match")


class Listed(mixins.ListModelMixin):
    """`GET /api/<name>`."""


class Shown:
    """`GET /api/<name>/<id>`."""

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        response: Response = self.told_of(self.row())  # type: ignore[attr-defined]
        seen = [part.strip().removeprefix("W/") for part in request.headers.get("If-None-Match", "").split(",")]
        if response["ETag"] in seen:
            return Response(status=304, headers={"ETag": response["ETag"]})
        return response


def etag(data: dict[str, Any]) -> str:
    """A strong one, of what is told: the same as long as nothing of it has changed."""
    text = json.dumps(data, cls=JSONEncoder, sort_keys=True)
    return f'"{hashlib.sha256(text.encode()).hexdigest()[:24]}"'
