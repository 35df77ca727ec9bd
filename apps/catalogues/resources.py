"""What an export of a catalogue holds: the model's own columns, without the search columns."""

from typing import Any

from import_export import resources
from import_export.resources import modelresource_factory

from apps.catalogues.models import CatalogueRow

HIDDEN = {"id", "created_at", "updated_at", "version", "folded", "tokens", "search"}


def resource_for(model: type[CatalogueRow]) -> type[resources.ModelResource]:
    """The export resource of a catalogue's model."""
    names: list[Any] = [field.name for field in model._meta.concrete_fields if field.name not in HIDDEN]
    made: type[resources.ModelResource] = modelresource_factory(
        model, meta_options={"fields": names, "export_order": names}
    )
    return made
