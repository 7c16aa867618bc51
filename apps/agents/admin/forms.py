"""The form of an agent: who it is, and its draft when there is one."""

from typing import Any

from django import forms
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from apps.agents.admin.drafts import stamp
from apps.agents.models import Agent, AgentVersion
from apps.agents.registry import verticals
from apps.tenants.admin import TenantForm

_VOICES = ("marin", "cedar", "alloy", "ash", "ballad", "coral", "echo", "sage", "shimmer", "verse")


class AgentForm(TenantForm):
    make_front = forms.BooleanField(
        label="Meets every visitor",
        required=False,
        widget=UnfoldBooleanSwitchWidget,
        help_text="One agent does: the one visitors speak with first.",
    )

    class Meta:
        model = Agent
        fields = ("name", "role", "is_active")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["make_front"] = self.instance.is_front
        if self.instance.is_front and "make_front" in self.fields:
            self.fields["make_front"].disabled = True
            self.fields["make_front"].help_text = "To change this, choose it on another agent's page."

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if cleaned.get("make_front") and not cleaned.get("is_active"):
            self.add_error("is_active", "The agent who meets every visitor cannot be switched off.")
        return cleaned


class DraftForm(AgentForm):
    """With the fields of the draft; `draft` is set on a subclass for each request."""

    draft: AgentVersion

    greeting = forms.CharField(
        max_length=300, widget=UnfoldAdminTextInputWidget, help_text="Its first words to a visitor."
    )
    instructions = forms.CharField(
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 24, "class": "cs-instructions"}),
        help_text="How it works and speaks, in plain words. It reads them before every answer.",
    )
    tools = forms.MultipleChoiceField(
        label="What it may do",
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="It can do nothing else.",
    )
    hands_over_to = forms.MultipleChoiceField(
        label="May hand over to", required=False, widget=UnfoldAdminCheckboxSelectMultipleWidget
    )
    model = forms.CharField(
        required=False,
        max_length=80,
        widget=UnfoldAdminTextInputWidget,
        help_text="Name of the language model. Empty = the platform's default.",
    )
    voice = forms.ChoiceField(widget=UnfoldAdminSelectWidget)
    seen = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        draft = self.draft
        for name in ("greeting", "instructions", "tools", "hands_over_to", "model", "voice"):
            self.initial[name] = getattr(draft, name)
        self.initial["seen"] = stamp(draft)
        self.fields["tools"].choices = _tools(self.instance.vertical, draft.tools)  # type: ignore[attr-defined]
        colleagues = _colleagues(self.instance, draft.hands_over_to)
        self.fields["hands_over_to"].choices = colleagues  # type: ignore[attr-defined]
        if not colleagues:
            self.fields["hands_over_to"].help_text = "There is no other agent yet."
        voices = dict.fromkeys((*_VOICES, draft.voice))
        self.fields["voice"].choices = [(voice, voice.title()) for voice in voices]  # type: ignore[attr-defined]


def tool_titles(vertical: str, names: list[str]) -> list[tuple[str, str]]:
    """(title, description) of each tool, in the vertical's order; a tool that is gone keeps its name."""
    known = _descriptions(vertical)
    return [(title_of(name), known.get(name, "Not available any more.")) for name in names]


def title_of(name: str) -> str:
    """`find_next_available` as “Find next available”."""
    return name.replace("_", " ").capitalize()


def _descriptions(slug: str) -> dict[str, str]:
    vertical = verticals().get(slug)
    if vertical is None:
        return {}
    return {tool.name: tool.description for agent in vertical.agents for tool in agent.tools}


def _tools(vertical: str, chosen: list[str]) -> list[tuple[str, SafeString]]:
    # The chosen ones that are gone stay visible: publishing says what is wrong with them.
    names = dict.fromkeys((*_descriptions(vertical), *chosen))
    return [(name, _label(*texts)) for name, texts in zip(names, tool_titles(vertical, list(names)), strict=True)]


def _colleagues(agent: Agent, chosen: list[str]) -> list[tuple[str, SafeString]]:
    others = Agent.objects.filter(tenant_id=agent.tenant_id, is_active=True).exclude(pk=agent.pk)
    rows = {other.slug: _label(other.name, other.role) for other in others}
    gone = {slug: _label(slug, "Not active any more.") for slug in chosen if slug not in rows}
    return [*rows.items(), *gone.items()]


def _label(title: str, text: str) -> SafeString:
    return format_html("<strong>{}</strong> {}", title, text)
