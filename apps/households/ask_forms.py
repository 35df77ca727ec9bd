"""The forms by which a station asks another for a person, and by which it is answered."""

from django import forms

from apps.core import fields
from apps.core.forms import FormKeyMixin, VersionMixin
from apps.households.event_forms import PeopleForm, StayingMixin


class AskForm(FormKeyMixin):
    """Who, by her exact number; since when she lives here, and why her record is wanted."""

    number = fields.CleanCharField(
        label="Số căn cước, số thẻ BHYT hoặc số giấy tờ khác",
        max_length=30,
        help_text="Đúng và đủ cả số; không tìm theo tên.",
        error_messages={"required": "Nhập đủ số giấy tờ."},
        widget=forms.TextInput(attrs={"autocomplete": "off", "autofocus": True}),
    )
    since = fields.DateField(label="Về ở địa bàn này từ ngày")
    reason = fields.CleanCharField(
        label="Vì sao xin",
        max_length=300,
        help_text="Ví dụ: đã về ở với con gái tại thôn Làng Teng. Trạm kia và trưởng trạm đọc dòng này.",
        error_messages={"required": "Hãy ghi vì sao xin: người này nay ở đâu, với ai."},
    )


class GiveForm(StayingMixin, PeopleForm):
    """Who of her family has left with her, and when."""

    labels = {"on": "Ngày chuyển đi"}
    first = ("people",)


class TellForm(FormKeyMixin):
    """She had left already: told to the station that asks."""


class RefuseForm(FormKeyMixin):
    reason = fields.CleanCharField(
        label="Vì sao không cho chuyển",
        max_length=300,
        help_text="Trạm xin đọc được dòng này.",
        error_messages={"required": "Hãy ghi vì sao không cho chuyển."},
    )


class StopForm(FormKeyMixin, VersionMixin):
    """The asking station asks no more."""
