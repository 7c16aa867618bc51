"""The form of an agent: who it is, and its draft when there is one."""

import json
from typing import Any

from django import forms
from django.db.models import Field
from django.http import QueryDict
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from apps.agents.admin.drafts import DraftChanged
from apps.agents.admin.fields import LinesField
from apps.agents.content import TITLES, stamp, tool_descriptions, tool_titles, values_of
from apps.agents.models import (
    OWNERS_FIELDS,
    Agent,
    AgentVersion,
    HumanTrigger,
    KnowledgeSource,
    check_suggestions,
)
from apps.tenants.admin import TenantForm

_VOICES = ("marin", "cedar", "alloy", "ash", "ballad", "coral", "echo", "sage", "shimmer", "verse")
DRAFT_SECTIONS: tuple[tuple[str, tuple[Any, ...]], ...] = (
    ("What it says", ("greeting", "suggestions", "instructions")),
    ("What it may do", ("tools", "sources")),
    ("When others take over", ("hands_over_to", "human_on", "human_words")),
    ("Opening hours", ("answers_outside_hours", "outside_words")),
    ("Look of the chat", (("title", "accent"),)),
    ("Model and calls", ("model", "voice", "turn_end", "silence_ms", "line_audio")),
)
"""The draft's fields as they stand in the form; a test holds them to OWNERS_FIELDS."""


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


def _of_version(name: str, **options: Any) -> forms.Field:
    """The model's own field, with its words and its bounds."""
    of_model = AgentVersion._meta.get_field(name)
    assert isinstance(of_model, Field)
    field = of_model.formfield(**options)
    assert field is not None
    field.validators += of_model.validators  # no model's form: nobody else would ask them
    return field


def _lines(rows: int) -> UnfoldAdminTextareaWidget:
    return UnfoldAdminTextareaWidget(attrs={"rows": rows})


class DraftForm(AgentForm):
    """With the fields of the draft; `draft` is set on a subclass for each request."""

    draft: AgentVersion

    greeting = forms.CharField(
        max_length=300, widget=UnfoldAdminTextInputWidget, help_text="Its first words to a visitor."
    )
    suggestions = LinesField(
        label=TITLES["suggestions"],
        validators=[check_suggestions],
        help_text="Up to four, one on each line. Shown under the greeting; visitors ask them with one tap.",
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
    sources = forms.MultipleChoiceField(
        label=TITLES["sources"],
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="The documents it may answer from. None chosen = all that are in use.",
    )
    hands_over_to = forms.MultipleChoiceField(
        label="May hand over to", required=False, widget=UnfoldAdminCheckboxSelectMultipleWidget
    )
    human_on = forms.MultipleChoiceField(
        label=TITLES["human_on"],
        required=False,
        choices=HumanTrigger.choices,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )
    human_words = _of_version("human_words", widget=_lines(2))
    answers_outside_hours = _of_version("answers_outside_hours", widget=UnfoldBooleanSwitchWidget)
    outside_words = _of_version("outside_words", widget=_lines(2))
    title = _of_version("title", widget=UnfoldAdminTextInputWidget)
    accent = _of_version("accent", widget=UnfoldAdminTextInputWidget)
    model = forms.CharField(
        required=False,
        max_length=80,
        widget=UnfoldAdminTextInputWidget,
        help_text="Name of the language model. Empty = the platform's default.",
    )
    voice = forms.ChoiceField(widget=UnfoldAdminSelectWidget)
    turn_end = _of_version("turn_end", widget=UnfoldAdminSelectWidget)
    silence_ms = _of_version("silence_ms", widget=UnfoldAdminIntegerFieldWidget)
    line_audio = _of_version("line_audio", widget=UnfoldAdminSelectWidget)
    seen = forms.CharField(widget=forms.HiddenInput)
    base = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        draft = self.draft
        values = values_of(draft)
        self.initial.update(values, seen=stamp(draft), base=json.dumps(values))
        self._choices("tools", _tools(self.instance.vertical, draft.tools))
        self._choices("sources", _sources(self.instance, draft.sources), "No document has been uploaded yet.")
        colleagues = _colleagues(self.instance, draft.hands_over_to)
        self._choices("hands_over_to", colleagues, "There is no other agent yet.")
        voices = dict.fromkeys((*_VOICES, draft.voice))
        self._choices("voice", [(voice, voice.title()) for voice in voices])
        if self.is_bound and isinstance(self.refusal, DraftChanged) and self.refusal.merged is not None:
            self.data = self._joined(self.data, self.refusal)

    def _choices(self, name: str, choices: Any, without: str = "") -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined]
        if not choices and without:
            self.fields[name].help_text = without

    def _joined(self, data: Any, refusal: DraftChanged) -> QueryDict:
        """What was sent, with what only the other editor changed; saved again, it is what this editor has seen."""
        assert refusal.merged is not None
        joined: QueryDict = data.copy()
        for name in refusal.merged.taken:
            value = self.fields[name].prepare_value(refusal.merged.values[name])
            if isinstance(value, bool):
                value = ["on"] if value else []
            joined.setlist(self.add_prefix(name), value if isinstance(value, list) else [str(value)])
        joined[self.add_prefix("seen")] = self.initial["seen"]
        joined[self.add_prefix("base")] = self.initial["base"]
        return joined

    def values(self) -> dict[str, Any]:
        """What the editor wants the draft to be."""
        return {name: self.cleaned_data[name] for name in OWNERS_FIELDS}


def _tools(vertical: str, chosen: list[str]) -> list[tuple[str, SafeString]]:
    # The chosen ones that are gone stay visible: publishing says what is wrong with them.
    names = dict.fromkeys((*tool_descriptions(vertical), *chosen))
    return [(name, _label(*texts)) for name, texts in zip(names, tool_titles(vertical, list(names)), strict=True)]


def _sources(agent: Agent, chosen: list[str]) -> list[tuple[str, SafeString]]:
    rows = {
        source.pk: _label(source.title, "" if source.is_active else "Not in use.")
        for source in KnowledgeSource.objects.filter(tenant_id=agent.tenant_id)
    }
    gone = {key: _label("A document that is gone", "") for key in chosen if key not in rows}
    return [*rows.items(), *gone.items()]


def _colleagues(agent: Agent, chosen: list[str]) -> list[tuple[str, SafeString]]:
    others = Agent.objects.filter(tenant_id=agent.tenant_id, is_active=True).exclude(pk=agent.pk)
    rows = {other.slug: _label(other.name, other.role) for other in others}
    gone = {slug: _label(slug, "Not active any more.") for slug in chosen if slug not in rows}
    return [*rows.items(), *gone.items()]


def _label(title: str, text: str) -> SafeString:
    return format_html("<strong>{}</strong> {}", title, text)
