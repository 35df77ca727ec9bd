"""Health records (QĐ 831) of a part of an invented commune's people, as rows of patients.

A source of chance of its own: whoever changes this leaves people and visits as they were.
"""

import random
from collections import Counter
from datetime import timedelta

from apps.patients.models import (
    AskedNone,
    BirthHistory,
    Disability,
    FamilyDisease,
    HealthRecord,
    OwnDisease,
    ReproductiveHistory,
    RiskFactors,
    Surgery,
)
from apps.population.bulk import Sheet
from apps.population.chance import Weighted, day_ms, made_id, moment, source
from apps.population.commune import Commune
from apps.population.families import age_on
from apps.population.ground import Ground
from apps.population.people import Person

STAMPS = ("created_at", "updated_at")
ROW = ("id", "person_id", "said_at", "said_by_name", *STAMPS)
KEPT = 0.45  # share of people whose record was begun
YEARS_BACK = 500  # days before the demo's day within which records were gone through: some are due again

# What brings a person back (people.Person.chronic) as lines of B.3: code of the form, ICD-10, words.
CHRONIC = {
    "hypertension": ("02", "I10", ""),
    "diabetes": ("03", "E11.9", ""),
    "copd": ("05", "J44.9", ""),
    "asthma": ("06", "J45.9", ""),
    "knees": ("15", "M17.9", "Thoái hóa khớp gối"),
}
OTHERS = Weighted(
    [(("04", "", "Viêm dạ dày"), 9), (("07", "", "Bướu giáp đơn thuần"), 3), (("08", "", "Viêm gan B"), 5),
     (("14", "", "Lao phổi, đã điều trị đủ"), 2), (("01", "", "Bệnh van tim"), 2), (("12", "", ""), 1)]
)  # fmt: skip
OPERATIONS = Weighted(
    [("Cắt ruột thừa", 8), ("Kết hợp xương cẳng tay sau tai nạn", 4), ("Mổ đục thủy tinh thể", 4),
     ("Mổ thoát vị bẹn", 3), ("Cắt amidan", 3), ("Mổ sỏi mật", 2)]
)  # fmt: skip
DISABILITIES = Weighted(
    [(("2", "3", "Giảm thị lực hai mắt"), 5), (("1", "3", "Nghe kém tai phải"), 4),
     (("4", "2", "Di chứng bại liệt chân trái"), 2), (("3", "2", "Mất ngón tay do tai nạn"), 2)]
)  # fmt: skip
IN_THE_FAMILY = Weighted([("02", 10), ("03", 6), ("13", 3), ("01", 3), ("06", 2), ("14", 1)])
RELATIVES = Weighted([("01", 5), ("02", 5), ("07", 3), ("03", 1), ("05", 1)])
CONTRACEPTION = Weighted([("0", 30), ("1", 28), ("2", 18), ("5", 16), ("3", 5), ("4", 2), ("6", 1)])


def write(commune: Commune, ground: Ground) -> list[Sheet]:
    """The sheets of all sections; not sent yet."""
    made = _Records(commune, ground)
    for person in commune.people:
        if made.rng.random() < KEPT:
            made.add(person)
    return made.sheets


