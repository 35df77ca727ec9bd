"""Families of a Vietnamese commune: couples, their children at home, three generations, elders alone. Pure.

A household is grown from its oldest couple or the couple of its head; children are born to a mother of
plausible age and stay or leave by their age; one child may stay, marry and have children at home.
Ages are in days before `on`; relations are codes of the list relationship_to_head.
"""

import random
from dataclasses import dataclass, field
from datetime import date, timedelta

from .chance import Weighted

YEAR = 365.2425
MOTHER_FROM, MOTHER_TO = 18, 44  # completed years at a birth

# Age of the oldest adult of a household, by five-year band (band's first year, weight).
HEAD_AGES = Weighted(
    [(20, 1.5), (25, 5), (30, 8.5), (35, 10), (40, 10.5), (45, 10.5), (50, 11), (55, 11), (60, 10.5),
     (65, 8.5), (70, 5.5), (75, 3.2), (80, 2.2), (85, 1.2), (90, 0.4)]
)  # fmt: skip
# Children ever born, by the mother's birth year.
CHILDREN_BEFORE_1962 = Weighted([(0, 3), (1, 5), (2, 14), (3, 26), (4, 26), (5, 16), (6, 10)])
CHILDREN_BEFORE_1980 = Weighted([(0, 4), (1, 12), (2, 44), (3, 27), (4, 10), (5, 3)])
CHILDREN_SINCE = Weighted([(0, 4), (1, 18), (2, 52), (3, 21), (4, 5)])

HEAD, WIFE, HUSBAND, FATHER, MOTHER, CHILD = "00", "01", "02", "03", "04", "05"
DAUGHTER_IN_LAW, SON_IN_LAW, SONS_CHILD, DAUGHTERS_CHILD = "07", "08", "09", "10"


@dataclass(slots=True, eq=False)
class Member:
    """One person of a family, before names and numbers."""

    sex: str
    birth: date
    mother: "Member | None" = None
    father: "Member | None" = None
    partner: "Member | None" = None
    married: str = "1"  # code of marital_status: 1 single, 2 married, 3 widowed, 4 divorced
    relation: str = HEAD
    line: object = None  # names.Lineage, set when named
    id: str = ""


@dataclass(slots=True)
class Family:
    members: list[Member] = field(default_factory=list)


def age_on(birth: date, on: date) -> int:
    return on.year - birth.year - ((on.month, on.day) < (birth.month, birth.day))


def born(rng: random.Random, on: date, years: float) -> date:
    """A birthday such that the person is about `years` old on the day."""
    return on - timedelta(days=int(years * YEAR) + rng.randrange(365))


def _children(rng: random.Random, mother: Member, father: Member | None, on: date) -> list[Member]:
    year = mother.birth.year
    parity = CHILDREN_BEFORE_1962 if year < 1962 else CHILDREN_BEFORE_1980 if year < 1980 else CHILDREN_SINCE
    made: list[Member] = []
    at = min(max(rng.gauss(23.5, 3.2), MOTHER_FROM + 0.1), 36)
    for _ in range(parity.draw(rng)):
        birth = mother.birth + timedelta(days=int(at * YEAR) + 1)
        if at >= MOTHER_TO or birth >= on:
            break
        sex = "male" if rng.random() < 0.522 else "female"
        made.append(Member(sex, birth, mother=mother, father=father))
        at += min(max(rng.gauss(4.0, 2.0), 1.2), 10)
    return made


def _couple(rng: random.Random, on: date, older: Member) -> Member:
    """A partner of plausible age: the wife about three years the younger."""
    gap = min(max(rng.gauss(2.8, 2.6), -4), 11) * YEAR
    birth = older.birth + timedelta(days=int(gap if older.sex == "male" else -gap))
    partner = Member("female" if older.sex == "male" else "male", birth, partner=older)
    older.partner = partner
    older.married = partner.married = "2"
    return partner


def _marries(rng: random.Random, member: Member, on: date) -> bool:
    age = age_on(member.birth, on)
    chance = (
        min(0.93, max(0.0, (age - 20) / 10))
        if member.sex == "male"
        else min(0.94, max(0.0, (age - 18.5) / 8))
    )
    return rng.random() < chance


