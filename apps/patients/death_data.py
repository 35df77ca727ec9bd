"""What a form says about a death before anything is stored, and how it is checked. Plain values."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from typing import Any, Self

from django.utils import timezone

from apps.catalogues import icd
from apps.core import parameters
from apps.core.errors import Refused, Warning
from apps.core.text import clean
from apps.patients import death_rules
from apps.patients.death_rules import Cause
from apps.patients.models import Death, DeathPlace, MaternalTiming, Person, ThreeValued, TimelineEntry

MATERNAL = "deaths.maternal"


@dataclass(frozen=True)
class DeathData:
    """The fields of a death with its causes."""

    died_on: dt.date
    entered_on: dt.date
    place: str
    causes: tuple[Cause, ...]
    died_time: dt.time | None = None
    place_text: str = ""
    attended: str = ""
    certified_by: str = ""
    certificate_no: str = ""
    certificate_on: dt.date | None = None
    informant: str = ""
    autopsy: str = ""
    maternal: str = ""
    pregnancy_ended_on: dt.date | None = None
    injury_cause: str = ""
    note: str = ""

    def cleaned(self) -> Self:
        """Texts without odd marks and blanks; of the causes only those that say something, numbered."""
        texts: dict[str, Any] = {
            field.name: clean(value)
            for field in fields(self)
            if isinstance(value := getattr(self, field.name), str)
        }
        causes = tuple(
            replace(cause, code=cause.code.strip().upper(), text=clean(cause.text)) for cause in self.causes
        )
        return replace(self, **texts, causes=causes)

    @property
    def codes(self) -> list[str]:
        return [cause.code for cause in death_rules.filled(self.causes) if cause.code]


FIELDS = tuple(field.name for field in fields(DeathData) if field.name != "causes")


def asks_maternal(person: Person, died_on: dt.date, codes: Iterable[str] = ()) -> bool:
    """Whether the question of a maternal death has to be put for her."""
    return _asks(person, died_on, codes, parameters.value(MATERNAL, on=died_on))


def _asks(person: Person, died_on: dt.date, codes: Iterable[str], bounds: Any) -> bool:
    years = None
    if person.birth_date and person.birth_date <= died_on:
        years = death_rules.years_at(person.birth_date, died_on, person.birth_precision)
    return death_rules.asks_maternal(
        person.sex, years, list(codes), first=bounds["first_age"], last=bounds["last_age"]
    )


def blocks(person: Person, data: DeathData, today: dt.date) -> list[Refused]:
    """What the law or arithmetic says no to, each beside its field."""
    found = []
    if data.died_on > today:
        found.append(Refused("Ngày tử vong còn ở tương lai.", field="died_on"))
    if born_after(person, data.died_on):
        found.append(
            Refused(
                f"Ngày tử vong trước ngày sinh ({person.birth_words}). Hãy xem lại cả hai ngày.",
                field="died_on",
            )
        )
    if data.entered_on > today:
        found.append(Refused("Ngày ghi sổ còn ở tương lai.", field="entered_on"))
    elif data.entered_on < data.died_on:
        found.append(Refused("Ngày ghi sổ phải từ ngày tử vong trở đi.", field="entered_on"))
    if data.certificate_on and not data.died_on <= data.certificate_on <= today:
        found.append(
            Refused("Ngày cấp giấy báo tử phải từ ngày tử vong đến hôm nay.", field="certificate_on")
        )
    for field, value, choices in (
        ("place", data.place, DeathPlace.values),
        ("attended", data.attended, ["", *ThreeValued.values]),
        ("autopsy", data.autopsy, ["", *ThreeValued.values]),
        ("maternal", data.maternal, ["", *MaternalTiming.values]),
    ):
        if value not in choices:
            found.append(Refused("Hãy chọn một trong các ô có sẵn.", field=field))
    age = person.age_days(data.died_on)
    found += death_rules.blocks(data.causes, age_days=age, birth_precision=person.birth_precision)
    if data.maternal and person.sex == "male":
        found.append(Refused("Người này là nam, không có câu hỏi về thai nghén.", field="maternal"))
    else:
        bounds = parameters.value(MATERNAL, on=data.died_on)
        found += death_rules.maternal_blocks(
            data.maternal,
            data.pregnancy_ended_on,
            data.died_on,
            asked=_asks(person, data.died_on, data.codes, bounds),
            counted=bounds["counted_days"],
            late=bounds["late_days"],
        )
    return found


def judged(person: Person, data: DeathData) -> tuple[list[Refused], list[Warning]]:
    """What the catalogue says about the codes on the day of death. Two queries, none without a code."""
    refused: list[Refused] = []
    odd: list[Warning] = []
    if not data.codes:
        return refused, odd
    sex: Any = person.sex
    age = person.age_days(data.died_on) if person.birth_precision == "day" else None
    said = icd.check_all([(code, "secondary") for code in data.codes], on=data.died_on, sex=sex, age_days=age)
    for cause in death_rules.filled(data.causes):
        field = f"{cause.line}_code"
        for finding in said.get(cause.code, []):
            sentence = finding.sentence.replace("ngày khám", "ngày tử vong").replace(
                "người bệnh", "người mất"
            )
            if finding.level == "block":
                refused.append(Refused(sentence, field=field))
            elif finding.level == "reason" and finding.code != "death_cause_only":
                odd.append(Warning(f"icd_{finding.code}_{cause.line}", sentence, field))
    return refused, odd


def doubts(person: Person, data: DeathData) -> list[Warning]:
    """What is odd but may be right, once somebody says why. One query."""
    found = death_rules.doubts(data.causes, data.injury_cause)
    if person.sex != "male":
        found += death_rules.maternal_doubts(data.maternal, data.codes)
    # unscoped: somebody seen alive elsewhere after this day is told of as a date, nothing else
    last = TimelineEntry.unscoped.filter(
        person=person, at__date__gt=data.died_on, state="done", kind__in=SEEN_ALIVE
    ).order_by("-at")
    if seen := last.values_list("at", flat=True).first():
        found.append(
            Warning(
                "seen_after",
                f"Hồ sơ có lượt khám ngày {timezone.localtime(seen):%d/%m/%Y}, sau ngày tử vong. Nhầm người?",
                "died_on",
            )
        )
    return found


# Kinds of the timeline that say she was there in person.
SEEN_ALIVE = ("visit",)


def born_after(person: Person, day: dt.date) -> bool:
    """Whether she was surely born after that day, as far as her birth is known."""
    return person.birth_date is not None and person.birth_date > day


def data_of(death: Death) -> DeathData:
    """A stored death as plain values. Unscoped causes: the caller may write it."""
    causes = tuple(
        Cause(row.line, row.icd_code, row.text, row.value, row.unit)
        for row in death.causes(manager="unscoped").all()
    )
    return DeathData(**{name: getattr(death, name) for name in FIELDS}, causes=causes)
