"""What an export of a catalogue holds: its columns as people call them, nothing of search and exchange."""

from typing import Any

from import_export import resources
from import_export.resources import modelresource_factory

from apps.catalogues.models import CatalogueRow
from apps.core.sheets import NamedSheet, column

HIDDEN = {"id", "created_at", "updated_at", "version", "folded", "tokens", "search"}
# Codes of exchange: they stand in the catalogue's own file (/danh-muc/).
HIDDEN |= {"name_en", "extra", "flags", "key", "sort_order"}


class CatalogueResource(NamedSheet, resources.ModelResource):
    pass


def resource_for(model: type[CatalogueRow]) -> type[resources.ModelResource]:
    """The export resource of a catalogue's model."""
    shown = [field for field in model._meta.concrete_fields if field.name not in HIDDEN]
    names: list[Any] = [field.name for field in shown]
    made: type[resources.ModelResource] = modelresource_factory(
        model,
        resource_class=CatalogueResource,
        meta_options={"fields": names, "export_order": names},
        custom_fields={field.name: column(field) for field in shown},
    )
    return made
