"""Bản tóm tắt hồ sơ bệnh án of one visit (TT 32/2023/TT-BYT; fields of table XML8 of QĐ 3176/QĐ-BYT)."""

import datetime as dt
from typing import Any

from django.utils import timezone

from apps.core.words import date_words, datetime_words
from apps.encounters.certificates import clinical
from apps.encounters.certificates.kinds import CertificateForm, Kind, Subject
from apps.encounters.certificates.referral import text_box


class SummaryForm(CertificateForm):
    course = text_box("Quá trình bệnh lý và diễn biến lâm sàng", rows=3)
    results = text_box("Kết quả xét nghiệm có giá trị chẩn đoán", required=False)
    treatment = text_box("Phương pháp điều trị")
    condition = text_box("Tình trạng khi ra về")
    remark = text_box("Ghi chú", required=False, rows=1)

    WIDTHS: dict[str, int] = {"results": 6, "treatment": 6, "condition": 6, "remark": 6}


class Summary(Kind):
    key, slug, order = "summary", "tom-tat", 50
    title = "Tóm tắt hồ sơ bệnh án"
    lead = "Tóm tắt lượt khám này, cho người bệnh hoặc nơi yêu cầu."
    number = "certificate.summary"
    template = "print/certificates/summary.html"
    form = SummaryForm

    def begin(self, subject: Subject) -> dict[str, Any]:
        visit, parts = subject.of_visit
        told = [clinical.course(visit), clinical.found(visit, parts)]
        return {
            "course": ". ".join(line for line in told if line),
            "results": clinical.results(visit),
            "treatment": clinical.treatment(visit, parts),
            "condition": clinical.result_word(visit),
        }

    def words(self, subject: Subject, said: dict[str, Any], issued_on: dt.date) -> dict[str, Any]:
        visit, parts = subject.of_visit
        ended = visit.finalised_at
        return {
            **said,
            "came": datetime_words(timezone.localtime(visit.occurred_at)),
            "left": datetime_words(timezone.localtime(ended)) if ended else date_words(visit.on),
            "why": visit.reason,
            "diagnoses": clinical.diagnoses(parts),
        }
