"""Giấy hẹn khám lại: the appointment that the visit's end has made, on paper (TT 01/2025/TT-BYT)."""

import datetime as dt
from typing import Any

from apps.core.words import date_words
from apps.encounters.certificates import clinical
from apps.encounters.certificates.kinds import CertificateForm, Kind, Marks, Subject

WEEKDAYS = ("thứ hai", "thứ ba", "thứ tư", "thứ năm", "thứ sáu", "thứ bảy", "chủ nhật")
NO_DAY = "Lượt khám này không hẹn ngày khám lại. Ghi ngày tái khám bằng Sửa đổi."


class Appointment(Kind):
    key, slug, order = "appointment", "hen-kham-lai", 20
    title = "Giấy hẹn khám lại"
    lead = "Theo ngày tái khám của lượt khám; lịch hẹn của trạm đã có ngày này."
    number = "certificate.appointment"
    template = "print/certificates/appointment.html"
    form = CertificateForm
    size = "A5"
    one_click = True

    def why_not(self, subject: Subject) -> str:
        visit, _ = subject.of_visit
        return super().why_not(subject) or ("" if visit.follow_up_on else NO_DAY)

    def marks(self, subject: Subject, said: dict[str, Any], issued_on: dt.date) -> Marks:
        visit, _ = subject.of_visit
        return Marks(since=visit.follow_up_on, until=visit.follow_up_on)

    def words(self, subject: Subject, said: dict[str, Any], issued_on: dt.date) -> dict[str, Any]:
        visit, parts = subject.of_visit
        on = visit.follow_up_on
        return {
            "visit_on": date_words(visit.on),
            "main": clinical.main_diagnosis(parts),
            "others": clinical.other_diagnoses(parts),
            "follow_up": f"{WEEKDAYS[on.weekday()]}, ngày {date_words(on)}" if on else "",
            "advice": visit.advice,
        }
