"""What is asked of a log. A person is typed as her station's number and travels as an id."""

import datetime as dt
from typing import Any

from django import forms
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.rules import username_key
from apps.core import fields, registry
from apps.core.forms import FormKeyMixin
from apps.core.scope import Scope
from apps.oversight import queries

DAYS = 7  # what is looked at when nothing was asked
LONGEST = 366  # days of one question


class FilterForm(forms.Form):
    """The filters above a log."""

    since = fields.DateField(label="Từ ngày")
    until = fields.DateField(label="Đến ngày")
    person = fields.CleanCharField(
        label="Mã người bệnh", max_length=12, required=False, help_text="Như in trên hồ sơ, không gõ tên."
    )
    user = fields.CleanCharField(label="Tên đăng nhập", max_length=40, required=False)
    facility = forms.ChoiceField(label="Cơ sở", required=False)
    kind = forms.ChoiceField(required=False)

    def __init__(self, *args: Any, scope: Scope, log: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.scope = scope
        self.fields["facility"].choices = [("", "Tất cả"), *queries.facility_choices(scope)]
        if log == "acts":
            kinds = [(one.key, queries.action_title(one.key)) for one in registry.audit_sentences]
            self.fields["kind"].label = "Thao tác"
        else:
            kinds = [(one.key, one.title) for one in registry.readlog_screens]
            self.fields["kind"].label = "Màn hình"
        self.fields["kind"].choices = [("", "Tất cả"), *sorted(kinds, key=lambda kind: kind[1])]

    def clean_user(self) -> User | None:
        name = username_key(self.cleaned_data["user"])
        if not name:
            return None
        found = User.objects.filter(username=name).first()
        if found is None:
            raise forms.ValidationError("Không có tài khoản nào mang tên đăng nhập này.")
        return found

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        since, until = data.get("since"), data.get("until")
        if since and until:
            if until < since:
                self.add_error("until", "Đến ngày phải sau từ ngày.")
            elif (until - since).days > LONGEST:
                self.add_error("until", f"Mỗi lần xem nhiều nhất {LONGEST} ngày.")
        if code := data.get("person"):
            self._find_person(data, code)
        return data

    def _find_person(self, data: dict[str, Any], code: str) -> None:
        found = queries.person_by_code(self.scope, code, data.get("facility") or None)
        if not found:
            self.add_error("person", "Không có người nào mang mã này ở cơ sở đã chọn.")
        elif len(found) > 1:
            self.add_error("person", "Nhiều trạm có người mang mã này. Chọn thêm cơ sở.")
        else:
            data["person"] = found[0]


def usual_days() -> dict[str, dt.date]:
    today = timezone.localdate()
    return {"since": today - dt.timedelta(days=DAYS - 1), "until": today}


class ExportForm(FormKeyMixin):
    """Rows leave as a workbook only for a reason."""

    reason = fields.CleanCharField(label="Lý do xuất", max_length=300)
