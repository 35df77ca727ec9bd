"""Giấy chứng nhận nghỉ việc hưởng BHXH (CT07; fields of table XML11 of QĐ 3176/QĐ-BYT).

How many days, the age of a child and how late it may be issued are the parameters `certificates.leave` and
`certificates.leave_longer`.
"""

import datetime as dt
from typing import Any

from django import forms
from django.db.models import Q

from apps.core import parameters
from apps.core.fields import CleanCharField, DateField
from apps.core.scope import current
from apps.core.words import date_words
from apps.encounters.certificates import clinical, rules
from apps.encounters.certificates.kinds import CertificateForm, Kind, Marks, Subject
from apps.encounters.models import Certificate, CertificateKind, CertificateState
from apps.encounters.rules import Problem
from apps.patients import kin

USUAL, LONGER = "certificates.leave", "certificates.leave_longer"


def rules_on(on: dt.date) -> rules.LeaveRules:
    """What holds on that day. One query; raises NoParameter."""
    found = parameters.values([USUAL, LONGER], on=on)
    if USUAL not in found:
        raise parameters.NoParameter(f"{USUAL} on {on}")
    return rules.LeaveRules(**found[USUAL], longer=found.get(LONGER, {}))


class SickLeaveForm(CertificateForm):
    """Either the days or the last day is typed; form.js shows the other at once, `clean` computes it."""

    days = forms.IntegerField(
        label="Số ngày nghỉ",
        required=False,
        min_value=1,
        max_value=999,
        widget=forms.TextInput({"inputmode": "numeric", "data-days": "since until"}),
        error_messages=dict.fromkeys(("invalid", "min_value", "max_value"), "Ghi số ngày, ví dụ 3."),
    )
    since = DateField(label="Từ ngày", error_messages={"required": "Ghi ngày bắt đầu nghỉ."})
    until = DateField(label="Đến hết ngày", required=False)
    holder = CleanCharField(
        label="Mã số BHXH",
        max_length=10,
        required=False,
        widget=forms.TextInput({"inputmode": "numeric"}),
        help_text="10 chữ số, của người được nghỉ",
    )
    serial = CleanCharField(label="Số seri (phôi có seri)", max_length=30, required=False)
    employer = CleanCharField(
        label="Đơn vị làm việc", max_length=200, error_messages={"required": "Ghi đơn vị làm việc."}
    )
    diagnosis = CleanCharField(
        label="Chẩn đoán in trên giấy",
        max_length=1000,
        lines=True,
        widget=forms.Textarea({"rows": 2}),
        error_messages={"required": "Ghi chẩn đoán in trên giấy."},
    )
    treatment = CleanCharField(
        label="Phương pháp điều trị",
        max_length=1000,
        lines=True,
        widget=forms.Textarea({"rows": 2}),
        error_messages={"required": "Ghi phương pháp điều trị."},
    )
    father = CleanCharField(label="Họ và tên cha", max_length=120, required=False)
    mother = CleanCharField(label="Họ và tên mẹ", max_length=120, required=False)

    WIDTHS = {
        "days": 2,
        "since": 3,
        "until": 3,
        "holder": 4,
        "serial": 4,
        "employer": 8,
        "diagnosis": 6,
        "treatment": 6,
        "father": 6,
        "mother": 6,
    }

    def prepare(self, subject: Subject) -> None:
        known = rules_on(subject.on)
        most = known.most_of(clinical.icd_codes(subject.of_visit[1]))
        self.fields["days"].help_text = f"Tối đa {most} ngày"
        if not rules.is_child(subject.person.birth_date, subject.on, known):
            del self.fields["father"], self.fields["mother"]
        else:
            self.fields["holder"].help_text = "10 chữ số, của cha hoặc mẹ nghỉ trông con"
            self.fields["employer"].label = "Đơn vị làm việc của cha hoặc mẹ"

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        since, days = data.get("since"), data.pop("days", None)
        if self.errors.keys() & {"days", "since", "until"}:
            return data
        try:
            last = since + dt.timedelta(days=days - 1) if since and days else None
        except OverflowError:  # no calendar goes that far
            self.add_error("since", "Xem lại ngày bắt đầu nghỉ.")
            return data
        if data["until"] is None:
            data["until"] = last
        if data["until"] is None:
            self.add_error("days", "Ghi số ngày nghỉ, hoặc ngày nghỉ cuối cùng.")
        elif last and last != data["until"]:
            sentence = f"{days} ngày thì nghỉ đến hết {last:%d/%m/%Y}: xem lại số ngày hoặc ngày này."
            self.add_error("until", sentence)
        return data