def _stays(rng: random.Random, age: int) -> bool:
    """Whether an unmarried child still lives at home: school to 18, then study and work elsewhere."""
    if age < 18:
        return rng.random() < 0.985
    return rng.random() < (0.62 if age < 23 else 0.38 if age < 27 else 0.12 if age < 40 else 0.03)


def _widowed(rng: random.Random, member: Member, on: date) -> bool:
    """Whether one of an old couple has died; it grows with the age of the older."""
    return rng.random() < max(0.0, (age_on(member.birth, on) - 46) * 0.016)


def family(rng: random.Random, on: date) -> Family:
    """One household with its relations to the head set; the head comes first."""
    years = HEAD_AGES.draw(rng) + rng.random() * 5
    sex = "male" if rng.random() < (0.86 if years < 75 else 0.5) else "female"
    elder = Member(sex, born(rng, on, years - 0.5))
    members = [elder]
    partner = _couple(rng, on, elder) if _marries(rng, elder, on) else None
    children: list[Member] = []
    if partner:
        mother, father = (elder, partner) if elder.sex == "female" else (partner, elder)
        children = _children(rng, mother, father, on)
        if _widowed(rng, elder, on):
            if rng.random() < (0.78 if elder.sex == "male" else 0.22):
                elder, partner = partner, elder
            members = [elder]
            _alone(elder, partner, children, "3")
        elif years < 60 and rng.random() < 0.035:
            _alone(elder, partner, children, "4")
        else:
            members.append(partner)
    elif sex == "female" and 22 < years < 45 and rng.random() < 0.4:
        children = _children(rng, elder, None, on)[:1]
    heir = _heir(rng, children, on)
    household = Family(members)
    for child in children:
        if child is heir or _stays(rng, age_on(child.birth, on)):
            household.members.append(child)
    if heir and _marries(rng, heir, on):
        spouse = _couple(rng, on, heir)
        household.members.append(spouse)
        mother, father = (heir, spouse) if heir.sex == "female" else (spouse, heir)
        for grandchild in _children(rng, mother, father, on):
            if _stays(rng, age_on(grandchild.birth, on)):
                household.members.append(grandchild)
    _relate(rng, household, elder, heir, on)
    return household


def _alone(elder: Member, gone: Member, children: list[Member], married: str) -> None:
    """The partner has died or left: nobody of the household is related to a person who is not in it."""
    elder.married, elder.partner = married, None
    for child in children:
        child.mother = None if child.mother is gone else child.mother
        child.father = None if child.father is gone else child.father


def _heir(rng: random.Random, children: list[Member], on: date) -> Member | None:
    """The grown child who stays with the parents: the younger sons first."""
    grown = [child for child in children if age_on(child.birth, on) >= 24]
    if not grown or rng.random() > 0.52:
        return None
    sons = [child for child in grown if child.sex == "male"]
    return (sons or grown)[-1]


def _relate(rng: random.Random, household: Family, elder: Member, heir: Member | None, on: date) -> None:
    """Set each relation to the head, who is put first: the elder, or the heir of old parents."""
    head = elder
    if heir and heir.partner and age_on(elder.birth, on) >= 68 and rng.random() < 0.6:
        head = heir
    for member in household.members:
        if member is head:
            member.relation = HEAD
        elif member is head.partner:
            member.relation = WIFE if member.sex == "female" else HUSBAND
        elif head is heir and (member is elder or member is elder.partner):
            member.relation = FATHER if member.sex == "male" else MOTHER
        elif member.mother is head or member.father is head:
            member.relation = CHILD
        elif heir and member is heir.partner:
            member.relation = DAUGHTER_IN_LAW if member.sex == "female" else SON_IN_LAW
        elif heir and (member.mother is heir or member.father is heir):
            member.relation = SONS_CHILD if heir.sex == "male" else DAUGHTERS_CHILD
        elif head is heir:  # an unmarried brother or sister of the head
            older = member.birth < head.birth
            member.relation = ("13" if member.sex == "male" else "14") if older else "15"
        else:  # a child whose parent of the household has died or left is still the head's child
            member.relation = CHILD
    household.members.sort(key=lambda member: member is not head)
