"""What must hold for every model of the house, checked at each start."""

from typing import Any

from django.apps import apps
from django.core.checks import Error

from apps.core.scope import ScopedManager, ScopedModel


def scoped_models_are_scoped(app_configs: Any, **kwargs: Any) -> list[Error]:
    """A scoped model whose default manager does not ask for the scope would leak without a sound."""
    errors = []
    for model in apps.get_models():
        if not issubclass(model, ScopedModel):
            continue
        if not isinstance(model._default_manager, ScopedManager) or not isinstance(
            model.objects, ScopedManager
        ):
            errors.append(Error("its 'objects' is not a ScopedManager", obj=model, id="core.E001"))
        if "scope_q" not in {
            name for base in model.__mro__ if base is not ScopedModel for name in vars(base)
        }:
            errors.append(Error("it does not say in scope_q what a scope sees", obj=model, id="core.E002"))
    return errors
