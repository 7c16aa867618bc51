"""Prices as people write them."""

from decimal import Decimal
from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminDecimalFieldWidget


class CentsField(forms.DecimalField):
    """Stored in cents (hundredths of the currency), written with a decimal point."""

    widget = UnfoldAdminDecimalFieldWidget

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"required": False, "min_value": 0, "max_digits": 9, "decimal_places": 2, **options})

    def prepare_value(self, value: Any) -> Any:
        return Decimal(value) / 100 if isinstance(value, int) else value

    def clean(self, value: Any) -> int | None:
        amount = super().clean(value)
        return None if amount is None else int(amount * 100)

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return self.clean(data) != initial
        except forms.ValidationError:
            return True
