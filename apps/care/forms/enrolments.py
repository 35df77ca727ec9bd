"""Into a programme, out of it, and back."""

from typing import Any

from django import forms
from django.utils import timezone

from apps.care.enrolling import OUTCOMES, PROGRAMMES, is_restricted
from apps.catalogues import codes
from apps.core.fields import CleanCharField, DateField
from apps.core.forms import FormKeyMixin, VersionMixin
from apps.core.scope import Scope
from apps.patients import restricted


def programmes(scope: Scope) -> list[tuple[str, str]]:
    """The programmes in force today; restricted ones for who may read them."""
    today = timezone.localdate()
    all_of_them = codes.choices(PROGRAMMES, today)
    if scope.can(restricted.RIGHT):
        return all_of_them
    return [(code, name) for code, name in all_of_them if not is_restricted(code, today)]


class EnrolForm(FormKeyMixin):
    """A person is taken in."""

    programme = forms.ChoiceField(
        label="Chương trình",
        error_messages={
            "required": "Hãy chọn chương trình.",
            "invalid_choice": "Hãy chọn chương trình trong danh sách.",
        },
    )
    since = DateField(label="Quản lý từ ngày", error_messages={"required": "Hãy ghi ngày bắt đầu."})
    note = CleanCharField(label="Ghi chú", required=False, max_length=300)

    def __init__(self, data: Any = None, *, scope: Scope) -> None:
        super().__init__(data, initial={"since": timezone.localdate()})
        box: Any = self.fields["programme"]
        box.choices = [("", "Chọn chương trình"), *programmes(scope)]


class EndForm(FormKeyMixin, VersionMixin):
    """She is not followed here any more."""

    until = DateField(label="Kết thúc ngày", error_messages={"required": "Hãy ghi ngày kết thúc."})
    outcome = forms.ChoiceField(
        label="Kết quả",
        error_messages={"required": "Hãy chọn kết quả.", "invalid_choice": "Hãy chọn kết quả."},
    )
    place = CleanCharField(label="Nơi chuyển đến (khi chuyển)", required=False, max_length=200)
    note = CleanCharField(label="Ghi chú", required=False, max_length=300)

    def __init__(self, data: Any = None, *, version: int) -> None:
        super().__init__(data, initial={"until": timezone.localdate(), "version": version})
        box: Any = self.fields["outcome"]
        box.choices = [("", "Chọn kết quả"), *codes.choices(OUTCOMES)]


class WhyForm(FormKeyMixin, VersionMixin):
    """An act that needs its reason and nothing else."""

    why = CleanCharField(label="Lý do", required=False, max_length=300)
