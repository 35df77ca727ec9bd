"""What the till's pages take in."""

from typing import Any

from django import forms

from apps.catalogues import codes
from apps.core.fields import CleanCharField, DateField, DecimalField, MoneyField
from apps.core.forms import FormKeyMixin, VersionMixin
from apps.encounters.models import Method, MoveKind, Way
from apps.encounters.money.accounts import BANKS

MOST = 999_999_999_999


def _reason(label: str, **fields: Any) -> CleanCharField:
    return CleanCharField(label=label, max_length=300, required=False, **fields)


class TakeForm(FormKeyMixin):
    """Cash taken: `expected` is the sum the page showed; an empty box is exactly that sum."""

    expected = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
    given = MoneyField(label="Người bệnh đưa", required=False, min_value=0, max_value=MOST)


class PaidForm(FormKeyMixin, VersionMixin):
    """A waiting receipt is paid."""

    method = forms.ChoiceField(choices=Method.choices, widget=forms.HiddenInput, required=False)
    given = MoneyField(label="Người bệnh đưa", required=False, min_value=0, max_value=MOST)


class LineForm(FormKeyMixin):
    """A line typed by hand."""

    text = CleanCharField(label="Khoản thu", max_length=200, required=False)
    price = MoneyField(label="Đơn giá", max_value=MOST)
    quantity = DecimalField(label="Số lượng", max_digits=8, decimal_places=2, initial=1, required=False)
    reason = _reason("Lý do thu")


class TermsForm(FormKeyMixin, VersionMixin):
    """The insured way and what is let off."""

    way = forms.ChoiceField(label="Cách tính BHYT", choices=Way.choices)
    percent = forms.IntegerField(label="Miễn giảm (%)", required=False, min_value=0, max_value=100)
    amount = MoneyField(label="hoặc số tiền", required=False, max_value=MOST)
    reason = _reason("Lý do miễn giảm")

    version = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=0)


class WhyForm(FormKeyMixin, VersionMixin):
    """One sentence why."""

    reason = CleanCharField(label="Lý do", max_length=300)


class RefundForm(FormKeyMixin, VersionMixin):
    """Money given back."""

    amount = MoneyField(label="Số tiền hoàn", max_value=MOST)
    method = forms.ChoiceField(label="Hình thức", choices=Method.choices)
    reason = CleanCharField(label="Lý do hoàn tiền", max_length=300)


class MoveForm(FormKeyMixin):
    """Other cash in or out."""

    kind = forms.ChoiceField(label="Loại", choices=MoveKind.choices)
    amount = MoneyField(label="Số tiền", max_value=MOST)
    reason = CleanCharField(label="Nội dung", max_length=300)


class CloseForm(FormKeyMixin):
    """What was counted at the end of the day."""

    counted = MoneyField(label="Kiểm đếm được", max_value=MOST)
    reason = _reason("Lý do chênh lệch")


class ConfirmForm(FormKeyMixin, VersionMixin):
    """What the next one counts."""

    counted = MoneyField(label="Bạn đếm được", max_value=MOST)
    note = _reason("Ghi chú", help_text="Bắt buộc khi số tiền khác người khóa sổ.")


class AccountForm(FormKeyMixin):
    """The bank account that patients transfer to."""

    bank_bin = forms.ChoiceField(label="Ngân hàng")
    account = CleanCharField(label="Số tài khoản", max_length=30)
    holder = CleanCharField(label="Tên chủ tài khoản", max_length=150)
    since = DateField(label="Dùng từ ngày")
    reason = CleanCharField(label="Lý do", max_length=300)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        box: Any = self.fields["bank_bin"]
        box.choices = [("", "Chọn ngân hàng"), *codes.choices(BANKS)]


class ExportForm(FormKeyMixin):
    """The receipts of a span as a guarded file."""

    since = DateField(label="Từ ngày")
    until = DateField(label="đến ngày")
    reason = CleanCharField(label="Lý do xuất", max_length=300)
