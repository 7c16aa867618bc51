"""System checks: a model with a `tenant` must be a TenantModel, and keep its managers."""

from typing import Any

from django.apps import apps
from django.core.checks import CheckMessage, Error

from apps.tenants.base import TenantManager, TenantModel


def tenant_models_are_scoped(**_: Any) -> list[CheckMessage]:
    problems: list[CheckMessage] = []
    for model in apps.get_models():
        names = {field.name for field in model._meta.get_fields()}
        if issubclass(model, TenantModel):
            if not isinstance(model._default_manager, TenantManager) or not isinstance(
                model._base_manager, TenantManager
            ):
                problems.append(
                    Error(
                        "Its default and base managers must be tenant-scoped (Meta(TenantModel.Meta)).",
                        obj=model,
                        id="tenants.E001",
                    )
                )
        elif model.__module__.startswith("apps.") and "tenant" in names:
            problems.append(Error("A model with a tenant must extend TenantModel.", obj=model, id="tenants.E002"))
    return problems
