"""Giấy chuyển cơ sở khám bệnh, chữa bệnh (TT 01/2025/TT-BYT; fields of table XML13 of QĐ 3176/QĐ-BYT)."""

import datetime as dt
from typing import Any

from django import forms
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from apps.catalogues import codes
from apps.core.fields import CleanCharField, TimeField
from apps.core.text import fold
from apps.core.words import date_words
from apps.encounters.certificates import clinical
from apps.encounters.certificates.kinds import CertificateForm, Kind, Marks, Subject
from apps.encounters.rules import Problem
from apps.encounters.writing import Limits
from apps.facilities.models import Facility, FacilityKind, FacilityLink

REASONS = "referral_reason"
ASKED = "3"  # of her own wish
BY_WISH = "5"  # discharge_type: moved as the patient wishes
PLACES, WAYS = "places", "ways"  # ids of the page's suggestions
TRANSPORT = ("Tự túc (xe máy)", "Xe cứu thương", "Xe của gia đình", "Taxi", "Xe khách")
RECEIVING = (FacilityKind.HOSPITAL, FacilityKind.REGIONAL_CENTRE)
MOST_PLACES = 200


def text_box(label: str, *, required: bool = True, most: int = 2000, rows: int = 2) -> CleanCharField:
    return CleanCharField(
        label=label,
        required=required,
        max_length=most,
        lines=True,
        widget=forms.Textarea({"rows": rows}),
        error_messages={"required": f"Ghi {label[:1].lower()}{label[1:]}."},
    )


class ReferralForm(CertificateForm):
    destination = CleanCharField(
        label="Nơi chuyển đến",
        max_length=200,
        widget=forms.TextInput({"list": PLACES}),
        help_text="Chọn trong danh sách, hoặc ghi tên.",
        error_messages={"required": "Ghi nơi chuyển đến."},
    )
    reason = forms.ChoiceField(label="Lý do chuyển", error_messages={"required": "Chọn lý do chuyển."})
    signs = text_box("Dấu hiệu lâm sàng", rows=3)
    results = text_box("Kết quả xét nghiệm, cận lâm sàng", required=False)
    treatment = text_box("Phương pháp, thủ thuật, thuốc đã dùng", rows=3)
    condition = text_box("Tình trạng lúc chuyển")
    plan = text_box("Hướng điều trị")
    left_at = TimeField(label="Chuyển lúc", error_messages={"required": "Ghi giờ chuyển."})
    transport = CleanCharField(
        label="Phương tiện",
        max_length=100,
        widget=forms.TextInput({"list": WAYS}),
        error_messages={"required": "Ghi phương tiện vận chuyển."},
    )
    escort = CleanCharField(label="Người hộ tống", max_length=120, required=False)
    escort_title = CleanCharField(label="Chức danh, chuyên môn", max_length=120, required=False)

    WIDTHS = {
        "destination": 7, "reason": 5, "signs": 6, "results": 6, "treatment": 6, "condition": 6, "plan": 6,
        "left_at": 2, "transport": 4, "escort": 6, "escort_title": 6,
    }  # fmt: skip

    def prepare(self, subject: Subject) -> None:
        box: Any = self.fields["reason"]
        box.choices = [("", "Chọn"), *codes.choices(REASONS, subject.on)]

    @property
    def suggestions(self) -> dict[str, list[tuple[str, str]]]:
        """(words, the same without accents) for the boxes that may be typed freely."""
        places = [facility.name for facility in receiving_places(self.subject)]
        return {
            PLACES: [(name, fold(name)) for name in places],
            WAYS: [(name, fold(name)) for name in TRANSPORT],
        }


def receiving_places(subject: Subject) -> list[Facility]:
    """Hospitals and centres of the province on that day: the one above the station, then hospitals, by name.
    One query.
    """
    province_id = subject.facility.unit.parent_id or subject.facility.unit_id
    here = Q(unit__parent=province_id) | Q(unit=province_id)
    rows = Facility.objects.on(subject.on).filter(here, kind__in=RECEIVING)
    own = FacilityLink.objects.on(subject.on).filter(parent=OuterRef("pk"), facility=subject.facility)
    rows = rows.annotate(is_own=Exists(own), is_hospital=Q(kind=FacilityKind.HOSPITAL))
    return list(
        rows.exclude(pk=subject.facility.pk).order_by("-is_own", "-is_hospital", "name")[:MOST_PLACES]
    )


class Referral(Kind):
    key, slug, order = "referral", "chuyen-co-so", 10
    title = "Giấy chuyển cơ sở"
    lead = "Người bệnh được giới thiệu đến nơi khác khám, điều trị tiếp; trạm chờ nơi nhận phản hồi."
    number = "certificate.referral"
    act = "refer"
    template = "print/certificates/referral.html"
    form = ReferralForm

    def begin(self, subject: Subject) -> dict[str, Any]:
        visit, parts = subject.of_visit
        return {
            "reason": ASKED if visit.outcome == BY_WISH else "2",
            "signs": clinical.found(visit, parts),
            "results": clinical.results(visit),
            "treatment": clinical.treatment(visit, parts),
            "plan": visit.advice,
            "left_at": f"{timezone.localtime():%H:%M}",
        }

    def judge(self, subject: Subject, said: dict[str, Any], issued_on: dt.date) -> list[Problem]:
        visit, _ = subject.of_visit
        found = []
        if visit.outcome not in Limits.on(visit.on).ends.referred:
            word = codes.label("discharge_type", visit.outcome, visit.on)
            sentence = f"Hình thức ra về của lượt khám là «{word}», không phải chuyển đi: xem lại."
            found.append(Problem("not-referred", sentence, "reason"))
        elif (visit.outcome == BY_WISH) != (said["reason"] == ASKED):
            sentence = "Lý do chuyển khác hình thức ra về của lượt khám: xem lại một trong hai."
            found.append(Problem("other-reason", sentence, "reason"))
        if issued_on > visit.on:
            found.append(Problem("referred-late", "Cấp sau ngày khám: vì sao?", "left_at"))
        return found

    def marks(self, subject: Subject, said: dict[str, Any], issued_on: dt.date) -> Marks:
        wanted = fold(said["destination"])
        known = [place.pk for place in receiving_places(subject) if fold(place.name) == wanted]
        return Marks(destination_id=known[0] if len(known) == 1 else None)

    def words(self, subject: Subject, said: dict[str, Any], issued_on: dt.date) -> dict[str, Any]:
        visit, parts = subject.of_visit
        return {
            **said,
            "reason": codes.label(REASONS, said["reason"], visit.on),
            "reasons": [[name, code == said["reason"]] for code, name in codes.choices(REASONS, visit.on)],
            "left_at": f"{said['left_at']:%H} giờ {said['left_at']:%M} phút, ngày {date_words(issued_on)}",
            "diagnoses": clinical.diagnoses(parts),
            "course": clinical.course(visit),
            "from_on": date_words(visit.on),
            "to_on": date_words(issued_on),
        }
