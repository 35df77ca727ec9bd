"""Excel lists of facilities, hamlets and practitioners: exported, corrected, imported again.

Rows are found by the record's own id where the list has one, else by the code that people know.
"""

from typing import Any
from uuid import UUID

from import_export import fields, resources, widgets

from apps.core import audit
from apps.core.excel import as_typed
from apps.core.ids import uuid7
from apps.core.scope import current
from apps.core.sheets import ChoiceWidget, NamedSheet, YesNoWidget
from apps.core.text import clean
from apps.facilities.models import AdminUnit, Facility, FacilityKind, Grade, Hamlet, Practitioner
from apps.facilities.queries import administered_facilities, administered_hamlets, administered_units


class CommuneWidget(widgets.ForeignKeyWidget):
    """A commune or province in force by its code."""

    def get_queryset(self, value: Any, row: Any, *args: Any, **kwargs: Any) -> Any:
        return administered_units(current()).filter(valid_to__isnull=True)


class FacilityWidget(widgets.ForeignKeyWidget):
    """A facility that the importer administers, by its code."""

    def get_queryset(self, value: Any, row: Any, *args: Any, **kwargs: Any) -> Any:
        return administered_facilities(current())


class IdWidget(widgets.CharWidget):
    """The record's own id; a row without one is a new record."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> UUID:
        return UUID(str(value).strip()) if value not in (None, "") else uuid7()


class CleanText(widgets.CharWidget):
    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> str:
        return clean(as_typed(str(value))) if value not in (None, "") else ""


class AuditedResource(NamedSheet, resources.ModelResource):
    """An import counts the versions on and leaves one line in the audit."""

    audit_name = ""

    def before_save_instance(self, instance: Any, row: Any, **kwargs: Any) -> None:
        if not instance._state.adding:
            instance.version += 1

    def after_import(self, dataset: Any, result: Any, **kwargs: Any) -> None:
        if not kwargs.get("dry_run"):
            counts = {kind: number for kind, number in result.totals.items() if number}
            audit.record(f"{self.audit_name}.imported", data={"rows": result.total_rows, **counts})


class FacilityResource(AuditedResource):
    audit_name = "facility"
    id = fields.Field("id", "Mã bản ghi", IdWidget())
    name = fields.Field("name", "Tên", CleanText())
    kind = fields.Field("kind", "Loại", ChoiceWidget(FacilityKind.choices))
    kcb_code = fields.Field("kcb_code", "Mã KCB", CleanText())
    code13 = fields.Field("code13", "Mã 13 số", CleanText())
    unit = fields.Field("unit", "Mã xã hoặc tỉnh", CommuneWidget(AdminUnit, "code"))
    part_of = fields.Field("part_of", "Mã KCB của trạm", FacilityWidget(Facility, "kcb_code"))
    address = fields.Field("address", "Địa chỉ", CleanText())
    phone = fields.Field("phone", "Điện thoại", CleanText())

    def get_queryset(self) -> Any:
        return administered_facilities(current())

    class Meta:
        model = Facility
        fields = ("id", "name", "kind", "kcb_code", "code13", "unit", "part_of", "address", "phone")
        import_id_fields = ("id",)
        skip_unchanged = True
        clean_model_instances = True


class HamletResource(AuditedResource):
    audit_name = "hamlet"
    commune = fields.Field("commune", "Mã xã", CommuneWidget(AdminUnit, "code"))
    code = fields.Field("code", "Mã thôn", CleanText())
    name = fields.Field("name", "Tên", CleanText())
    kind = fields.Field("kind", "Loại")
    sort_order = fields.Field("sort_order", "Thứ tự", widgets.IntegerWidget())

    def get_queryset(self) -> Any:
        return administered_hamlets(current())

    class Meta:
        model = Hamlet
        fields = ("commune", "code", "name", "kind", "sort_order")
        import_id_fields = ("commune", "code")
        skip_unchanged = True
        clean_model_instances = True


class PractitionerResource(AuditedResource):
    audit_name = "practitioner"
    id = fields.Field("id", "Mã bản ghi", IdWidget())
    full_name = fields.Field("full_name", "Họ và tên", CleanText())
    grade = fields.Field("grade", "Chức danh", ChoiceWidget(Grade.choices))
    facility = fields.Field("facility", "Mã KCB", FacilityWidget(Facility, "kcb_code"))
    licence_no = fields.Field("licence_no", "Số giấy phép", CleanText())
    licence_scope = fields.Field("licence_scope", "Phạm vi", CleanText())
    prescriber_code = fields.Field("prescriber_code", "Mã kê đơn", CleanText())
    can_sign = fields.Field("can_sign", "Được ký", YesNoWidget())

    def get_queryset(self) -> Any:
        return Practitioner.objects.filter(facility__in=administered_facilities(current()))

    class Meta:
        model = Practitioner
        fields = (
            *("id", "full_name", "grade", "facility", "licence_no"),
            *("licence_scope", "prescriber_code", "can_sign"),
        )
        import_id_fields = ("id",)
        skip_unchanged = True
        clean_model_instances = True
