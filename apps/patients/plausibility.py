"""What may be said of a person: what blocks a save, what asks for a reason. Pure; docs/plausibility.md
lists it.

Dates of reference are passed in. Sentences are shown as they stand.
"""

import datetime as dt
import re
import unicodedata
from collections.abc import Iterable

from apps.core.errors import Refused, Warning
from apps.patients.data import NumberData, PersonData
from apps.patients.identifiers import SENTENCES, Context, check, citizen_doubts

NAME_LIMIT = 100
OLDEST = 120  # years: the oldest people on record lived two more
OLD = 105  # years: beyond, a slip of the year is likelier than the age
YOUNGEST_MOTHER = 12  # years between mother and child

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
    if data.birth_date:
        if data.birth_date > today:
            found.append(Refused("Ngày sinh còn ở tương lai.", field="birth_date"))
        elif today.year - data.birth_date.year > OLDEST:
            found.append(Refused(f"Ngày sinh quá {OLDEST} năm trước, hãy xem lại năm.", field="birth_date"))
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


def doubts(data: PersonData, numbers: Iterable[NumberData], today: dt.date) -> list[Warning]:
    """What is odd but may be right, once somebody says why."""
    found = []
    if odd := odd_in_name(data.full_name):
        found.append(
            Warning("name_characters", f"Họ tên có ký tự lạ: {odd}. Hãy xem lại giấy tờ.", "full_name")
        )
    if data.birth_date and OLD < today.year - data.birth_date.year <= OLDEST:
        found.append(Warning("very_old", f"Người này trên {OLD} tuổi. Hãy xem lại năm sinh.", "birth_date"))
    context = context_of(data, today)
    for number in numbers:
        if number.kind not in KIND_NAMES:
            continue
        judged = check(number.kind, number.value, context)
        if judged.result == "warn":
            reasons = citizen_doubts(judged.value, context) if len(judged.value) == 12 else [judged.reason]
            found += [Warning(reason, SENTENCES[reason], number.kind) for reason in reasons]
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
    if number.kind not in KIND_NAMES:
        return None if number.value else Refused("Hãy nhập số giấy tờ.", field=number.kind)
    judged = check(number.kind, number.value)
    return Refused(judged.sentence, field=number.kind) if judged.result == "invalid" else None
