"""Giấy khám sức khỏe: three forms of TT 32/2023/TT-BYT, printed from what the visit has found.

Which form shows which organs are the lists `check_up_form` and `check_up_section` of certificates.csv.
"""

import datetime as dt
from typing import Any

from django import forms

from apps.catalogues import codes
from apps.core import parameters
from apps.core.fields import CleanCharField
from apps.core.words import completed_months, date_words
from apps.encounters import organs, printing
from apps.encounters.certificates import clinical, rules
from apps.encounters.certificates.kinds import CertificateForm, Kind, Marks, Subject
from apps.encounters.models import Visit
from apps.encounters.rules import Problem

FORMS, SECTIONS, CLASSES = "check_up_form", "check_up_section", "health_class"
MONTHS = "certificates.check_up_months"
VISIT_KIND = "check_up"  # of the code list visit_kind
ADULT_MONTHS = 18 * 12
NO_CHECK_UP = "Lượt khám này không phải loại Khám sức khỏe."


def _lines(label: str, most: int = 1000) -> CleanCharField:
    return CleanCharField(
        label=label, max_length=most, required=False, lines=True, widget=forms.Textarea({"rows": 2})
    )


class CheckUpForm(CertificateForm):
    form = forms.ChoiceField(label="Mẫu giấy", error_messages={"required": "Chọn mẫu giấy."})
    purpose = CleanCharField(
        label="Lý do khám sức khỏe", max_length=200, error_messages={"required": "Ghi lý do khám sức khỏe."}
    )
    family = _lines("Tiền sử gia đình")
    own_history = _lines("Tiền sử bản thân, bệnh và thuốc đang dùng")
    health_class = forms.ChoiceField(
        label="Phân loại sức khỏe", error_messages={"required": "Chọn loại sức khỏe."}
    )
    conclusion = CleanCharField(
        label="Bệnh, tật nếu có; đề nghị",
        max_length=1000,
        required=False,
        lines=True,
        widget=forms.Textarea({"rows": 2}),
    )

    WIDTHS = {"form": 5, "purpose": 7, "family": 6, "own_history": 6, "health_class": 4, "conclusion": 8}

    def prepare(self, subject: Subject) -> None:
        for name, code_list in (("form", FORMS), ("health_class", CLASSES)):
            box: Any = self.fields[name]
            box.choices = [("", "Chọn"), *codes.choices(code_list, subject.on)]


HEALTHY = "Hiện tại không phát hiện bệnh, tật"


class CheckUp(Kind):
    key, slug, order = "check_up", "kham-suc-khoe", 40
    title = "Giấy khám sức khỏe"
    lead = "Các mục khám lấy từ lượt khám; bác sĩ từng chuyên khoa ký tay trên giấy."
    number = "certificate.check_up"
    act = "check_up"
    template = "print/certificates/check_up.html"
    form = CheckUpForm

    def why_not(self, subject: Subject) -> str:
        visit, _ = subject.of_visit
        return NO_CHECK_UP if visit.kind != VISIT_KIND else super().why_not(subject)

    def begin(self, subject: Subject) -> dict[str, Any]:
        visit, parts = subject.of_visit
        return {
            "form": "minor" if _is_minor(subject) else "adult",
            "purpose": visit.reason,
            # The paper goes to a school or an employer: what is restricted is not told by itself.
            "conclusion": "" if visit.restricted else clinical.illnesses(parts) or HEALTHY,
        }

    def judge(self, subject: Subject, said: dict[str, Any], issued_on: dt.date) -> list[Problem]:
        visit, parts = subject.of_visit
        found = []
        if _is_minor(subject) != (said["form"] == "minor"):
            sentence = "Mẫu giấy không đúng với tuổi (dưới 18 tuổi dùng mẫu riêng): xem lại."
            found.append(Problem("form-age", sentence, "form"))
        empty = [title for title, words in sections(visit, said["form"]) if not words]
        if empty:
            listed = ", ".join(empty[:4]) + (" …" if len(empty) > 4 else "")
            sentence = f"Chưa khám hoặc chưa ghi: {listed}. Ghi vào lượt khám, hoặc ghi lý do."
            found.append(Problem("not-examined", sentence, "form"))
        missing = [
            word
            for key, word in (("height", "chiều cao"), ("weight", "cân nặng"), ("systolic", "huyết áp"))
            if key not in parts.measured
        ]
        if missing and not _is_minor(subject):
            found.append(Problem("not-measured", f"Chưa đo {', '.join(missing)}.", "form"))
        return found

    def marks(self, subject: Subject, said: dict[str, Any], issued_on: dt.date) -> Marks:
        months = int(parameters.value(MONTHS, on=issued_on))
        return Marks(issued_on, rules.valid_until(issued_on, months))

    def words(self, subject: Subject, said: dict[str, Any], issued_on: dt.date) -> dict[str, Any]:
        visit, parts = subject.of_visit
        form = codes.get(FORMS, said["form"], visit.on)
        until = self.marks(subject, said, issued_on).until
        return {
            **said,
            "title": form.extra.get("heading", self.title) if form else self.title,
            "form_code": form.extra.get("form_code", "") if form else "",
            "form": form.name if form else "",
            "body": printing.signs(dict(parts.measured)),
            "examined": [list(row) for row in sections(visit, said["form"])],
            "general": _general(visit),
            "results": clinical.results(visit),
            "health_class": codes.label(CLASSES, said["health_class"], visit.on),
            "valid_until": date_words(until),
        }


def sections(visit: Visit, form: str) -> list[tuple[str, str]]:
    """(title, what was found) of each section that the form has; '' where nothing was written."""
    titles = {organ.key: organ.title for organ in organs.listed(visit.on)}
    found = []
    for row in codes.rows(SECTIONS):
        if not row.in_force(visit.on) or form not in row.extra.get("forms", "").split():
            continue
        if row.code == "gynaecology" and visit.person.sex == "male":
            continue
        keys = [key for key in row.extra.get("organs", "").split() if visit.findings.get(key)]
        plain = len(keys) == 1 and not keys[0].startswith(organs.SIGHT)
        words = [
            visit.findings[key] if plain else f"{titles.get(key, key)}: {visit.findings[key]}" for key in keys
        ]
        found.append((row.name, "; ".join(words)))
    return found


def _general(visit: Visit) -> str:
    """What was found of the whole body, which the form has no section for."""
    said = [visit.findings.get("body", ""), visit.examination, visit.findings.get("other", "")]
    return "; ".join(words for words in said if words)


def _is_minor(subject: Subject) -> bool:
    born = subject.person.birth_date
    return born is not None and completed_months(born, subject.on) < ADULT_MONTHS
