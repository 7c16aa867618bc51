"""Agents: what visitors meet now, the draft of what they meet next, and the versions before."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from unfold.decorators import display

from apps.agents import releases
from apps.agents.admin.drafts import FIELDS, DraftChanged, diff, save_draft
from apps.agents.admin.forms import AgentForm, DraftForm, tool_titles
from apps.agents.models import Agent, AgentVersion
from apps.tenants import audit
from apps.tenants.access import SET_UP, Rights
from apps.tenants.admin import TenantAdmin, TenantForm, actor_of

Status = AgentVersion.Status
_WHO = (None, {"fields": ("name", "role", ("is_active", "make_front"))})
_VERSIONS_SHOWN = 30


@admin.register(Agent)
class AgentAdmin(TenantAdmin):
    icon = "support_agent"
    rights: ClassVar[Rights] = SET_UP
    actions = None
    list_display = ("name", "role", "published_version", "draft_state", "is_front", "is_active")
    list_filter = ("is_active",)
    search_fields = ("name", "slug", "role")
    change_form_template = "admin/agents/agent/page.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Agent]:
        versions = AgentVersion.objects.filter(agent=OuterRef("pk"))
        return (
            super()
            .get_queryset(request)
            .annotate(
                published_number=Subquery(versions.filter(status=Status.PUBLISHED).values("number")[:1]),
                draft_number=Subquery(versions.filter(status=Status.DRAFT).values("number")[:1]),
            )
        )

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # agents come with the industry's pack: their tools need its code

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # transcripts name them; an agent is switched off

    @display(description="Published", label={"None": "danger"})
    def published_version(self, agent: Any) -> str:
        return f"Version {agent.published_number}" if agent.published_number else "None"

    @display(description="Draft", label="warning")
    def draft_state(self, agent: Any) -> str | None:
        return f"Version {agent.draft_number}" if agent.draft_number else None

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        draft = _draft(obj) if obj is not None and self.has_change_permission(request, obj) else None
        if not self.has_change_permission(request, obj):
            kwargs["form"] = TenantForm
        elif draft is None:
            kwargs["form"] = AgentForm
        else:
            kwargs["form"] = type("DraftForm", (DraftForm,), {"draft": draft})
        return super().get_form(request, obj, change=change, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Agent | None = None) -> Any:
        if not self.has_change_permission(request, obj):
            return ((None, {"fields": ("name", "role", ("is_active", "is_front"))}),)
        draft = _draft(obj) if obj is not None else None
        if draft is None:
            return (_WHO,)
        title = f"Draft: version {draft.number}"
        return (_WHO, (title, {"fields": (*FIELDS, "seen"), "classes": ("cs-draft",)}))

    def save_model(self, request: HttpRequest, obj: Agent, form: Any, change: bool) -> None:
        values = form.cleaned_data
        if values.get("make_front") and not obj.is_front:
            Agent.objects.filter(is_front=True).update(is_front=False)
            obj.is_front = True
        super().save_model(request, obj, form, change)
        if not isinstance(form, DraftForm):
            if "seen" in request.POST:
                raise DraftChanged(
                    "Somebody else published or discarded this draft since you opened it, so yours was not "
                    "saved. Your instructions are at the top: copy what you need."
                )
            return
        draft = save_draft(draft_id=form.draft.pk, seen=values["seen"], values={name: values[name] for name in FIELDS})
        if "_publish" in request.POST:
            releases.publish(version=draft, actor=actor_of(request))
            messages.success(request, f"Version {draft.number} is what visitors meet from now on.")

    def response_change(self, request: HttpRequest, obj: Agent) -> HttpResponse:
        if "_publish" in request.POST or "_continue" in request.POST:
            return HttpResponseRedirect(reverse("admin:agents_agent_change", args=[obj.pk]))
        return super().response_change(request, obj)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponseBase:
        agent: Agent = self.get_object(request, object_id)
        published = agent.versions.filter(status=Status.PUBLISHED).first()
        draft = _draft(agent)
        may_change = self.has_change_permission(request, agent)
        context: dict[str, Any] = {
            "published": _shown(agent, published),
            "draft": draft,
            "can_start_draft": may_change and draft is None,
            "can_publish": may_change and draft is not None,
            "versions": agent.versions.select_related("author")[:_VERSIONS_SHOWN],
        }
        if request.method == "POST" and draft is not None:
            # For when somebody else was faster: from what they saved to what is in this form.
            context["conflict"] = diff(draft.instructions, request.POST.get("instructions", ""))
        elif request.method == "POST":
            context["unsaved"] = request.POST.get("instructions", "")
        return super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("<str:object_id>/draft/", wrap(self.draft_view), name="agents_agent_draft"),
            path("<str:object_id>/discard/", wrap(self.discard_view), name="agents_agent_discard"),
            path(
                "<str:object_id>/versions/<int:number>/",
                wrap(self.version_view),
                name="agents_agent_version",
            ),
            *super().get_urls(),
        ]

    def draft_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Begins a draft from what is published."""
        agent = self._changeable(request, object_id)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        draft = releases.draft_of(agent=agent, author_id=request.user.pk)
        messages.success(request, f"Version {draft.number} is a draft now. Visitors see it once you publish it.")
        return HttpResponseRedirect(reverse("admin:agents_agent_change", args=[agent.pk]))

    def discard_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Throws the draft away; what is published stays as it is."""
        agent = self._changeable(request, object_id)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        draft = _draft(agent)
        if draft is not None:
            draft.delete()
            audit.record(
                actor=actor_of(request),
                action="agent.draft_discarded",
                target=agent.pk,
                details={"version": draft.number},
            )
            messages.success(request, "The draft is gone.")
        return HttpResponseRedirect(reverse("admin:agents_agent_change", args=[agent.pk]))

    def version_view(self, request: HttpRequest, object_id: str, number: int) -> HttpResponse:
        """A version as it is or was, and what it changed."""
        agent: Agent = self.get_object(request, object_id)
        if not self.has_view_permission(request, agent):
            raise PermissionDenied
        version = agent.versions.filter(number=number).select_related("author").first()
        if version is None:
            raise Http404
        before = agent.versions.filter(number__lt=number).first()
        context = {
            **self.admin_site.each_context(request),
            "title": f"{agent.name}, version {number}",
            "agent": agent,
            "original": agent,
            "shown": _shown(agent, version),
            "before": before,
            "changes": diff(before.instructions, version.instructions) if before else [],
            "opts": self.opts,
        }
        return TemplateResponse(request, "admin/agents/agent/version.html", context)

    def _changeable(self, request: HttpRequest, object_id: str) -> Agent:
        agent: Agent = self.get_object(request, object_id)
        if not self.has_change_permission(request, agent):
            raise PermissionDenied
        return agent


def _draft(agent: Agent | None) -> AgentVersion | None:
    return agent.versions.filter(status=Status.DRAFT).first() if agent is not None else None


def _shown(agent: Agent, version: AgentVersion | None) -> dict[str, Any] | None:
    if version is None:
        return None
    names = dict(
        Agent.objects.filter(tenant_id=agent.tenant_id, slug__in=version.hands_over_to).values_list("slug", "name")
    )
    return {
        "version": version,
        "tools": tool_titles(agent.vertical, version.tools),
        "hands_over_to": [names.get(slug, slug) for slug in version.hands_over_to],
    }
