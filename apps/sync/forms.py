"""Forms of the sync pages."""

import datetime as dt

from django import forms
from django.utils import timezone

from apps.core.fields import DateField


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
