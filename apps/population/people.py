"""From families to people: names, numbers, work, school, insurance, allergies, old illnesses. Pure."""

import random
from dataclasses import dataclass
from datetime import date, timedelta
from typing import cast

from . import names
from .chance import Weighted, day_ms, made_id
from .families import Family, Member, age_on, family
from .numbers import BIRTH_PROVINCES, Numbers

POVERTY = Weighted([("", 0.90), ("near_poor", 0.06), ("poor", 0.04)])
POVERTY_HIGHLAND = Weighted([("", 0.66), ("near_poor", 0.14), ("poor", 0.20)])

# Codes of the list of occupations (QĐ 34/2020/QĐ-TTg, level 2).
NO_WORK = "00000"
WORK_RURAL = Weighted(
    [("63", 30), ("61", 18), ("92", 16), ("62", 4), ("71", 6), ("75", 7), ("52", 7), ("51", 3), ("83", 4),
     ("93", 3), ("23", 2), ("22", 0.6), ("33", 1), ("95", 2), ("01", 0.4), ("15", 0.6)]
)  # fmt: skip
WORK_URBAN = Weighted(
    [("52", 18), ("51", 9), ("75", 12), ("71", 9), ("83", 8), ("23", 5), ("22", 2), ("24", 4), ("33", 5),
     ("41", 4), ("92", 6), ("93", 6), ("95", 5), ("74", 4), ("26", 3), ("01", 1), ("02", 1)]
)  # fmt: skip
OFFICE = {"15", "22", "23", "24", "26", "33", "41"}  # insured through the employer
FACTORY = {"75", "81", "82", "74", "83"}

# Substances people report, with the reaction and how sure: (kind, substance, reaction, certainty, weight).
ALLERGIES = Weighted(
    [
        (("drug", "Amoxicilin", "Nổi mày đay", "confirmed"), 5),
        (("drug", "Phenoxymethylpenicilin", "Nổi mẩn ngứa toàn thân", "suspected"), 6),
        (("drug", "Cefalexin", "Ngứa, phát ban", "suspected"), 3),
        (("drug", "Acid acetylsalicylic", "Khó thở, khò khè", "confirmed"), 2),
        (("drug", "Sulfamethoxazol + trimethoprim", "Hồng ban, phỏng nước ở da", "confirmed"), 2),
        (("drug", "Diclofenac", "Phù mi mắt", "suspected"), 3),
        (("food", "Tôm, cua, ghẹ", "Nổi mày đay", "confirmed"), 8),
        (("food", "Nhộng tằm", "Khó thở, nổi mẩn", "confirmed"), 2),
        (("food", "Đậu phộng", "Ngứa miệng", "suspected"), 2),
        (("other", "Nọc ong", "Sưng nề lan rộng", "confirmed"), 2),
        (("chemical", "Cồn iod", "Bỏng rát da", "suspected"), 1),
    ]
)
BLOOD = Weighted([("O+", 42), ("B+", 31), ("A+", 21), ("AB+", 6)])


@dataclass(slots=True)
class Person:
    """An invented person. Dates are local; `mother` and `father` are ids of people of the same commune."""

    id: str
    no: int  # 1.. within the commune
    household: int  # index of the household
    hamlet: int  # index of the hamlet
    relation: str
    full_name: str
    sex: str
    birth: date
    precision: str
    ethnicity: str
    occupation: str
    education: str
    marital: str
    phone: str
    cccd: str
    cccd_on: date | None
    card: str  # id of the insurance card's row, empty without one
    bhyt: str
    bhyt_object: str
    bhyt_level: int
    blood: str
    mother: str | None
    father: str | None
    allergies: tuple[tuple[str, str, str, str], ...]
    chronic: tuple[str, ...]
    build: float  # how tall and heavy among people of the same age and sex, about -2 to 2
    recorded: date  # the day the station entered this person


@dataclass(slots=True)
class Household:
    """An invented household; `no` is 1.. within the commune."""

    id: str
    no: int
    hamlet: int
    address: str
    poverty: str
    recorded: date


def household(
    rng: random.Random,
    numbers: Numbers,
    *,
    on: date,
    start: date,
    profile: names.Profile,
    peoples: Weighted[str],
    hamlet: int,
    index: int,
    first_no: int,
) -> tuple[Household, list[Person]]:
    """One household with its people; those born before `start` were recorded on it, the others after
    birth."""
    made = family(rng, on)
    poverty = (POVERTY_HIGHLAND if "highland" in profile.name else POVERTY).draw(rng)
    address = f"Tổ {rng.randint(1, 9)}"
    if profile.name == "urban":
        address = f"{rng.randint(1, 240)} {rng.choice(names.streets())}"
    home = Household(made_id(rng, day_ms(start, 480)), index + 1, hamlet, address, poverty, start)
    _name_lines(rng, made, peoples.draw(rng), peoples)
    for member in made.members:
        member.id = made_id(rng, day_ms(_recorded(member, start, on), 481))
    people = [
        _person(rng, numbers, member, home, index, first_no + n, on=on, start=start, profile=profile)
        for n, member in enumerate(made.members)
    ]
    return home, people


def _name_lines(rng: random.Random, made: Family, ethnicity: str, peoples: Weighted[str]) -> None:
    """Give each member a lineage: children their father's (else mother's), who married in one of their
    own."""
    for member in sorted(made.members, key=lambda m: m.birth):
        parents = [p for p in (member.father, member.mother) if p is not None and p.line is not None]
        if parents:
            member.line = parents[0].line
        elif member.mother or member.father:
            member.line = names.lineage(rng, ethnicity)
        else:
            own = ethnicity if rng.random() < 0.93 else peoples.draw(rng)
            member.line = names.lineage(rng, own)


