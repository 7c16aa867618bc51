"""Every route, asked for the other's by those who may not see it. What they are told is searched for its words."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings

from apps.business.models import Contact
from apps.common.database import in_thread
from apps.operations.isolation import asgi
from apps.operations.isolation.asgi import Answer
from apps.operations.isolation.findings import Line, Section
from apps.operations.isolation.probes import Probe
from apps.operations.isolation.routes import BY_DESIGN, EMPTY, Route, routes
from apps.tenants.models import ApiKey, Tenant
from apps.tenants.scope import all_tenants, tenant_scope

_CSRF: Final = "c" * 32
_LOGIN: Final = re.compile(r"^/(account|admin)/(login|reauthenticate)|^/admin/logout|^/$")
_ID: Final = re.compile(r"[a-z]{2,10}(?:_|_5F)[0-9a-z]{20}|canary-[0-9a-f]{16}|sk_[\w-]{20,}")
EXPLAINED: Final = (
    "Every address of the URL configuration, with the id of a row of the other business where it takes one; asked by "
    "the owner of a rival business, by programs with the rival's API key, by a visitor of the rival's chat, by a "
    "person without a business, and by nobody. Refused is 401, 403, 404, 405, another refusal (4xx), or the way to "
    "the login; a page is allowed where the address names nothing of the other, and then must not contain a single "
    "one of its ids or texts. Last, the other's own owner asks for the same, or the refusals would prove nothing."
)


@dataclass(frozen=True)
class Caller:
    """Who asks, and by which headers they are known."""

    name: str
    headers: dict[str, str]


def _cookies(session: str) -> dict[str, str]:
    cookies = f"{settings.CSRF_COOKIE_NAME}={_CSRF}"
    if session:
        cookies += f"; {settings.SESSION_COOKIE_NAME}={session}"
    return {"cookie": cookies, "x-csrftoken": _CSRF}


def callers(rival: Probe, outsider_session: str) -> list[Caller]:
    assert rival.visitor is not None
    return [
        Caller("rival owner", _cookies(rival.session)),
        Caller("outsider", _cookies(outsider_session)),
        Caller("nobody", _cookies("")),
        Caller("rival key", {"authorization": f"Bearer {rival.api_key}"}),
        Caller("rival visitor", {"authorization": f"Bearer {rival.visitor.token()}", "x-widget-key": rival.widget_key}),
    ]


class Walk:
    """One walk over all routes."""

    def __init__(self, *, rival: Probe, victim: Probe, outsider_session: str) -> None:
        self._rival, self._victim = rival, victim
        self._callers = callers(rival, outsider_session)
        self._keys_used, self._is_over = 0, False
        self.section = Section("Routes", EXPLAINED)

    async def all(self, chosen: Callable[[Route], bool] = lambda route: True) -> Section:
        """Every route, then the controls; last, that no row of the other has changed."""
        found = [route for route in await in_thread(routes, self._victim) if chosen(route)]
        secrets = await in_thread(self._victim.secrets)
        before = await in_thread(self._victim.fingerprint)
        usual, lines = self._victim.tenant.vertical, {}
        await self._logged_in()
        for route in found:
            if "logout" in route.name and not self._is_over:
                self._is_over = True
                await self._logged_in()
            await in_thread(self._become, route.vertical or usual)
            lines[route] = self.section.line(f"{route.name}  /{route.pattern}")
            await self._try(route, lines[route], secrets - route.sent)
        await in_thread(self._become, usual)
        await self._unchanged(before)
        for route in found:
            if route.takes_id:
                await in_thread(self._become, route.vertical or usual)
                await self._control(route, lines[route])
        await in_thread(self._become, usual)
        return self.section

    def _become(self, vertical: str) -> None:
        """Both are of one industry: else a refusal could be for that."""
        for probe in (self._rival, self._victim):
            if probe.tenant.vertical != vertical:
                probe.tenant.vertical = vertical
                with all_tenants(reason="the isolation report makes both of its own of one industry"):
                    Tenant.objects.filter(pk=probe.tenant.pk).update(vertical=vertical)

    async def _try(self, route: Route, line: Line, secrets: set[str]) -> None:
        for caller in self._callers[: 3 if route.is_admin else None]:
            for method in ("GET", "POST"):
                if caller.name == "nobody" and method == "POST" and route.is_admin:
                    continue  # led to the login before anything is looked at
                await self._one(route, line, caller, method, secrets)
        if route.name.startswith("api:"):
            for method in ("PATCH", "DELETE"):
                await self._one(route, line, self._callers[3], method, secrets)

    async def _one(self, route: Route, line: Line, caller: Caller, method: str, secrets: set[str]) -> None:
        query = "" if route.takes_id else f"q=a&tenant={self._victim.tenant.pk}&tenant_id={self._victim.tenant.pk}"
        body: Any = {} if method != "GET" else None
        try:
            answer = await asgi.ask(method, route.path, query=query, headers=await self._known(caller), body=body)
        except Exception as error:  # whatever it raised is a finding, and the walk goes on
            line.fail(f"{caller.name}, {method}: {type(error).__name__}: {error}")
            return
        self._judge(route, line, f"{caller.name}, {method}", answer, secrets - {self._victim.tenant.pk})

    async def _known(self, caller: Caller) -> dict[str, str]:
        """Its headers; a key is renewed before the limit of requests a minute would answer in the route's place."""
        if caller.name != "rival key":
            return caller.headers
        self._keys_used += 1
        if self._keys_used % 300 == 0:
            caller.headers["authorization"] = f"Bearer {await in_thread(self._new_key)}"
        return caller.headers

    def _new_key(self) -> str:
        with tenant_scope(self._rival.tenant.pk):
            return ApiKey.issue(name="probe")[1]

    def _judge(self, route: Route, line: Line, who: str, answer: Answer, secrets: set[str]) -> None:
        seen = {found.replace("_5F", "_") for found in _ID.findall(answer.body)} & secrets
        if route.name in BY_DESIGN:
            line.refuse("public by design")
            line.note = BY_DESIGN[route.name]
        elif seen:
            line.fail(f"{who}: {answer.status} showed {', '.join(sorted(seen)[:3])}")
        elif answer.status >= 500:
            line.fail(f"{who}: failed with {answer.status}")
        elif answer.status == 429:
            line.fail(f"{who}: 429, so the route itself was not reached")
        elif answer.status >= 400:
            line.refuse(str(answer.status))
        elif answer.status >= 300:
            self._redirected(route, line, who, answer)
        elif answer.status == 204 or route.name in EMPTY:
            line.refuse(f"{answer.status}, empty")
        elif route.takes_id:
            line.fail(f"{who}: answered {answer.status} for what belongs to the other")
        else:
            line.refuse(f"{answer.status}, nothing of the other in it")

    def _redirected(self, route: Route, line: Line, who: str, answer: Answer) -> None:
        target = answer.location.removeprefix(f"https://{asgi.host()}")
        if _LOGIN.match(target):
            line.refuse("to the login")
        elif route.takes_id and route.is_admin:
            line.fail(f"{who}: led on to {target}")
        else:
            line.refuse(f"{answer.status}, leads to a page of one's own")

    async def _logged_in(self) -> None:
        """Whether the rival is known and its forms count: else every refusal would be for that."""
        line = self.section.line("The rival itself", note="or the refusals would prove nothing")
        path = f"/admin/business/contact/{self._rival.rows[Contact].replace('_', '_5F')}/change/"
        for method in ("GET", "POST"):
            body: Any = {} if method == "POST" else None
            answer = await asgi.ask(method, path, headers=self._callers[0].headers, body=body)
            line.expect(
                answer.status == 200, "its own page is shown to it", f"{method} of its own page: {answer.status}"
            )

    async def _unchanged(self, before: dict[str, str]) -> None:
        after = await in_thread(self._victim.fingerprint)
        line = self.section.line("The other's rows, after all of this", note="a hash of every row, by model")
        for label, value in before.items():
            line.expect(after[label] == value, "unchanged", f"rows of {label} were changed")

    async def _control(self, route: Route, line: Line) -> None:
        """Whether the one whose it is gets it by the same address."""
        assert self._victim.visitor is not None
        token = self._victim.visitor.token()
        headers = [_cookies(self._victim.session), {"authorization": f"Bearer {self._victim.api_key}"}]
        headers.append({"authorization": f"Bearer {token}", "x-widget-key": self._victim.widget_key})
        statuses: list[int] = []
        for known in self._fitting(route, headers):
            for method in ("GET", "HEAD"):
                try:
                    answer = await asgi.ask(method, route.path, headers=known)
                except Exception as error:
                    line.fail(f"its owner, {method}: {type(error).__name__}: {error}")
                    continue
                statuses.append(answer.status)
                if answer.status < 400 and not _LOGIN.match(answer.location):
                    line.note = line.note or "its own owner gets it"
                    return
        line.note = line.note or _unproven(set(statuses))

    @staticmethod
    def _fitting(route: Route, headers: list[dict[str, str]]) -> Iterable[dict[str, str]]:
        if route.name.startswith("api:"):
            return headers[1:2]
        return headers[2:] if route.pattern.startswith("api/chat") else headers[:1]


def _unproven(statuses: set[int]) -> str:
    if statuses <= {405}:
        return "only changes something, and so is not done by its owner"
    if statuses <= {403, 405}:
        return "not even its owner may"
    return f"its owner is told {', '.join(str(status) for status in sorted(statuses))}, too"
