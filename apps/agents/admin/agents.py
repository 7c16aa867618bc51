"""Agents: what visitors meet now, the draft of what they meet next, and the versions before."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from unfold.decorators import display

from apps.agents import releases, trials
from apps.agents.admin.drafts import DraftChanged, save_draft
from apps.agents.admin.forms import DRAFT_SECTIONS, AgentForm, DraftForm
from apps.agents.admin.versions import VersionPages, described, draft_of
from apps.agents.content import TITLES, compare, values_of
from apps.agents.models import OWNERS_FIELDS, Agent, AgentVersion, SavedQuestion
from apps.agents.questions import rounds
from apps.tenants.access import SET_UP, Rights
from apps.tenants.admin import TenantAdmin, TenantForm, actor_of

Status = AgentVersion.Status
_WHO = (None, {"fields": ("name", "role", ("is_active", "make_front"))})
_VERSIONS_SHOWN = 30
_ACTIONS = ("_publish", "_publish_anyway", "_examine", "_continue")
"""Buttons after which the agent's page comes again."""


@admin.register(Agent)
class AgentAdmin(VersionPages, TenantAdmin):
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
        draft = draft_of(obj) if obj is not None and self.has_change_permission(request, obj) else None
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
        if obj is None or draft_of(obj) is None:
            return (_WHO,)
        sections = [(title, {"fields": fields, "classes": ("cs-draft",)}) for title, fields in DRAFT_SECTIONS]
        sections[0][1]["fields"] += ("seen", "base")
        return (_WHO, *sections)

    def save_model(self, request: HttpRequest, obj: Agent, form: Any, change: bool) -> None:
        if form.cleaned_data.get("make_front") and not obj.is_front:
            Agent.objects.filter(is_front=True).update(is_front=False)
            obj.is_front = True
        super().save_model(request, obj, form, change)
        if isinstance(form, DraftForm):
            self._save_draft(request, form)
        elif "seen" in request.POST:
            raise DraftChanged(
                "Somebody else published or discarded this draft since you opened it, so yours was not "
                "saved. What you wrote is at the top: start a new draft and copy what you need."
            )

    def _save_draft(self, request: HttpRequest, form: DraftForm) -> None:
        given = form.cleaned_data
        draft = save_draft(
            draft_id=form.draft.pk,
            seen=given["seen"],
            base=given["base"],
            values=form.values(),
            author_id=request.user.pk,
        )
        actor = actor_of(request)
        if "_examine" in request.POST:
            rounds.begin(version=draft, actor=actor, now=timezone.now())
        elif "_publish" in request.POST or "_publish_anyway" in request.POST:
            releases.publish(version=draft, actor=actor, anyway="_publish_anyway" in request.POST)
            messages.success(request, f"Version {draft.number} is what visitors meet from now on.")

    def response_change(self, request: HttpRequest, obj: Agent) -> HttpResponse:
        if any(name in request.POST for name in _ACTIONS):
            return HttpResponseRedirect(reverse("admin:agents_agent_change", args=[obj.pk]))
        return super().response_change(request, obj)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponseBase:
        agent: Agent = self.get_object(request, object_id)
        context = {**self._shown(request, agent), **(extra_context or {})}
        return super().change_view(request, object_id, form_url, context)

    def _shown(self, request: HttpRequest, agent: Agent) -> dict[str, Any]:
        """What the page has beside the form."""
        published = agent.versions.filter(status=Status.PUBLISHED).select_related("author").first()
        draft = draft_of(agent)
        may_change = self.has_change_permission(request, agent)
        context: dict[str, Any] = {
            "published": described(agent, published),
            "draft": draft,
            "can_start_draft": may_change and draft is None,
            "can_publish": may_change and draft is not None,
            "versions": agent.versions.select_related("author")[:_VERSIONS_SHOWN],
            "can_roll_back": may_change,
            "questions": SavedQuestion.objects.filter(agent=agent),
        }
        if may_change and draft is not None:
            context["trial_key"] = trials.key_of(draft)
            context["standing"] = rounds.standing(draft)
            if published is not None:
                context["changes"] = compare(agent, values_of(published), values_of(draft))
        elif request.method == "POST" and "seen" in request.POST:
            context["unsaved"] = _unsaved(request, published)
        return context

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        refusal = getattr(request, "refusal", None)
        if isinstance(refusal, DraftChanged) and refusal.merged is not None:
            agent, merged = context["original"], refusal.merged
            mine = refusal.theirs | {name: merged.values[name] for name in merged.disputed}
            context["disputed"] = compare(agent, refusal.theirs, mine)
            context["theirs"] = [
                (name, TITLES[name], text) for name in merged.disputed if isinstance(text := refusal.theirs[name], str)
            ]
            context["taken"] = [TITLES[name] for name in merged.taken]
        return super().render_change_form(request, context, *args, **kwargs)


def _unsaved(request: HttpRequest, published: AgentVersion | None) -> list[tuple[str, str]]:
    """(title, text) of what somebody wrote into a draft that is gone, where it is not what is published."""
    known = values_of(published) if published is not None else {}
    written = []
    for name in OWNERS_FIELDS:
        sent = [value.replace("\r\n", "\n") for value in request.POST.getlist(name)]
        before = known.get(name)
        before = [str(one) for one in before] if isinstance(before, list) else [str(before or "")]
        if sent and "\n".join(sent) != "\n".join(before) and isinstance(known.get(name, ""), str | list):
            written.append((TITLES[name], "\n".join(sent)))
    return written
