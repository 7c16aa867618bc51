"""Forms of a tenant's rows: what the tenant's own constraints say, and refusals of services, shown beside the field."""

from typing import Any, ClassVar

from django import forms

from apps.common.errors import AppError
from apps.tenants.models import check_domain
from apps.tenants.scope import current_tenant_id


class TenantForm(forms.ModelForm):
    """A form whose row is the scoped tenant's, so that constraints with `tenant` are checked before the database does.

    `refusal` is what a service said to the same input a moment ago (see TenantAdmin.changeform_view).
    """

    refusal: ClassVar[AppError | None] = None

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self.refusal is not None:
            field = self.refusal.field if self.refusal.field in self.fields else None
            self.add_error(field, self.explain(self.refusal))
        return cleaned

    def explain(self, error: AppError) -> str:
        """The refusal in the owner's words."""
        return error.message

    def _post_clean(self) -> None:
        if not self.instance.tenant_id:
            self.instance.tenant_id = current_tenant_id()
        super()._post_clean()  # type: ignore[misc]

    def _get_validation_exclusions(self) -> set[str]:
        excluded: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]
        return excluded - {"tenant"}


class DomainsField(forms.CharField):
    """A list of domains, one on each line."""

    widget = forms.Textarea

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> list[str]:  # type: ignore[override]
        lines = (line.strip().lower() for line in (value or "").splitlines())
        return list(dict.fromkeys(line for line in lines if line))

    def run_validators(self, value: Any) -> None:
        errors: list[forms.ValidationError] = []
        for name in value:
            try:
                check_domain(name)
            except forms.ValidationError as error:
                errors.append(error)
        if errors:
            raise forms.ValidationError(errors)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return self.to_python(data) != (initial or [])
