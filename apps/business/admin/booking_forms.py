"""The forms of a booking: a day and a wall-clock time of the business."""

from datetime import datetime
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from unfold.widgets import INPUT_CLASSES, UnfoldAdminIntegerFieldWidget

from apps.common.errors import AppError
from apps.tenants.admin import TenantForm

_CLASSES = {"class": " ".join(INPUT_CLASSES)}


class _DateInput(forms.DateInput):
    input_type = "date"


class _TimeInput(forms.TimeInput):
    input_type = "time"


class WhenForm(TenantForm):
    """Where a booking stands, or shall stand."""

    date = forms.DateField(widget=_DateInput(format="%Y-%m-%d", attrs=_CLASSES))
    time = forms.TimeField(widget=_TimeInput(format="%H:%M", attrs=_CLASSES))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance._state.adding:
            starts_at = timezone.localtime(self.instance.starts_at)
            # No seconds: the field has none, so an untouched time would count as moved.
            self.initial = {
                **self.initial,
                "date": starts_at.date(),
                "time": starts_at.time().replace(second=0, microsecond=0),
            }

    @property
    def is_moved(self) -> bool:
        return bool({"date", "time", "staff"} & set(self.changed_data))

    def explain(self, error: AppError) -> str:
        free = error.details.get("free")
        if free is None:
            return error.message
        if not free:
            return f"{error.message} There is no free time in the two weeks after it."
        # The buttons fill in the day and time (static/admin_site/admin.js).
        chips = format_html_join(
            " ",
            '<button type="button" class="cs-chip" data-date="{}" data-time="{}">{}</button>',
            ((start[:10], start[11:], _spoken(start)) for start in free),
        )
        return format_html("{} Free near it: {}", error.message, chips)


class NewBookingForm(WhenForm):
    minutes = forms.IntegerField(
        label="Duration (minutes)",
        required=False,
        min_value=5,
        max_value=1440,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text="Empty = what the service takes.",
    )


def _spoken(start: str) -> str:
    return date_format(datetime.fromisoformat(start), "D, M j, g:i A")
