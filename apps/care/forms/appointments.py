"""What the diary takes in: its filters, a new day, another day, a cancellation, a call."""

import datetime as dt
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django import forms
from django.http import QueryDict

from apps.care.diary import Filters
from apps.care.models import CallOutcome
from apps.core import registry
from apps.core.dates import parse_date
from apps.core.fields import CleanCharField, DateField
from apps.core.forms import FormKeyMixin, VersionMixin
from apps.facilities.models import Facility, Hamlet


class Chosen:
    """The filters of an address; what fits none of the offers is as if it were not there."""

    def __init__(
        self, data: QueryDict, *, hamlets: Iterable[Hamlet], points: Iterable[Facility], today: dt.date
    ) -> None:
        self.hamlets, self.points = list(hamlets), list(points)
        self.kinds = registry.appointment_kinds.all()
        kind = data.get("loai", "")
        self.kind = kind if registry.appointment_kinds.get(kind) else ""
        self.hamlet = _one(self.hamlets, data.get("thon", ""))
        self.point = _one(self.points, data.get("diem", ""))
        self.on = _day(data.get("ngay", ""), today)

    @property
    def filters(self) -> Filters:
        """What the queries take."""
        return Filters(
            self.kind, self.hamlet.pk if self.hamlet else None, self.point.pk if self.point else None
        )

    @property
    def query(self) -> dict[str, str]:
        """The filters as they stand in an address, without the day."""
        pairs = {
            "loai": self.kind,
            "thon": str(self.hamlet.pk) if self.hamlet else "",
            "diem": str(self.point.pk) if self.point else "",
        }
        return {name: value for name, value in pairs.items() if value}


def _one(rows: list[Any], text: str) -> Any:
    try:
        wanted = UUID(text)
    except ValueError:
        return None
    return next((row for row in rows if row.pk == wanted), None)


def _day(text: str, today: dt.date) -> dt.date:
    try:
        return parse_date(text) if text else today
    except ValueError:
        return today


class MakeForm(FormKeyMixin):
    """A day on which a person is expected."""

    on = DateField(label="Ngày hẹn", error_messages={"required": "Hãy ghi ngày hẹn."})
    kind = forms.ChoiceField(
        label="Hẹn để làm gì",
        error_messages={"required": "Hãy chọn loại hẹn.", "invalid_choice": "Hãy chọn loại hẹn."},
    )
    reason = CleanCharField(label="Nội dung", required=False, max_length=300)
    override = CleanCharField(label="Lý do vẫn hẹn ngày này", required=False, max_length=200)

    def __init__(self, data: Any = None, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        box: Any = self.fields["kind"]
        box.choices = [(kind.key, kind.title) for kind in registry.appointment_kinds if kind.by_hand]


class MoveForm(FormKeyMixin, VersionMixin):
    """Another day."""

    on = DateField(label="Ngày hẹn mới", error_messages={"required": "Hãy ghi ngày hẹn mới."})
    why = CleanCharField(label="Lý do dời", required=False, max_length=200)
    override = CleanCharField(label="Lý do vẫn hẹn ngày này", required=False, max_length=200)


class CancelForm(FormKeyMixin, VersionMixin):
    """Nobody waits for her any more."""

    why = CleanCharField(label="Lý do hủy", required=False, max_length=300)


class CallForm(FormKeyMixin):
    """What came of a call."""

    outcome = forms.ChoiceField(
        label="Kết quả",
        choices=CallOutcome.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Hãy chọn kết quả gọi.", "invalid_choice": "Hãy chọn kết quả gọi."},
    )
    come_on = DateField(label="Hẹn lại ngày", required=False)
    note = CleanCharField(label="Ghi chú", required=False, max_length=200)
