"""The pages of an agent's versions: begun, discarded, read, compared, gone back to, and put to the saved questions."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from apps.agents import releases
from apps.agents.content import EMPTY, NOTHING, PARTS, Wording, compare, values_of
from apps.agents.models import Agent, AgentVersion
from apps.agents.questions import rounds
from apps.common.errors import AppError
from apps.tenants import audit
from apps.tenants.admin import actor_of

Status = AgentVersion.Status
_COMPARED = 200
"""Versions that may be chosen from."""


class VersionPages:
    """Of the agent's admin page: the addresses below an agent's own. `get_object` and the rights are the page's."""

    admin_site: Any
    opts: Any
    get_object: Any
    has_change_permission: Any
    has_view_permission: Any

    def get_urls(self) -> list[URLPattern]:
        views = {
            "draft/": (self.draft_view, "draft"),
            "discard/": (self.discard_view, "discard"),
            "examination/": (self.examination_view, "examination"),
            "compare/": (self.compare_view, "compare"),
            "versions/<int:number>/": (self.version_view, "version"),
            "versions/<int:number>/roll-back/": (self.roll_back_view, "roll_back"),
        }
        own = [
            path(f"<str:object_id>/{route}", self.admin_site.admin_view(view), name=f"agents_agent_{name}")
            for route, (view, name) in views.items()
        ]
        return [*own, *super().get_urls()]  # type: ignore[misc]

    def draft_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Begins a draft from what is published."""
        agent = self._changeable(request, object_id)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        draft = releases.draft_of(agent=agent, author_id=request.user.pk)
        messages.success(request, f"Version {draft.number} is a draft now. Visitors see it once you publish it.")
        return _back(agent)

    def discard_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Throws the draft away; what is published stays as it is."""
        agent = self._changeable(request, object_id)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        draft = draft_of(agent)
        if draft is not None:
            draft.delete()
            audit.record(
                actor=actor_of(request),
                action="agent.draft_discarded",
                target=agent.pk,
                details={"version": draft.number},
            )
            messages.success(request, "The draft is gone.")
        return _back(agent)

    def roll_back_view(self, request: HttpRequest, object_id: str, number: int) -> HttpResponse:
        """Publishes an old version again, as a new one."""
        agent = self._changeable(request, object_id)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        try:
            version = releases.roll_back(agent=agent, to=number, actor=actor_of(request))
        except AppError as error:
            messages.error(request, error.message)
        else:
            messages.success(request, f"Visitors meet version {version.number} now. It equals version {number}.")
        return _back(agent)

    def examination_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """How the draft stands with the saved questions; the agent's page asks while they are being put."""
        agent = self._readable(request, object_id)
        draft = draft_of(agent)
        context = {
            "original": agent,
            "draft": draft,
            "standing": rounds.standing(draft) if draft is not None else None,
            "can_publish": draft is not None and self.has_change_permission(request, agent),
        }
        return TemplateResponse(request, "admin/agents/agent/examination.html", context)

    def version_view(self, request: HttpRequest, object_id: str, number: int) -> HttpResponse:
        """A version as it is or was, and what it changed."""
        agent = self._readable(request, object_id)
        version = agent.versions.filter(number=number).select_related("author").first()
        if version is None:
            raise Http404
        before = agent.versions.filter(number__lt=number).first()
        context = {
            **self.admin_site.each_context(request),
            "title": f"{agent.name}, version {number}",
            "agent": agent,
            "original": agent,
            "shown": described(agent, version),
            "before": before,
            "changes": compare(agent, values_of(before), values_of(version)) if before else [],
            "can_roll_back": version.status == Status.RETIRED and self.has_change_permission(request, agent),
            "opts": self.opts,
        }
        return TemplateResponse(request, "admin/agents/agent/version.html", context)

    def compare_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """What differs between any two versions."""
        agent = self._readable(request, object_id)
        versions = list(agent.versions.all()[:_COMPARED])
        after = _chosen(versions, request.GET.get("to")) or versions[0]
        before = _chosen(versions, request.GET.get("from")) or next(
            (version for version in versions if version.number < after.number), after
        )
        context = {
            **self.admin_site.each_context(request),
            "title": f"{agent.name}: compare versions",
            "agent": agent,
            "versions": versions,
            "before": before,
            "after": after,
            "changes": compare(agent, values_of(before), values_of(after)),
            "opts": self.opts,
        }
        return TemplateResponse(request, "admin/agents/agent/compare.html", context)

    def _readable(self, request: HttpRequest, object_id: str) -> Agent:
        agent: Agent = self.get_object(request, object_id)
        if not self.has_view_permission(request, agent):
            raise PermissionDenied
        return agent

    def _changeable(self, request: HttpRequest, object_id: str) -> Agent:
        agent: Agent = self.get_object(request, object_id)
        if not self.has_change_permission(request, agent):
            raise PermissionDenied
        return agent


def draft_of(agent: Agent) -> AgentVersion | None:
    """The agent's draft, with its author."""
    return agent.versions.filter(status=Status.DRAFT).select_related("author").first()


def described(agent: Agent, version: AgentVersion | None) -> dict[str, Any] | None:
    """A version for people: each part with its title and its value in words."""
    if version is None:
        return None
    wording = Wording(agent, [values_of(version)])
    rows = [
        {
            "title": part.title,
            "kind": part.kind,
            "value": wording.of(part, getattr(version, part.name)),
            "empty": NOTHING.get(part.name) if part.kind == "list" else EMPTY.get(part.name, "Nothing"),
        }
        for part in PARTS
    ]
    return {"version": version, "rows": rows}


def _chosen(versions: list[AgentVersion], number: str | None) -> AgentVersion | None:
    return next((version for version in versions if str(version.number) == number), None)


def _back(agent: Agent) -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:agents_agent_change", args=[agent.pk]))
