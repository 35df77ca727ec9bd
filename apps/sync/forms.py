"""Forms of the sync pages."""

import datetime as dt

from django import forms
from django.utils import timezone

from apps.core.fields import CleanCharField, DateField
from apps.core.forms import FormKeyMixin


class HandReceiptForm(forms.Form):
    """What the receiver gave for a file that was given in by hand."""

    on = DateField(label="Ngày nộp", error_messages={"required": "Hãy ghi ngày nộp."})
    receipt = CleanCharField(
        label="Số biên nhận", max_length=60, error_messages={"required": "Hãy ghi số biên nhận."}
    )


class HandListReceiptForm(HandReceiptForm):
    """The same for a list: of all that had been taken when the page was opened."""

    until = forms.DateTimeField(widget=forms.HiddenInput)


class HandListForm(FormKeyMixin):
    """Why the list of people leaves."""

    reason = CleanCharField(
        label="Lý do xuất", max_length=300, error_messages={"required": "Hãy ghi lý do xuất danh sách."}
    )


class EarlierForm(forms.Form):
    """From which day on visits that are already finished are sent."""

    since = DateField(
        label="Từ ngày khám",
        help_text="Ngày/tháng/năm, ví dụ 01/01/2026.",
        error_messages={"required": "Hãy ghi ngày bắt đầu."},
    )

    def clean_since(self) -> dt.date:
        since: dt.date = self.cleaned_data["since"]
        if since > timezone.localdate():
            raise forms.ValidationError(f"Ngày {since:%d/%m/%Y} chưa đến. Hãy ghi một ngày đã qua.")
        return since
