"""The page by which a record is opened in an emergency, its mark on the banner, its digest."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from apps.core import parameters, readlog
from apps.core.access import needs
from apps.core.errors import Refused
from apps.core.fields import CleanCharField
from apps.core.forms import FormKeyMixin, add_refusal
from apps.core.idempotency import idempotent
from apps.core.registry import Flag
from apps.core.scope import Scope, current
from apps.patients import emergency
from apps.patients.models import EmergencyReason


class EmergencyForm(FormKeyMixin):
    number = CleanCharField(
        label="Số căn cước, số thẻ BHYT hoặc số giấy tờ khác",
        max_length=30,
        help_text="Đúng và đủ cả số; không tìm theo tên.",
        error_messages={"required": "Nhập đủ số giấy tờ."},
        widget=forms.TextInput(attrs={"autocomplete": "off", "autofocus": True}),
    )
    reason = forms.ChoiceField(
        label="Vì sao phải mở", choices=[("", "Chọn lý do"), *EmergencyReason.choices],
        error_messages={"required": "Chọn lý do."},
    )  # fmt: skip
    note = CleanCharField(
        label="Tình huống",
        max_length=300,
        help_text="Viết ngắn gọn chuyện gì đang xảy ra. Trưởng trạm và tỉnh sẽ đọc dòng này.",
        error_messages={"required": "Ghi rõ tình huống khẩn cấp."},
    )


@require_http_methods(["GET", "HEAD", "POST"])
@needs("visits.enter")
@idempotent
def open_record(request: HttpRequest) -> HttpResponse:
    """A number, a reason, a word: then her page, for a day."""
    scope = current()
    form = EmergencyForm(request.POST or None)
    if form.is_bound and form.is_valid():
        said = form.cleaned_data
        try:
            person = emergency.open_record(number=said["number"], reason=said["reason"], note=said["note"])
        except Refused as refused:
            add_refusal(form, refused)
        else:
            messages.warning(request, "Hồ sơ đã mở. Mọi lượt xem được ghi lại và báo cho trưởng trạm, tỉnh.")
            return redirect("patients:person", person.pk)
    open_now = emergency.open_now(scope)
    if open_now:
        readlog.record("person.emergency", [row.person_id for row in open_now])
    context = {
        "form": form,
        "open_now": open_now,
        "used": emergency.used_today(scope),
        "cap": parameters.value(emergency.CAP, on=_today()),
        "hours": parameters.value(emergency.HOURS, on=_today()),
    }
    return render(request, "patients/emergency.html", context, status=422 if form.errors else 200)


def _today() -> Any:
    from django.utils import timezone

    return timezone.localdate()


def flags(scope: Scope, person_ids: Iterable[UUID]) -> dict[UUID, list[Flag]]:
    """The word on the banner of whoever is open in an emergency. No query."""
    return {
        person_id: [Flag("Đang mở khẩn cấp: mọi lượt xem được ghi lại", "danger")]
        for person_id in person_ids
        if person_id in scope.opened
    }


def digest_panel(scope: Scope) -> dict[str, Any] | None:
    """For the heads of both stations and the province: who opened what, from where, and why."""
    rows = emergency.digest(scope)
    if not rows:
        return None
    own = [row for row in rows if scope.level == "station" and scope.reaches(row.person.station_id)]
    if own:
        readlog.record("person.emergency", [row.person_id for row in own])
    return {"rows": [(row, row in own) for row in rows]}
