"""People without a name of their own: unknown patients, abandoned children; later their name and number.

The old name stays with her and is searched (Person.former_names); the temporary key ends when a number comes.
"""

import datetime as dt
from dataclasses import dataclass, replace

from django.db import transaction
from django.utils import timezone

from apps.core import audit
from apps.core.dates import PartialDate
from apps.core.errors import Refused
from apps.core.scope import current
from apps.core.text import clean
from apps.core.words import date_words
from apps.facilities.models import Facility
from apps.patients import codes
from apps.patients.data import FIELDS, NumberData, PersonData
from apps.patients.identifiers import check
from apps.patients.models import Identifier, IdentifierKind, Identity, Person
from apps.patients.numbers import end_temporary, identifier_add
from apps.patients.services import person_create, person_update

CHILD_MONTHS = 192  # whoever looks older than 16 is no abandoned child


@dataclass(frozen=True)
class Found:
    """Somebody nobody can name: what is seen of her."""

    sex: str
    years: int | None = None
    months: int | None = None
    marks: str = ""
    where: str = ""
    brought_by: str = ""
    hamlet_id: object = None


@dataclass(frozen=True)
class Carer:
    """Who cares for an abandoned child; her national number is asked for."""

    name: str
    relation: str
    number: str


SEX_WORDS = {"male": "nam", "female": "nữ", "unknown": "chưa rõ giới"}


@transaction.atomic
def unknown_record(*, found: Found, carer: Carer | None = None) -> Person:
    """Enters somebody without a name, under what is seen of her; with `carer` an abandoned child.

    Raises Refused beside a field.
    """
    scope = current()
    scope.require("people.enter")
    today = timezone.localdate()
    if not clean(found.marks):
        raise Refused("Hãy ghi đặc điểm nhận dạng: vóc dáng, quần áo, vết sẹo …", field="marks")
    born = birth_from_age(found.years, found.months, today)
    child = carer is not None
    if carer is not None:
        _check_carer(carer)
        if born is None:
            raise Refused("Hãy ghi tuổi ước chừng của trẻ.", field="months")
        if (today - born.date).days > CHILD_MONTHS * 31:
            raise Refused("Người trên 16 tuổi thì ghi là chưa rõ danh tính.", field="years")
    data = PersonData(
        full_name=unknown_name(found, today, child=child),
        sex=found.sex,
        birth_date=born.date if born else None,
        birth_precision=born.precision if born else "day",
        hamlet_id=found.hamlet_id,  # type: ignore[arg-type]
        guardian_name=carer.name if carer else "",
        guardian_relation=carer.relation if carer else "",
        guardian_number=check("cccd", carer.number).value if carer else "",
        note=note_of(found),
    )
    if scope.workplace_id is None:
        raise Refused("Hãy chọn nơi làm việc trước.")
    station = Facility.objects.get(pk=scope.workplace_id)
    key = codes.take_temporary(station, today)
    person = person_create(
        data=data,
        numbers=[NumberData(IdentifierKind.TEMPORARY, key, source="made")],
        another=True,
        identity=Identity.ABANDONED if child else Identity.UNKNOWN,
    )
    audit.record(
        "person.unknown",
        person_id=person.pk,
        object_id=person.pk,
        facility_id=person.station_id,
        data={"code": person.code},
    )
    return person


@transaction.atomic
def name_give(
    *, person: Person, data: PersonData, expected_version: int, number: str = "", reason: str = ""
) -> Person:
    """Her own name, and her number where there is one. The temporary name stays searched; with a number the
    temporary key ends. Raises Refused, NeedsReason, StaleVersion.
    """
    if not person.identity:
        raise Refused("Người này đã có tên. Muốn sửa, hãy dùng Sửa hồ sơ.", field="full_name")
    if data.full_name == person.full_name:
        raise Refused("Hãy ghi tên thật thay cho tên tạm.", field="full_name")
    person.identity = Identity.KNOWN
    person = person_update(person=person, data=data, expected_version=expected_version, reason=reason)
    if number:
        identifier_add(person=person, number=NumberData(IdentifierKind.CCCD, number), reason=reason)
        end_temporary(person)
    audit.record(
        "person.named",
        person_id=person.pk,
        object_id=person.pk,
        facility_id=person.station_id,
        data={"number": "có số định danh" if number else "chưa có số định danh"},
    )
    return person


@transaction.atomic
def temporary_key_give(*, person: Person) -> Identifier:
    """A key of the station for somebody without any paper. Raises Refused where she has one."""
    current().require("people.edit")
    if Identifier.objects.filter(person=person, valid_to__isnull=True).exists():
        raise Refused("Người này đang có giấy tờ hoặc mã tạm, không cần cấp thêm.")
    key = codes.take_temporary(person.station, timezone.localdate())
    return identifier_add(person=person, number=NumberData(IdentifierKind.TEMPORARY, key, source="made"))


def named(person: Person, **said: object) -> PersonData:
    """What is stored of her with what is said now."""
    stored = PersonData(**{name: getattr(person, name) for name in FIELDS})
    return replace(stored, **said)  # type: ignore[arg-type]


def birth_from_age(years: int | None, months: int | None, today: dt.date) -> PartialDate | None:
    """About when somebody of that age was born: to the year, of a small child to the month."""
    if years is None and months is None:
        return None
    total = (years or 0) * 12 + (months or 0)
    month = today.year * 12 + today.month - 1 - total
    if months is not None and total < 36:
        return PartialDate(dt.date(month // 12, month % 12 + 1, 1), "month")
    return PartialDate(dt.date(month // 12, 1, 1), "year")


def unknown_name(found: Found, today: dt.date, *, child: bool) -> str:
    """'Chưa rõ tên, nam, khoảng 40 tuổi, 20/11/2026'; 'Trẻ bị bỏ rơi, nữ, khoảng 3 tháng, 20/11/2026'."""
    first = "Trẻ bị bỏ rơi" if child else "Chưa rõ tên"
    parts = [first, SEX_WORDS.get(found.sex, "chưa rõ giới")]
    if found.years:
        parts.append(f"khoảng {found.years} tuổi")
    elif found.months is not None:
        parts.append(f"khoảng {found.months} tháng")
    return ", ".join([*parts, date_words(today)])


def note_of(found: Found) -> str:
    told = (("Nhận dạng", found.marks), ("Gặp ở", found.where), ("Người đưa đến", found.brought_by))
    return "\n".join(f"{label}: {clean(text)}" for label, text in told if clean(text))


def _check_carer(carer: Carer) -> None:
    if not clean(carer.name):
        raise Refused("Hãy ghi họ tên người đang chăm sóc trẻ.", field="carer_name")
    judged = check("cccd", carer.number)
    if judged.result == "invalid":
        raise Refused(
            judged.sentence if carer.number else "Trẻ bị bỏ rơi phải có số định danh của người chăm sóc.",
            field="carer_number",
        )