class _Records:
    """The sheets while they are filled."""

    def __init__(self, commune: Commune, ground: Ground) -> None:
        self.rng: random.Random = source(commune.plan.seed, commune.plan.slot, "health records")
        self.on = commune.plan.on
        self.children = Counter(person.mother for person in commune.people if person.mother)
        self.youngest = {person.mother: person.birth.year for person in commune.people if person.mother}
        for person in commune.people:
            if person.mother:
                self.youngest[person.mother] = max(self.youngest[person.mother], person.birth.year)
        self.names = [each.full_name for each in ground.staff] or [""]
        self.records = Sheet(HealthRecord, [*ROW, "reviewed_on", "reviewed_by_name"])
        self.births = Sheet(BirthHistory, [*ROW, "method", "preterm", "asphyxia", "weight_g", "length_cm"])
        self.risks = Sheet(
            RiskFactors,
            [*ROW, "tobacco", "tobacco_a_day", "alcohol", "alcohol_glasses", "drugs", "activity", "exposure"],
        )
        self.diseases = Sheet(
            OwnDisease, [*ROW, "code", "icd_code", "text", "since_year", "restricted", "restricted_by"]
        )
        self.disabilities = Sheet(Disability, [*ROW, "code", "degree", "text"])
        self.operations = Sheet(Surgery, [*ROW, "text", "year"])
        self.family = Sheet(FamilyDisease, [*ROW, "code", "relative"])
        self.women = Sheet(
            ReproductiveHistory,
            [*ROW, "contraception", "last_pregnancy_year", "pregnancies", "miscarriages", "abortions",
             "deliveries", "normal", "caesarean", "term", "preterm", "living_children"],
        )  # fmt: skip
        self.nones = Sheet(AskedNone, [*ROW, "part"])

    @property
    def sheets(self) -> list[Sheet]:
        return [
            *(self.records, self.births, self.risks, self.diseases, self.disabilities, self.operations),
            *(self.family, self.women, self.nones),
        ]

    def add(self, person: Person) -> None:
        """One record, written on the day on which it was last gone through."""
        rng = self.rng
        day = max(person.recorded, self.on - timedelta(days=rng.randrange(1, YEARS_BACK)))
        self.day, self.person, self.name = day, person, rng.choice(self.names)
        self.age = age_on(person.birth, day)
        self.records.add(*self._row(), day, self.name)
        if self.age < 15 and rng.random() < 0.8:
            self._birth()
        if self.age >= 15:
            self._risks()
        self._diseases()
        self._body()
        if person.sex == "female" and self.age >= 20 and person.marital == "2":
            self._woman()

    def _row(self) -> tuple[str, ...]:
        at = moment(self.day, 560)
        return made_id(self.rng, day_ms(self.day, 560)), self.person.id, at, self.name, at, at

    def _birth(self) -> None:
        rng = self.rng
        early = rng.random() < 0.07
        grams = int(min(4600, max(1600, round(rng.gauss(2450 if early else 3150, 330), -1))))
        length = round(min(54.0, max(41.0, rng.gauss(46 if early else 49.5, 1.5))), 1)
        self.births.add(
            *self._row(), "1" if rng.random() < 0.28 else "0", early, rng.random() < 0.01, grams, length
        )

    def _risks(self) -> None:
        rng, man = self.rng, self.person.sex == "male"
        smokes = rng.random() < (0.4 if man else 0.02)
        drinks = rng.random() < (0.6 if man else 0.06)
        fields = self.person.occupation in ("61", "63", "92")
        self.risks.add(
            *self._row(), "2" if smokes else "0", rng.choice((5, 10, 10, 15, 20)) if smokes else None,
            rng.choice(("1", "1", "2")) if drinks else "0", rng.choice((1, 1, 2, 3)) if drinks else None,
            "0", rng.choice(("0", "1", "1", "2")), ["1", "2"] if fields else [],
        )  # fmt: skip

    def _diseases(self) -> None:
        rng, person = self.rng, self.person
        lines = [CHRONIC[each] for each in person.chronic if each in CHRONIC]
        if self.age >= 25 and rng.random() < 0.07:
            lines.append(OTHERS.draw(rng))
        for code, icd, text in lines:
            since = max(person.birth.year, self.day.year - rng.randrange(1, 12))
            self.diseases.add(*self._row(), code, icd, text, since, False, [])
        if self.age >= 18 and rng.random() < 0.006:
            since = max(person.birth.year + 12, self.day.year - rng.randrange(1, 12))
            self.diseases.add(*self._row(), "10", "F32.9", "", since, True, ["mental"])
        elif not lines and rng.random() < 0.7:
            self.nones.add(*self._row(), "benh-tat")

    def _body(self) -> None:
        rng, person = self.rng, self.person
        if rng.random() < (0.08 if self.age >= 60 else 0.01):
            self.disabilities.add(*self._row(), *DISABILITIES.draw(rng))
        elif rng.random() < 0.7:
            self.nones.add(*self._row(), "khuyet-tat")
        if self.age >= 15 and rng.random() < 0.09:
            year = rng.randrange(person.birth.year + 8, self.day.year + 1)
            self.operations.add(*self._row(), OPERATIONS.draw(rng), year)
        elif rng.random() < 0.7:
            self.nones.add(*self._row(), "phau-thuat")
        if rng.random() < 0.15:
            self.family.add(*self._row(), IN_THE_FAMILY.draw(rng), RELATIVES.draw(rng))

    def _woman(self) -> None:
        rng, person = self.rng, self.person
        births = self.children[person.id] + (rng.choice((0, 0, 1, 2)) if self.age >= 45 else 0)
        caesarean = min(births, rng.choice((0, 0, 0, 1, 2)))
        lost = rng.choice((0, 0, 0, 0, 1))
        preterm = 1 if births and rng.random() < 0.06 else 0
        uses = CONTRACEPTION.draw(rng) if self.age < 50 else "0"
        last = self.youngest.get(person.id)
        self.women.add(
            *self._row(), uses, last if births else None, births + lost, lost, 0,
            births, births - caesarean, caesarean, births - preterm, preterm, births,
        )  # fmt: skip
