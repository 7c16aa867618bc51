"""Saved questions: what an agent must still answer well before a draft of it is published."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from unfold.decorators import display
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminTextareaWidget

from apps.agents.admin.fields import LinesField
from apps.agents.content import title_of, tool_descriptions
from apps.agents.models import Agent, SavedQuestion
from apps.agents.questions import rounds
from apps.tenants.access import SET_UP, Rights
from apps.tenants.admin import TenantAdmin, TenantForm


class QuestionForm(TenantForm):
    question = forms.CharField(
        max_length=500,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
        help_text="As a visitor would write it, in full: each is asked in a conversation of its own.",
    )
    calls = forms.MultipleChoiceField(
        label="It must use",
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="What it has to look up or do for the answer. Whatever that would write is undone.",
    )
    says = LinesField(label="Must say", help_text="Words that must be in the answer, one on each line.")
    never = LinesField(label="Must not say", help_text="Words that must not be in it, one on each line.")

    class Meta:
        model = SavedQuestion
        fields = ("question", "calls", "says", "never")  # and the agent, which only a request may choose

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "calls" in self.fields:
            agents = Agent.objects.all()
            if self.instance.agent_id:
                agents = agents.filter(pk=self.instance.agent_id)
            packs = dict.fromkeys(agents.values_list("vertical", flat=True))
            names = dict.fromkeys(name for pack in packs for name in tool_descriptions(pack))
            names |= dict.fromkeys(self.instance.calls)
            self.fields["calls"].choices = [(name, title_of(name)) for name in names]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if not (cleaned.get("calls") or cleaned.get("says") or cleaned.get("never")) and not self.errors:
            self.add_error("says", "Say what makes a good answer: something that it must use, say, or not say.")
        agent = cleaned.get("agent")
        saved = SavedQuestion.objects.filter(agent=agent).count() if agent is not None else 0
        if self.instance._state.adding and saved >= rounds.MOST:
            self.add_error("question", f"There are {rounds.MOST} questions already, which is the most.")
        return cleaned


@admin.register(SavedQuestion)
class SavedQuestionAdmin(TenantAdmin):
    icon = "quiz"
    rights: ClassVar[Rights] = SET_UP
    form = QuestionForm
    list_display = ("question", "agent", "expected")
    list_filter = ("agent",)
    list_select_related = ("agent",)
    search_fields = ("question",)
    fields = ("agent", "question", "calls", "says", "never")

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        if not (self.has_change_permission(request, obj) or self.has_add_permission(request)):
            kwargs["form"] = TenantForm
        return super().get_form(request, obj, change=change, **kwargs)

    @display(description="A good answer")
    def expected(self, question: SavedQuestion) -> str:
        parts = [f"uses {', '.join(title_of(name) for name in question.calls)}"] if question.calls else []
        parts += [f"says {', '.join(f'“{word}”' for word in question.says)}"] if question.says else []
        parts += [f"never says {', '.join(f'“{word}”' for word in question.never)}"] if question.never else []
        return "; ".join(parts)

    def response_add(self, request: HttpRequest, obj: SavedQuestion, post_url_continue: Any = None) -> HttpResponse:
        return self._back(request, obj) or super().response_add(request, obj, post_url_continue)

    def response_change(self, request: HttpRequest, obj: SavedQuestion) -> HttpResponse:
        return self._back(request, obj) or super().response_change(request, obj)

    def _back(self, request: HttpRequest, question: SavedQuestion) -> HttpResponse | None:
        """To the agent, from whose page one came."""
        if any(name in request.POST for name in ("_continue", "_addanother", "_popup")):
            return None
        return HttpResponseRedirect(f"{reverse('admin:agents_agent_change', args=[question.agent_id])}#cs-questions")
