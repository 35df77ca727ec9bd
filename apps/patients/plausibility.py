"""What may be said of a person: what blocks a save, what asks for a reason. Pure; docs/plausibility.md
lists it.

Dates of reference are passed in. Sentences are shown as they stand.
"""

import datetime as dt
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from apps.core.errors import Refused, Warning
from apps.patients.data import NumberData, PersonData
from apps.patients.identifiers import SENTENCES, Context, check, citizen_doubts

NAME_LIMIT = 100
OLDEST = 120  # years: the oldest people on record lived two more
OLD = 105  # years: beyond, a slip of the year is likelier than the age
YOUNGEST_MOTHER = 12  # years between parent and child: up to here it is asked about
OLDEST_MOTHER = 55  # years: births beyond are known, and rarer than slips of the year
PREGNANCY = 310  # days: the longest that a child may follow its father's death
PARENT_WORDS = {"mother": ("mẹ", "male"), "father": ("bố", "female")}

SEXES = ("male", "female", "unknown")
KIND_NAMES = {"cccd": "CCCD", "cmnd": "CMND", "bhxh": "Mã số BHXH", "bhyt": "Số thẻ BHYT"}


def blocks(data: PersonData, today: dt.date) -> list[Refused]:
    """What the law or arithmetic says no to."""
    found = []
    if not any(char.isalpha() for char in data.full_name):
        found.append(Refused("Hãy nhập họ và tên.", field="full_name"))
    elif len(data.full_name) > NAME_LIMIT:
        found.append(
            Refused(f"Họ tên dài {len(data.full_name)} chữ, tối đa là {NAME_LIMIT}.", field="full_name")
        )
    if data.sex not in SEXES:
        found.append(Refused("Hãy chọn giới tính.", field="sex"))
    if data.birth_date and data.birth_date > today:
        found.append(Refused("Ngày sinh còn ở tương lai.", field="birth_date"))
    if data.guardian_number and (judged := check("cccd", data.guardian_number)).result == "invalid":
        found.append(Refused(judged.sentence, field="guardian_number"))
    if data.phone and not re.fullmatch("0[0-9]{9,10}", data.phone):
        found.append(Refused("Số điện thoại phải có 10 hoặc 11 chữ số và bắt đầu bằng số 0.", field="phone"))
    if data.died_on:
        if data.life_status != "dead":
            found.append(Refused("Có ngày mất thì tình trạng phải là Đã mất.", field="life_status"))
        if data.died_on > today:
            found.append(Refused("Ngày mất còn ở tương lai.", field="died_on"))
        if data.birth_date and data.died_on < data.birth_date:
            found.append(Refused("Ngày mất phải từ ngày sinh trở đi.", field="died_on"))
    return found


def doubts(
    data: PersonData, numbers: Iterable[NumberData], today: dt.date, *, named: bool = True
) -> list[Warning]:
    """What is odd but may be right, once somebody says why. `named`: the name is a person's own."""
    found = []
    if named and (odd := odd_in_name(data.full_name)):
        found.append(
            Warning("name_characters", f"Họ tên có ký tự lạ: {odd}. Hãy xem lại giấy tờ.", "full_name")
        )
    until = data.died_on or today
    if data.birth_date and (years := until.year - data.birth_date.year) > OLD:
        limit = OLDEST if years > OLDEST else OLD
        found.append(Warning("very_old", f"Người này trên {limit} tuổi. Hãy xem lại năm sinh.", "birth_date"))
    context = context_of(data, today)
    for number in numbers:
        if number.kind not in KIND_NAMES:
            continue
        judged = check(number.kind, number.value, context)
        if judged.result == "warn":
            reasons = citizen_doubts(judged.value, context) if len(judged.value) == 12 else [judged.reason]
            found += [Warning(reason, SENTENCES[reason], number.kind) for reason in reasons]
    return found


@dataclass(frozen=True)
class Parent:
    """What is known of a mother or father beside her child."""

    sex: str
    birth_date: dt.date | None
    birth_precision: str
    died_on: dt.date | None


def _years_before(parent: Parent, data: PersonData) -> int | None:
    """Years from the parent's birth to the child's; where either is known to the year alone, of the years."""
    if parent.birth_date is None or data.birth_date is None:
        return None
    years = data.birth_date.year - parent.birth_date.year
    if "year" in (parent.birth_precision, data.birth_precision):
        return years
    before = (data.birth_date.month, data.birth_date.day) < (parent.birth_date.month, parent.birth_date.day)
    return years - before


def parent_blocks(data: PersonData, parents: Mapping[str, Parent]) -> list[Refused]:
    """What a mother or father ('mother', 'father') cannot be."""
    found = []
    for role, parent in parents.items():
        word, wrong = PARENT_WORDS[role]
        years = _years_before(parent, data)
        if parent.sex == wrong:
            found.append(Refused(f"Người được chọn làm {word} có giới tính không khớp.", field=role))
        elif years is not None and years <= 0:
            found.append(Refused(f"{word.capitalize()} sinh cùng năm hoặc sau người này.", field=role))
        elif data.birth_date and data.birth_precision == "day" and _gone(role, parent, data.birth_date):
            found.append(Refused(f"{word.capitalize()} đã mất trước khi người này ra đời.", field=role))
    return found


def _gone(role: str, parent: Parent, born: dt.date) -> bool:
    """A mother lives on the day of birth; a father lived within the pregnancy before it."""
    if parent.died_on is None:
        return False
    return parent.died_on < (born if role == "mother" else born - dt.timedelta(days=PREGNANCY))


def parent_doubts(data: PersonData, parents: Mapping[str, Parent]) -> list[Warning]:
    """A parent who was hardly more than a child, or an old woman."""
    found = []
    for role, parent in parents.items():
        years, word = _years_before(parent, data), PARENT_WORDS[role][0].capitalize()
        if years is None or years <= 0:
            continue
        if years <= YOUNGEST_MOTHER:
            found.append(
                Warning("young_parent", f"{word} mới {years} tuổi khi sinh. Hãy xem lại năm sinh.", role)
            )
        elif role == "mother" and years > OLDEST_MOTHER:
            found.append(Warning("old_mother", f"Mẹ đã {years} tuổi khi sinh. Hãy xem lại năm sinh.", role))
    return found


def odd_in_name(name: str) -> str:
    """The characters of a name that do not belong into one, each once; empty when all do."""
    odd = [char for char in name if not (char.isalpha() or unicodedata.combining(char) or char in " '’ʼ-.")]
    return " ".join(dict.fromkeys(odd))


def context_of(data: PersonData, today: dt.date) -> Context:
    """What a number of this person is held against."""
    sex = data.sex if data.sex in ("male", "female") else None
    return Context(dob=data.birth_date, sex=sex, on=today)  # type: ignore[arg-type]


def number_block(number: NumberData) -> Refused | None:
    """Why a number cannot be stored, if so."""
    if number.kind == "temporary" and not re.search("[A-Za-z]", number.value):
        return Refused("Mã tạm phải có chữ cái, để không nhầm với số định danh 12 số.", field=number.kind)
    if number.kind not in KIND_NAMES:
        return None if number.value else Refused("Hãy nhập số giấy tờ.", field=number.kind)
    judged = check(number.kind, number.value)
    return Refused(judged.sentence, field=number.kind) if judged.result == "invalid" else None