def _recorded(member: Member, start: date, on: date) -> date:
    return start if member.birth < start else min(member.birth + timedelta(days=5), on)


def _person(
    rng: random.Random,
    numbers: Numbers,
    member: Member,
    home: Household,
    index: int,
    no: int,
    *,
    on: date,
    start: date,
    profile: names.Profile,
) -> Person:
    line = cast(names.Lineage, member.line)
    age = age_on(member.birth, on)
    old = age >= 68 and rng.random() < 0.18  # old people who know only the year
    birth = date(member.birth.year, 1, 1) if old else member.birth
    work = _work(rng, age, profile)
    cccd, cccd_on = _cccd(rng, numbers, member.sex, birth, age, on)
    bhyt, code, level = _insurance(rng, numbers, age, work, home.poverty, line.ethnicity, profile)
    inside = {m.id for m in (member.mother, member.father) if m is not None and m.id}
    mother = member.mother.id if member.mother and member.mother.id in inside else None
    father = member.father.id if member.father and member.father.id in inside else None
    return Person(
        id=member.id,
        no=no,
        household=index,
        hamlet=home.hamlet,
        relation=member.relation,
        full_name=names.full_name(rng, line, member.sex, member.birth.year),
        sex=member.sex,
        birth=birth,
        precision="year" if old else "day",
        ethnicity=line.ethnicity,
        occupation=work,
        education=_education(rng, age),
        marital=member.married,
        phone=numbers.phone() if age >= 15 and rng.random() < (0.9 if age < 65 else 0.5) else "",
        cccd=cccd,
        cccd_on=cccd_on,
        card=made_id(rng, day_ms(_recorded(member, start, on), 483)) if bhyt else "",
        bhyt=bhyt,
        bhyt_object=code,
        bhyt_level=level,
        blood=BLOOD.draw(rng) if rng.random() < 0.2 else "",
        mother=mother,
        father=father,
        allergies=(ALLERGIES.draw(rng),) if age >= 1 and rng.random() < 0.04 else (),
        chronic=_chronic(rng, age, member.sex),
        build=max(-2.0, min(2.0, rng.gauss(0, 0.8))),
        recorded=_recorded(member, start, on),
    )


def _work(rng: random.Random, age: int, profile: names.Profile) -> str:
    if age < 16 or age >= 72 or (age < 22 and rng.random() < 0.5):
        return NO_WORK
    return (WORK_URBAN if profile.name == "urban" else WORK_RURAL).draw(rng)


def _education(rng: random.Random, age: int) -> str:
    """Code of the list education_level: by age while at school, drawn afterwards."""
    if age < 3:
        return "01"
    if age < 6:
        return "02"
    if age < 11:
        return "03"
    if age < 15:
        return "04"
    if age < 18:
        return "05"
    if age >= 65:
        return rng.choices(("03", "04", "05", "06"), (35, 35, 22, 8))[0]
    return rng.choices(("04", "05", "06", "08", "09", "10"), (17, 34, 31, 6, 5, 7))[0]


def _cccd(
    rng: random.Random, numbers: Numbers, sex: str, birth: date, age: int, on: date
) -> tuple[str, date | None]:
    known = 0.55 if age < 6 else 0.75 if age < 14 else 0.985
    if rng.random() >= known:
        return "", None
    provinces = BIRTH_PROVINCES.get(numbers.province, ((f"0{numbers.province}", 1.0),))
    province = rng.choices([p for p, _ in provinces], [w for _, w in provinces])[0]
    number = numbers.cccd(province, sex, birth)
    if age < 14:
        return number, None  # the number is known from the birth certificate, no card yet
    earliest = min(on, max(date(2021, 3, 1), birth + timedelta(days=5114)))
    return number, earliest + timedelta(days=rng.randrange(max(1, (on - earliest).days)))


def _insurance(
    rng: random.Random,
    numbers: Numbers,
    age: int,
    work: str,
    poverty: str,
    ethnicity: str,
    profile: names.Profile,
) -> tuple[str, str, int]:
    """Card number, object group and benefit level, all empty for the twentieth who has none."""
    if age < 6:
        code = "TE"
    elif poverty == "poor":
        code = "HN"
    elif "highland" in profile.name and ethnicity != names.KINH:
        code = "DT"
    elif poverty == "near_poor":
        code = "CN"
    elif age < 18:
        code = "HS"
    elif age >= 80:
        code = "BT"
    elif age >= 60 and rng.random() < 0.2:
        code = "HT"
    elif work in OFFICE:
        code = "HC"
    elif work in FACTORY and rng.random() < 0.6:
        code = "DN"
    else:
        code = "GD"
    if rng.random() < (0.02 if code != "GD" else 0.13):
        return "", "", 0
    number = numbers.bhyt(code, numbers.bhxh())
    return number, code, int(number[2])


def _chronic(rng: random.Random, age: int, sex: str) -> tuple[str, ...]:
    """Illnesses that bring a person back each month or quarter."""
    found: list[str] = []
    if age >= 35:
        over = age - 35
        if rng.random() < min(0.30, 0.01 + over * 0.007):
            found.append("hypertension")
        if rng.random() < min(0.08, 0.003 + over * 0.002):
            found.append("diabetes")
        if rng.random() < min(0.05, over * 0.001 * (1.8 if sex == "male" else 0.6)):
            found.append("copd")
        if rng.random() < min(0.12, over * 0.003):
            found.append("knees")
    elif age >= 3 and rng.random() < 0.02:
        found.append("asthma")
    return tuple(found)