class SickLeave(Kind):
    key, slug, order = "sick_leave", "nghi-viec", 30
    title = "Giấy nghỉ việc hưởng BHXH"
    lead = "Nghỉ từ ngày khám; không cấp lùi ngày, không cấp trùng ngày đã nghỉ."
    number = "certificate.sick_leave"
    act = "sick_leave"
    template = "print/certificates/sick_leave.html"
    form = SickLeaveForm

    def begin(self, subject: Subject) -> dict[str, Any]:
        visit, parts = subject.of_visit
        begun = {
            "since": date_words(visit.on),
            # The paper goes to her employer: what is restricted is written by hand or not at all.
            "diagnosis": "" if visit.restricted else clinical.diagnoses(parts),
            "treatment": "" if visit.restricted else clinical.treatment(visit, parts),
            "holder": clinical.holder_of(visit),
        }
        if rules.is_child(subject.person.birth_date, visit.on, rules_on(visit.on)):
            mother = kin.mother_of(current(), subject.person)
            father = subject.person.father
            begun |= {
                "holder": "",  # a parent's
                "father": father.full_name if father else "",
                "mother": mother.full_name if mother else "",
            }
        return begun

    def judge(self, subject: Subject, said: dict[str, Any], issued_on: dt.date) -> list[Problem]:
        visit, parts = subject.of_visit
        leave = rules.Leave(
            visit_on=visit.on,
            issued_on=issued_on,
            since=said["since"],
            until=said["until"],
            codes=clinical.icd_codes(parts),
            holder=said["holder"],
            born=subject.person.birth_date,
            parent=said.get("father", "") or said.get("mother", ""),
        )
        of_day = rules_on(visit.on)
        return rules.check_leave(leave, of_day, _standing(leave, subject, of_day))

    def marks(self, subject: Subject, said: dict[str, Any], issued_on: dt.date) -> Marks:
        return Marks(said["since"], said["until"], said["holder"])

    def words(self, subject: Subject, said: dict[str, Any], issued_on: dt.date) -> dict[str, Any]:
        return {
            **said,
            "since": date_words(said["since"]),
            "until": date_words(said["until"]),
            "days": f"{(said['until'] - said['since']).days + 1:02d}",
            "child": "mother" in said,
        }


def _standing(leave: rules.Leave, subject: Subject, of_day: rules.LeaveRules) -> list[rules.Certified]:
    """Leave that stands of the same insured person, wherever it was given: by the number, and by the person
    where she herself is on leave; one of the two papers may lack the number. For a child a parent is.
    """
    # unscoped: no day is paid twice; of another station's paper nothing but its days is told
    rows = Certificate.unscoped.filter(
        kind=CertificateKind.SICK_LEAVE,
        state=CertificateState.FINAL,
        since__lte=leave.until,
        until__gte=leave.since,
    )
    same = Q(holder=leave.holder) if leave.holder else Q(person=subject.person, holder="")
    if not rules.is_child(leave.born, leave.visit_on, of_day):
        same |= Q(person=subject.person)
    rows = rows.filter(same)
    scope = current()
    return [
        rules.Certified(row.number if scope.reaches(row.facility_id) else "", row.since, row.until)
        for row in rows.only("number", "since", "until", "facility_id")[:5]
        if row.since and row.until
    ]
