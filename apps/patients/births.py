"""A birth in a family: each newborn with her own record, a temporary name and key, and her mother."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from apps.core import audit
from apps.core.errors import NeedsReason, Refused, Warning
from apps.core.events import publish
from apps.core.scope import current
from apps.core.text import clean
from apps.core.words import date_words
from apps.patients import codes, holding, kin
from apps.patients.data import NumberData, PersonData
from apps.patients.events import PersonBorn
from apps.patients.health_record import saving
from apps.patients.health_record.parts import PARTS
from apps.patients.models import Birth, BirthPlace, IdentifierKind, Identity, Person
from apps.patients.services import person_create

MOST = 4  # babies of one birth on one form
APART = 175  # days: two births of one mother closer together than 25 weeks are odd
BIRTH_PART = "luc-sinh"
BEARING = (10, 60)  # years between which a woman's page offers to enter her newborn
UNNAMED = "Trẻ chưa đặt tên"
NO_MOTHER_BEFORE = 8  # years: below, the wrong page is open; from here on a reason is asked for


@dataclass(frozen=True)
class Baby:
    """One child of a birth."""

    sex: str
    weight_g: int | None = None
    notice_no: str = ""


@dataclass(frozen=True)
class BirthData:
    """A birth: everything that its children share."""

    born_on: dt.date
    place: str
    babies: tuple[Baby, ...]
    born_time: dt.time | None = None
    place_text: str = ""
    order: int | None = None
    ethnicity: str = ""
    method: str = ""


def newborn_name(mother: str, number: int, of: int) -> str:
    """'Con bà Nguyễn Thị Hòa', of twins '… (1)', '… (2)'; within the length of a name. Of a mother who is
    kept from her child's record '': a name that tells nothing of her.
    """
    after = f" ({number})" if of > 1 else ""
    name = f"Con bà {mother}" if mother else UNNAMED
    return name[: 100 - len(after)].rstrip() + after


def mothers_name(mother: Person, born_on: dt.date) -> str:
    """What her newborn is called by: her name, unless only few may read that a minor gave birth (kin.py)."""
    return "" if kin.born_of_minor(mother, born_on) else mother.full_name


@transaction.atomic
def newborns_record(
    *, mother: Person, data: BirthData, father: Person | None = None, reason: str = ""
) -> list[Person]:
    """Enters the children of one birth. Raises Refused beside a field, NeedsReason for what is odd."""
    scope = current()
    scope.require("people.enter")
    if not scope.reaches(mother.station_id):
        raise Refused("Người mẹ thuộc địa bàn trạm khác; trạm đó ghi trẻ mới sinh.", field="mother")
    holding.hold(mother.pk)  # one birth at a time
    _check(mother, data)
    odd = _doubts(mother, data)
    if odd and not clean(reason):
        raise NeedsReason(odd)
    total, hers = len(data.babies), mothers_name(mother, data.born_on)
    first_order = data.order
    made = []
    for number, baby in enumerate(data.babies, 1):
        person = _enter(mother, father, data, baby, newborn_name(hers, number, total), reason)
        Birth.unscoped.create(  # unscoped: of the person made just now
            person=person,
            born_on=data.born_on,
            born_time=data.born_time,
            place=data.place,
            place_text=clean(data.place_text),
            order=first_order + number - 1 if first_order else None,
            twin=number,
            twins=total,
            notice_no=clean(baby.notice_no),
            weight_g=baby.weight_g,
            recorded_by=scope.user_id,
        )
        _health_record(person, data, baby, reason)
        audit.record(
            "person.born",
            person_id=person.pk,
            object_id=person.pk,
            facility_id=person.station_id,
            data={"code": person.code, "on": date_words(data.born_on)},
        )
        publish(PersonBorn(person.pk, mother.pk, data.born_on))
        made.append(person)
    return made


def _enter(
    mother: Person, father: Person | None, data: BirthData, baby: Baby, name: str, reason: str
) -> Person:
    said = PersonData(
        full_name=name,
        sex=baby.sex,
        birth_date=data.born_on,
        ethnicity=data.ethnicity or mother.ethnicity,
        nationality=mother.nationality,
        hamlet_id=mother.hamlet_id,
        address_text=mother.address_text,
        permanent_text=mother.permanent_text,
        permanent_unit_id=mother.permanent_unit_id,
        mother_id=mother.pk,
        father_id=father.pk if father else None,
    )
    key = codes.take_temporary(mother.station, timezone.localdate())
    return person_create(
        data=said,
        numbers=[NumberData(IdentifierKind.TEMPORARY, key, source="made")],
        reason=reason,
        another=True,  # twins are alike; a child entered twice is asked about above
        identity=Identity.NEWBORN,
    )


def _health_record(person: Person, data: BirthData, baby: Baby, reason: str) -> None:
    """What QĐ 831 asks of a birth: judged as there, and written into section B.1 by whoever may write it."""
    values: dict[str, Any] = {"method": data.method, "weight_g": baby.weight_g}
    part = PARTS[BIRTH_PART]
    for refusal in saving.blocks(part, person, values):
        raise refusal
    odd = saving.doubts(part, person, values)
    if odd and not clean(reason):
        raise NeedsReason(odd)
    if (data.method or baby.weight_g is not None) and current().can(saving.EDIT):
        saving.section_save(person=person, part=part, values=values, expected_version=0, reason=reason)


def may_bear(person: Person) -> bool:
    """Whether her page offers to enter a newborn: a woman of those years, or of unknown age."""
    scope = current()
    if person.sex != "female" or not scope.can("people.enter") or not scope.reaches(person.station_id):
        return False
    age = timezone.localdate().year - person.birth_date.year if person.birth_date else BEARING[0]
    return BEARING[0] <= age <= BEARING[1]


def _check(mother: Person, data: BirthData) -> None:
    today = timezone.localdate()
    if mother.sex == "male":
        raise Refused("Người được chọn làm mẹ là nam.", field="mother")
    if mother.birth_date and (years := data.born_on.year - mother.birth_date.year) < NO_MOTHER_BEFORE:
        raise Refused(
            f"{mother.full_name} sinh năm {mother.birth_date.year}, mới khoảng {max(years, 0)} tuổi: "
            "không thể là mẹ. Hãy mở trang của người mẹ.",
            field="mother",
        )
    if not 1 <= len(data.babies) <= MOST:
        raise Refused(f"Mỗi lần sinh ghi từ 1 đến {MOST} bé.", field="sex_1")
    if data.place not in BirthPlace.values:
        raise Refused("Hãy chọn nơi sinh.", field="place")
    if data.born_on > today:
        raise Refused("Ngày sinh còn ở tương lai.", field="born_on")
    if data.order is not None and not 1 <= data.order <= 20:
        raise Refused("Con thứ mấy: từ 1 đến 20.", field="order")


def _doubts(mother: Person, data: BirthData) -> list[Warning]:
    """A child of hers entered already for this birth, or another birth too close. One query."""
    near = dt.timedelta(days=APART)
    days = (
        Person.unscoped.filter(  # unscoped: of her own children, wherever they live, the day alone is told
            mother=mother,
            birth_precision="day",
            birth_date__gt=data.born_on - near,
            birth_date__lt=data.born_on + near,
            merged_into=None,
        )
        .order_by("birth_date")
        .values_list("birth_date", flat=True)
    )
    if not (known := [day for day in days if day]):
        return []
    if any(abs((day - data.born_on).days) <= 1 for day in known):
        sentence = f"Đã có trẻ con bà này sinh ngày {date_words(data.born_on)} trong sổ. Ghi trùng?"
    else:
        sentence = f"Con khác của bà này sinh ngày {date_words(known[0])}, cách dưới 25 tuần. Xem lại ngày."
    return [Warning("close_births", sentence, "born_on")]
