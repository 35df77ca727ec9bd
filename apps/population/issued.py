"""A few of each paper that a station issues, in the demo: through the services that everybody uses."""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.catalogues import icd
from apps.core.scope import enter, system
from apps.encounters import services as visits
from apps.encounters.certificates import answering, issuing
from apps.encounters.certificates.death_notice import DeathNotice
from apps.encounters.inputs import DiagnosisInput, Opening, VisitInput
from apps.encounters.models import Certificate, CertificateKind, Visit
from apps.facilities.models import Facility
from apps.facilities.posts import scope_for
from apps.patients.models import Death, Person

DOCTOR = "bacsi"
SAMPLE = "Dữ liệu mẫu"
EMPLOYERS = ("Công ty may Ba Tơ", "Trường THCS Ba Tơ", "Hợp tác xã lâm nghiệp")
REFERRED = {
    "destination": "Bệnh viện Đa khoa tỉnh",
    "reason": "2",
    "signs": "Sốt 39 °C, thở nhanh, rút lõm lồng ngực",
    "results": "",
    "treatment": "Hạ sốt, thở oxy",
    "condition": "Tỉnh, SpO2 94%",
    "plan": "Chụp X-quang phổi, điều trị tiếp",
    "transport": "Xe cứu thương",
    "escort": "Hộ sinh của trạm",
    "escort_title": "Hộ sinh",
}
SUMMARY = {
    "course": "Ho, sốt 3 ngày, khám họng đỏ",
    "results": "",
    "treatment": "Thuốc uống tại nhà",
    "condition": "Đỡ",
    "remark": "",
}
CHECKED = {
    "form": "adult",
    "purpose": "Đi làm",
    "family": "",
    "own_history": "",
    "health_class": "2",
    "conclusion": "Đủ sức khỏe làm việc",
}


@dataclass(frozen=True)
class Sample:
    """One visit and the paper that it ends with."""

    kind: str
    code: str
    reason: str
    visit: str = "exam"  # of the code list visit_kind
    outcome: str = "1"
    back: int = 0  # days until she comes again
    said: dict[str, Any] = field(default_factory=dict)


SAMPLES = (
    Sample(CertificateKind.REFERRAL, "J18.9", "Ho, sốt cao, thở nhanh", outcome="2", said=REFERRED),
    Sample(CertificateKind.REFERRAL, "K35.8", "Đau bụng hố chậu phải", outcome="2", said=REFERRED),
    Sample(CertificateKind.APPOINTMENT, "I10", "Khám huyết áp", back=28),
    Sample(CertificateKind.APPOINTMENT, "E11.9", "Lĩnh thuốc tiểu đường", back=28),
    Sample(CertificateKind.SICK_LEAVE, "J06.9", "Ho, sốt 2 ngày"),
    Sample(CertificateKind.SICK_LEAVE, "A09.9", "Tiêu chảy từ tối qua"),
    Sample(CertificateKind.CHECK_UP, "Z00.0", "Khám sức khỏe đi làm", visit="check_up", said=CHECKED),
    Sample(CertificateKind.SUMMARY, "J06.9", "Ho, sốt 3 ngày", said=SUMMARY),
)


@transaction.atomic
def papers(station: Facility) -> None:
    """Visits of today that ended with each kind of paper, one referral answered, the notice of a death.
    Nothing where papers were issued already.
    """
    with system("find the demo's doctor"):
        user = User.objects.filter(username=DOCTOR).first()
        scope = scope_for(user, station.pk) if user else None
        if scope is None or Certificate.objects.exists():
            return
    with enter(scope):
        grown = Person.objects.filter(
            birth_date__year__range=(1970, 2000), life_status="alive", merged_into=None
        )
        seen = Visit.objects.filter(on=timezone.localdate()).values("person_id")
        people = grown.exclude(pk__in=seen).order_by("-code")[: len(SAMPLES)]
        pairs = zip(people, SAMPLES, strict=False)
        made = [_issued(person, sample, place) for place, (person, sample) in enumerate(pairs)]
        referrals = [row for row in made if row is not None and row.kind == CertificateKind.REFERRAL]
        if len(referrals) > 1:
            answering.answer_record(
                certificate_id=referrals[0].pk,
                expected_version=referrals[0].version,
                data=answering.AnswerInput(
                    "returned", timezone.localdate(), diagnosis="Viêm phổi", advice=SAMPLE
                ),
            )
        death = Death.objects.filter(restricted=False).order_by("-died_on").first()
        if death is not None and death.stands:
            begun = DeathNotice().begin(issuing.subject_of_death(death))
            said = {**begun, "receiver_identity": ""}
            issuing.death_notice_issue(
                death_id=death.pk, expected_version=death.version, said=said, override=SAMPLE
            )


def _issued(person: Person, sample: Sample, place: int) -> Certificate | None:
    today = timezone.localdate()
    if not icd.names([sample.code], on=today):
        return None
    visit = visits.visit_open(person=person, opening=Opening(sample.reason, "fee", kind=sample.visit))
    fields: dict[str, Any] = {"outcome": sample.outcome, "advice": "Uống thuốc đúng giờ"}
    if sample.back:
        fields["follow_up_on"] = today + dt.timedelta(days=sample.back)
    visit = visits.visit_save(
        visit_id=visit.pk,
        expected_version=visit.version,
        data=VisitInput(fields=fields, diagnoses=[DiagnosisInput(sample.code, "main")]),
    )
    visit = visits.visit_finalise(visit_id=visit.pk, expected_version=visit.version, override=SAMPLE)
    said = dict(sample.said)
    if sample.kind == CertificateKind.REFERRAL:
        said["left_at"] = timezone.localtime().time().replace(second=0, microsecond=0)
    if sample.kind == CertificateKind.SICK_LEAVE:
        said = {
            "since": today,
            "until": today + dt.timedelta(days=2),
            "holder": f"51201234{place:02d}",
            "employer": EMPLOYERS[place % len(EMPLOYERS)],
            "diagnosis": sample.reason,
            "treatment": "Thuốc uống tại nhà",
            "serial": "",
        }
    return issuing.certificate_issue(
        kind=sample.kind, visit_id=visit.pk, expected_version=visit.version, said=said, override=SAMPLE
    )
