"""The forms of the stock: a paper's head, an item, a place, a lot's state."""

import datetime as dt
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from apps.catalogues import codes
from apps.catalogues.models import Drug
from apps.core.fields import CleanCharField, DateField
from apps.core.forms import FormKeyMixin, VersionMixin
from apps.facilities.models import Facility
from apps.stock import units
from apps.stock.drafting import DocumentInput
from apps.stock.keeping import ItemInput, PlaceInput
from apps.stock.models import (
    DocumentKind,
    ItemKind,
    LocationKind,
    Lot,
    StockDocument,
    StockItem,
    StockLocation,
)

# What the fields of a paper's head are called; an empty word: the paper has no such field.
WORDS = {
    DocumentKind.RECEIPT: ("Nhập vào kho", "Nơi giao hàng", "Số hóa đơn, lệnh"),
    DocumentKind.OPENING: ("Kho", "", ""),
    DocumentKind.TRANSFER: ("Chuyển từ", "Người nhận", ""),
    DocumentKind.ISSUE: ("Xuất từ kho", "Nơi nhận", "Số lệnh, giấy đề nghị"),
    DocumentKind.DISCARD: ("Kho", "Hội đồng, người chứng kiến", ""),
}


class HeadForm(FormKeyMixin, VersionMixin):
    """What stands above the lines of a paper."""

    on = DateField(label="Ngày")
    location = forms.TypedChoiceField(label="Kho", coerce=UUID)
    to_location = forms.TypedChoiceField(label="Chuyển đến", coerce=UUID, required=False, empty_value=None)
    partner = CleanCharField(label="Nơi giao, nơi nhận", max_length=200, required=False)
    reference = CleanCharField(label="Số chứng từ kèm theo", max_length=100, required=False)
    reason = CleanCharField(label="Lý do", max_length=300, required=False)

    def __init__(self, *args: Any, kind: str, places: Sequence[StockLocation], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind = kind
        choices = [(str(place.pk), place.name) for place in places]
        self.choose("location", choices)
        self.choose("to_location", [("", "Chọn nơi chuyển đến"), *choices])
        named = ("location", "partner", "reference")
        for name, label in zip(named, WORDS[DocumentKind(kind)], strict=True):
            if label:
                self.fields[name].label = label
            else:
                del self.fields[name]
        if kind != DocumentKind.TRANSFER:
            del self.fields["to_location"]
        else:
            self.fields["to_location"].required = True
        if kind not in (DocumentKind.DISCARD, DocumentKind.ISSUE):
            del self.fields["reason"]
        else:
            self.fields["reason"].required = kind == DocumentKind.DISCARD

    def choose(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        if isinstance(field, forms.ChoiceField):
            field.choices = choices

    def clean_on(self) -> dt.date:
        on: dt.date = self.cleaned_data["on"]
        if on > timezone.localdate():
            raise ValidationError("Ngày ghi sổ kho không thể ở tương lai.")
        return on

    def data_of(self) -> DocumentInput:
        """The head as the service takes it; the lines stay as they are."""
        said = self.cleaned_data
        return DocumentInput(
            on=said["on"],
            location_id=said["location"],
            to_location_id=said.get("to_location"),
            partner=said.get("partner", ""),
            reference=said.get("reference", ""),
            reason=said.get("reason", ""),
            lines=None,
        )


def head_of(document: StockDocument) -> dict[str, Any]:
    """A draft's head as the form shows it again."""
    return {
        "on": document.on,
        "location": str(document.location_id),
        "to_location": str(document.to_location_id or ""),
        "partner": document.partner,
        "reference": document.reference,
        "reason": document.reason,
        "version": document.version,
    }


class CountForm(FormKeyMixin):
    """What is to be counted."""

    on = DateField(label="Ngày kiểm kê")
    location = forms.TypedChoiceField(label="Kho", coerce=UUID)
    programme = forms.ChoiceField(label="Chương trình", required=False)
    controlled = forms.BooleanField(label="Chỉ thuốc kiểm soát đặc biệt", required=False)

    def __init__(self, *args: Any, places: Sequence[StockLocation], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, choices in (
            ("location", [(str(place.pk), place.name) for place in places]),
            ("programme", [("", "Tất cả"), *programmes()]),
        ):
            field = self.fields[name]
            if isinstance(field, forms.ChoiceField):
                field.choices = choices


def programmes() -> list[tuple[str, str]]:
    return codes.choices("stock_programme")


def sources() -> list[tuple[str, str]]:
    return codes.choices("stock_source")


class ItemForm(FormKeyMixin, VersionMixin):
    """An item of the store. Packs are written one a line: 'Hộp 100'."""

    kind = forms.ChoiceField(label="Loại", choices=ItemKind.choices)
    name = CleanCharField(label="Tên mặt hàng", max_length=300)
    unit = CleanCharField(
        label="Đơn vị tính nhỏ nhất", max_length=30, help_text="Đơn vị khi cấp phát: viên, ống, gói, chai"
    )
    packs = CleanCharField(
        label="Quy cách đóng gói",
        required=False,
        max_length=300,
        lines=True,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Mỗi dòng một quy cách và số đơn vị nhỏ nhất: Hộp 100",
    )
    minimum = forms.IntegerField(
        label="Mức tối thiểu",
        required=False,
        min_value=0,
        max_value=units.MOST,
        help_text="Theo đơn vị nhỏ nhất; dưới mức này thì cảnh báo",
    )
    programme = forms.ChoiceField(label="Chương trình")
    controlled = forms.ChoiceField(
        label="Kiểm soát đặc biệt", choices=Drug.Controlled.choices, required=False
    )
    note = CleanCharField(label="Ghi chú", max_length=300, required=False)
    is_active = forms.BooleanField(label="Đang dùng", required=False)

    def __init__(self, *args: Any, item: StockItem | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.item = item
        programme = self.fields["programme"]
        if isinstance(programme, forms.ChoiceField):
            programme.choices = programmes()
        if item is None:
            del self.fields["is_active"]
        else:
            del self.fields["kind"]

    def clean_packs(self) -> list[tuple[str, int]]:
        found = []
        for line in self.cleaned_data["packs"].splitlines():
            if not line.strip():
                continue
            name, _, factor = line.strip().rpartition(" ")
            if not name or not factor.isascii() or not factor.isdigit():
                raise ValidationError(f"“{line.strip()[:40]}” cần có tên và số lượng, ví dụ Hộp 100.")
            found.append((name.strip(), int(factor)))
        return found

    def data_of(self) -> ItemInput:
        said = self.cleaned_data
        return ItemInput(
            kind=self.item.kind if self.item else said["kind"],
            code=self.item.code if self.item else "",
            name=said["name"],
            unit=said["unit"],
            packs=said["packs"],
            minimum=said["minimum"] or 0,
            programme=said["programme"],
            controlled=said["controlled"],
            note=said["note"],
            is_active=said.get("is_active", True),
        )


def item_initial(item: StockItem) -> dict[str, Any]:
    fields = ("name", "unit", "minimum", "programme", "controlled", "note", "is_active", "version")
    packs = "\n".join(f"{pack.name} {pack.factor}" for pack in item.pack_list)
    return {name: getattr(item, name) for name in fields} | {"packs": packs}


class PlaceForm(FormKeyMixin, VersionMixin):
    """A place where stock lies."""

    name = CleanCharField(label="Tên", max_length=100)
    kind = forms.ChoiceField(label="Loại", choices=LocationKind.choices)
    parent = forms.TypedChoiceField(label="Nằm trong", coerce=UUID, required=False, empty_value=None)
    point = forms.TypedChoiceField(label="Ở điểm trạm", coerce=UUID, required=False, empty_value=None)
    dispenses = forms.BooleanField(label="Cấp phát cho người bệnh từ đây", required=False)
    is_active = forms.BooleanField(label="Đang dùng", required=False, initial=True)

    def __init__(
        self, *args: Any, places: Sequence[StockLocation], points: Sequence[Facility], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        for name, empty, rows in (("parent", "Không", places), ("point", "Trạm chính", points)):
            field = self.fields[name]
            if isinstance(field, forms.ChoiceField):
                field.choices = [("", empty), *((str(row.pk), row.name) for row in rows)]

    def data_of(self) -> PlaceInput:
        said = self.cleaned_data
        return PlaceInput(
            kind=said["kind"],
            name=said["name"],
            parent_id=said["parent"],
            point_id=said["point"],
            dispenses=said["dispenses"],
            is_active=said["is_active"],
        )


class LotForm(FormKeyMixin, VersionMixin):
    """A lot held, quarantined, blocked or freed."""

    state = forms.ChoiceField(label="Tình trạng", choices=Lot._meta.get_field("state").choices or ())
    use_first = forms.BooleanField(label="Dùng trước các lô khác", required=False)
    reason = CleanCharField(label="Lý do", max_length=300, required=False)


class ReasonForm(FormKeyMixin, VersionMixin):
    """Why a posted paper is taken back."""

    reason = CleanCharField(label="Lý do", max_length=300)
