"""The forms of the day's end."""

from typing import Any

from django import forms

from apps.core.fields import CleanCharField
from apps.core.forms import FormKeyMixin, VersionMixin
from apps.facilities.second_name import SecondPersonForm
from apps.shifts.models import Shift

TAKE = "shifts.enter"  # what whoever takes a shift has to hold
NOTE_WIDGET = forms.Textarea(
    {
        "rows": 4,
        "placeholder": "Việc cần làm tiếp, người cần theo dõi (ghi số khám, không ghi tên), thiết bị hỏng…",
    }
)


class GiveForm(FormKeyMixin):
    """What the giver tells the next shift."""

    shift = forms.ChoiceField(label="Ca", choices=Shift.choices, initial=Shift.DAY)
    note = forms.CharField(label="Ghi chú bàn giao", required=False, max_length=2000, widget=NOTE_WIDGET)
    override = CleanCharField(label="Lý do vẫn bàn giao", required=False, max_length=300)


class NoteForm(FormKeyMixin, VersionMixin):
    """The note put right."""

    note = forms.CharField(label="Ghi chú bàn giao", required=False, max_length=2000, widget=NOTE_WIDGET)


class TakeForm(FormKeyMixin, VersionMixin):
    """Somebody who is signed in takes the shift."""

    remark = CleanCharField(label="Ý kiến người nhận", required=False, max_length=500)


class TakeHereForm(SecondPersonForm, FormKeyMixin, VersionMixin):
    """Somebody takes the shift at the giver's computer."""

    remark = CleanCharField(label="Ý kiến người nhận", required=False, max_length=500)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, right=TAKE, **kwargs)


class WithdrawForm(FormKeyMixin, VersionMixin):
    reason = CleanCharField(
        label="Lý do rút lại", max_length=300, error_messages={"required": "Ghi lý do rút lại."}
    )
