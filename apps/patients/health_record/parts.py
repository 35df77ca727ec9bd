"""The sections of the record that this room keeps, in the order and with the words of the form.

`key` is the section's word in addresses; `hidden` are fields that only holders of restricted.view see.
"""

from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from apps.core.scope import RESTRICTED_RIGHT, Scope
from apps.patients.health_record.rules import Subject
from apps.patients.models import (
    BirthHistory,
    Disability,
    FamilyDisease,
    HealthRecord,
    OtherIssue,
    OwnDisease,
    Person,
    ReproductiveHistory,
    RiskFactors,
    Surgery,
)


@dataclass(frozen=True)
class Part:
    """One section. `lists` names the code list of a field, `units` what a figure is counted in."""

    key: str
    number: str
    title: str
    model: type[Any]
    fields: tuple[str, ...]
    many: bool = False
    hidden: frozenset[str] = frozenset()
    none_word: str = ""  # what the form says where there is nothing to list
    women_only: bool = False

    def shown(self, scope: Scope) -> tuple[str, ...]:
        """The fields that this scope reads and writes."""
        if scope.can(RESTRICTED_RIGHT):
            return self.fields
        return tuple(name for name in self.fields if name not in self.hidden)

    def fits(self, person: Person) -> bool:
        """Whether the form asks this of such a person at all."""
        return not self.women_only or person.sex != "male"

    def label(self, name: str) -> str:
        """The words of a field, with a capital."""
        words = str(self.model._meta.get_field(name).verbose_name)
        return words[:1].upper() + words[1:]


LISTS = {
    ("hanh-chinh", "religion"): ("religion",),
    ("luc-sinh", "method"): ("record_birth_method",),
    ("nguy-co", "tobacco"): ("record_risk_state",),
    ("nguy-co", "alcohol"): ("record_risk_state",),
    ("nguy-co", "drugs"): ("record_risk_state",),
    ("nguy-co", "activity"): ("record_risk_state",),
    ("nguy-co", "exposure"): ("record_exposure",),
    ("nguy-co", "toilet"): ("record_toilet",),
    ("benh-tat", "code"): ("record_disease",),
    ("khuyet-tat", "code"): ("record_disability",),
    ("khuyet-tat", "degree"): ("record_disability_degree",),
    ("gia-dinh", "code"): ("record_disease", "record_allergy_group"),
    ("gia-dinh", "relative"): ("record_relative",),
    ("sinh-san", "contraception"): ("a0_contraception",),
}
UNITS = {
    "weight_g": "g",
    "length_cm": "cm",
    "tobacco_a_day": "điếu/ngày",
    "alcohol_glasses": "ly, cốc/ngày",
    "activity_minutes": "phút/ngày",
}

ADMINISTRATIVE = Part(
    "hanh-chinh",
    "A",
    "Thông tin hành chính",
    HealthRecord,
    ("religion", "birth_registered_in", "home_phone", "carer_name", "carer_phone"),
)
PARTS: dict[str, Part] = {
    part.key: part
    for part in (
        ADMINISTRATIVE,
        Part(
            "luc-sinh",
            "B.1",
            "Tình trạng lúc sinh",
            BirthHistory,
            ("method", "preterm", "asphyxia", "weight_g", "length_cm", "defect", "other"),
        ),
        Part(
            "nguy-co",
            "B.2",
            "Yếu tố nguy cơ đối với sức khỏe cá nhân",
            RiskFactors,
            (
                *("tobacco", "tobacco_a_day", "tobacco_quit", "alcohol", "alcohol_glasses", "alcohol_quit"),
                *("drugs", "drugs_quantity", "drugs_quit", "activity", "activity_minutes"),
                *("exposure", "exposure_text", "exposure_duration", "toilet", "other"),
            ),
            hidden=frozenset({"drugs", "drugs_quantity", "drugs_quit"}),
        ),
        Part(
            "benh-tat",
            "B.3",
            "Tiền sử bệnh tật, dị ứng",
            OwnDisease,
            ("code", "icd_code", "text", "since_year"),
            many=True,
            none_word="Không mắc bệnh nào",
        ),
        Part(
            "khuyet-tat",
            "B.4",
            "Khuyết tật",
            Disability,
            ("code", "degree", "text", "since_year"),
            many=True,
            none_word="Không khuyết tật",
        ),
        Part(
            "phau-thuat",
            "B.5",
            "Tiền sử phẫu thuật",
            Surgery,
            ("text", "year", "place"),
            many=True,
            none_word="Không phẫu thuật",
        ),
        Part(
            "gia-dinh",
            "B.6",
            "Tiền sử gia đình",
            FamilyDisease,
            ("code", "relative", "text"),
            many=True,
            none_word="Gia đình không ai mắc",
        ),
        Part(
            "sinh-san",
            "B.7",
            "Sức khỏe sinh sản và kế hoạch hóa gia đình",
            ReproductiveHistory,
            (
                *("contraception", "last_pregnancy_year", "pregnancies", "miscarriages", "abortions"),
                *("deliveries", "normal", "caesarean", "difficult", "term", "preterm", "living_children"),
                "gynaecology",
            ),
            # Pregnancies less births and miscarriages tell the abortions.
            hidden=frozenset({"pregnancies", "abortions"}),
            women_only=True,
        ),
        Part(
            "khac",
            "B.8",
            "Vấn đề khác",
            OtherIssue,
            ("text",),
            many=True,
            none_word="Không có vấn đề khác",
        ),
    )
}
DRAFT = "record"  # 'record-luc-sinh': what is typed into a section's form and not saved
SINGLES = {key: part for key, part in PARTS.items() if not part.many}
LINES = {key: part for key, part in PARTS.items() if part.many}


def subject_of(person: Person) -> Subject:
    """What the rules look at; a birth known to the year alone counts from its first day."""
    return Subject(person.sex, person.birth_date, timezone.localdate())
