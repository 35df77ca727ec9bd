"""The course of what is measured on one person: one series a sign, its picture and the rows behind it."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import F, QuerySet, Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from apps.care import vitals
from apps.care.growth import queries as growths
from apps.care.growth.classes import SHORT, Verdict
from apps.care.models import FactState, Measurement, Source
from apps.care.queries import bound_keys, bounds_from, watch_from, watch_keys
from apps.care.vitals import BY_KEY, Band, number_text
from apps.core import charts, parameters, registry
from apps.core.paging import Page, keyset
from apps.core.scope import Scope
from apps.patients.models import Person

Verdicts = Mapping[UUID, Verdict]  # what growth says of single figures, by row

DRAWN = 60  # figures of one sign in a picture: five years of monthly visits
SHOWN = 5  # rows under a picture; the series' own page has them all
PAGE = 50


@dataclass(frozen=True)
class Series:
    """What is shown as one course. Of two signs the second is the picture's other line, or, `either`, another
    way of taking the first.
    """

    key: str
    title: str
    signs: tuple[str, ...]
    either: bool = False

    @property
    def codes(self) -> list[str]:
        """Their LOINC codes."""
        return [BY_KEY[sign].code for sign in self.signs]

    @property
    def unit(self) -> str:
        """The unit as staff write it."""
        return BY_KEY[self.signs[0]].unit_text


ALL: tuple[Series, ...] = (
    Series("huyet-ap", "Huyết áp", ("systolic", "diastolic")),
    Series("duong-huyet-doi", "Đường huyết lúc đói", ("glucose_fasting",)),
    Series("duong-huyet", "Đường huyết bất kỳ", ("glucose_random",)),
    Series("hba1c", "HbA1c", ("hba1c",)),
    Series("can-nang", "Cân nặng", ("weight",)),
    Series("chieu-cao", "Chiều cao, chiều dài", ("height", "length"), either=True),
    Series("vong-dau", "Vòng đầu", ("head",)),
    Series("vong-canh-tay", "Vòng cánh tay", ("muac",)),
    Series("vong-bung", "Vòng bụng", ("waist",)),
    Series("nhiet-do", "Nhiệt độ", ("temperature",)),
    Series("mach", "Mạch", ("pulse",)),
    Series("nhip-tho", "Nhịp thở", ("breathing",)),
    Series("spo2", "SpO₂", ("spo2",)),
    Series("luu-luong-dinh", "Lưu lượng đỉnh", ("peak_flow",)),
)
GROWING = ("can-nang", "chieu-cao", "vong-dau")  # series whose figures have a z-score by age
BY_SERIES = {series.key: series for series in ALL}
OF_CODE = {code: series for series in ALL for code in series.codes}


@dataclass(frozen=True)
class Row:
    """One measuring as a line: the figure (two of a pressure), where it was taken, how it stands."""

    measurement: Measurement
    text: str
    at: dt.datetime
    word: str
    source: str
    url: str
    chip: tuple[str, str] | None
    notes: tuple[str, ...]

    @property
    def in_error(self) -> bool:
        """Whether it no longer counts."""
        return self.measurement.state == FactState.ENTERED_IN_ERROR


@dataclass(frozen=True)
class Course:
    """A series of one person: the last rows newest first, and its picture."""

    series: Series
    rows: list[Row]
    trend: dict[str, Any] | None  # one figure makes no course
    more: bool


@dataclass(frozen=True)
class Limits:
    """What is dangerous and what is watched, by sign, on one day."""

    bounds: Mapping[str, list[Band]]
    watch: Mapping[str, list[Band]]


def limits_on(on: dt.date) -> Limits:
    """Both in one query."""
    found = parameters.values([*bound_keys(), *watch_keys()], on=on)
    return Limits(bounds_from(found), watch_from(found))


def _rows_of(scope: Scope, person_id: UUID) -> QuerySet[Measurement]:
    return Measurement.visible(scope).filter(person_id=person_id).select_related("performer", "facility")


def courses(scope: Scope, person: Person, limits: Limits) -> list[Course]:
    """Everything measured on a person, a course a sign, in the order of ALL. One query."""
    return courses_of(drawn(scope, person.pk), person, limits)


def drawn(scope: Scope, person_id: UUID) -> list[Measurement]:
    """The last figures of every sign of a person, as many as pictures show. One query."""
    return list(
        _rows_of(scope, person_id)
        .exclude(state=FactState.ENTERED_IN_ERROR)
        .annotate(
            place=Window(
                RowNumber(), partition_by=[F("code")], order_by=[F("occurred_at").desc(), F("id").desc()]
            )
        )
        .filter(place__lte=DRAWN)
    )


def courses_of(
    rows: Sequence[Measurement], person: Person, limits: Limits, said: Verdicts | None = None
) -> list[Course]:
    """The same out of rows that were read; `said` is what growth says of single figures. No query."""
    by_series: dict[str, list[Measurement]] = {}
    for row in rows:
        by_series.setdefault(OF_CODE[row.code].key, []).append(row)
    found = []
    for series in ALL:
        mine = sorted(by_series.get(series.key, []), key=lambda row: (row.occurred_at, row.pk), reverse=True)
        if mine:
            lines = lines_of(series, mine, limits, said)
            trend = picture(series, mine, person, limits) if len(lines) > 1 else None
            found.append(Course(series, lines[:SHOWN], trend, len(lines) > SHOWN))
    return found


def picture(
    series: Series, rows: Sequence[Measurement], person: Person, limits: Limits, *, table: bool = False
) -> dict[str, Any]:
    """The trend of a series with what is dangerous in red and what is watched in amber."""
    first = BY_KEY[series.signs[0]]
    other = BY_KEY[series.signs[1]] if len(series.signs) > 1 else None

    def points(codes: set[str]) -> list[tuple[dt.date, float]]:
        return [(day_of(row), float(row.value)) for row in rows if row.code in codes]

    codes = set(series.codes) if series.either else {first.code}
    also = None
    if other is not None and not series.either:
        also = charts.Also(other.title.lower(), points({other.code}))
    zones = zones_of(first.key, person, limits)
    if also:
        # Two lines, two sets of limits: drawn are the upper one's from above, where the lower never comes.
        zones = [zone for zone in zones if zone.high is None]
    return charts.trend(
        points(codes), title=series.title, unit=series.unit, zones=zones, also=also, table=table
    )


def zones_of(key: str, person: Person, limits: Limits) -> list[charts.Zone]:
    """The zones of a sign through a person's ages, amber under red. Pure."""
    amber = [
        _zones(band, "watch", "warning", person.birth_date, start)
        for start, band in _bands(limits.watch.get(key))
    ]
    red = [
        _zones(band, "danger", "danger", person.birth_date, start)
        for start, band in _bands(limits.bounds.get(key))
    ]
    return [zone for zones in (*amber, *red) for zone in zones]


def _bands(bands: list[Band] | None) -> list[tuple[int, Band]]:
    """Each band with the first day of age it holds for."""
    starts = [0, *(band["to_days"] for band in bands or [])]
    return list(zip(starts, bands or [], strict=False))


def _zones(band: Band, which: str, level: str, born: dt.date | None, start: int) -> list[charts.Zone]:
    low, high = band.get(which) or (None, None)
    if born is None:
        # Of unknown age the last band holds, as for a single figure.
        if band["to_days"] is not None:
            return []
        since = until = None
    else:
        since = born + dt.timedelta(days=start)
        until = born + dt.timedelta(days=band["to_days"] - 1) if band["to_days"] is not None else None
    zones = []
    if low is not None:
        zones.append(charts.Zone(level, None, low, since, until))
    if high is not None:
        zones.append(charts.Zone(level, high, None, since, until))
    return zones


def lines_of(
    series: Series, rows: Sequence[Measurement], limits: Limits, said: Verdicts | None = None
) -> list[Row]:
    """The rows of a series as lines, in the order given; the two pressures of one moment are one line."""
    said = said or {}
    pairs: dict[tuple[str, UUID, bool], dict[str, Measurement]] = {}
    for row in rows:
        wrong = row.state == FactState.ENTERED_IN_ERROR
        pairs.setdefault((row.source_kind, row.source_id, wrong), {})[row.code] = row
    first = series.codes[0]
    lines = []
    for found in pairs.values():
        if series.either or len(series.signs) == 1:
            lines += [
                _line(row, number_text(row.value), [row], limits, said.get(row.pk)) for row in found.values()
            ]
        else:
            main = found.get(first) or next(iter(found.values()))
            texts = [number_text(found[code].value) if code in found else "?" for code in series.codes]
            lines.append(_line(main, "/".join(texts), list(found.values()), limits))
    return lines


def _line(
    row: Measurement,
    text: str,
    rows: Sequence[Measurement],
    limits: Limits,
    verdict: Verdict | None = None,
) -> Row:
    findings = [_finding(each, limits) for each in rows]
    chip = next((found for found in findings if found and found[0] == "danger"), None)
    chip = chip or next((found for found in findings if found), None)
    kind = registry.timeline_kinds.get(row.source_kind)
    notes = []
    if verdict is not None:
        notes.append(f"z {verdict.text} {SHORT[verdict.indicator]}")
        if chip is None and verdict.found and verdict.found.state != "done":
            chip = verdict.chip
    if row.oedema:
        notes.append("phù hai bàn chân")
    if len(row.readings) > 1:
        notes.append(f"các lần đo {_readings_text(rows)}")
    if row.code == BY_KEY["length"].code:
        notes.append("đo nằm")
    if row.method:
        notes.append(row.get_method_display())
    if row.note:
        notes.append(row.note)
    if row.state == FactState.ENTERED_IN_ERROR:
        chip = ("off", "Nhập nhầm")
        who = f"{row.error_by_name}: " if row.error_by_name else ""
        notes.append(f"{who}{row.error_reason or 'lượt khám đã sửa'}")
    elif row.state == FactState.PRELIMINARY:
        notes.append("chưa xác nhận")
    return Row(
        measurement=row,
        text=text,
        at=timezone.localtime(row.occurred_at),
        word=row.performer.full_name if row.performer else row.performer_text,
        source=Source(row.source_kind).label if row.source_kind in Source.values else row.source_kind,
        url=kind.link(row.source_id) if kind and kind.link and not row.by_hand else "",
        chip=chip,
        notes=tuple(notes),
    )


def _readings_text(rows: Sequence[Measurement]) -> str:
    """Every reading of a pressure that was taken more than once: '150/95; 146/92'."""
    columns = [row.readings for row in sorted(rows, key=lambda row: row.code, reverse=True)]
    return "; ".join("/".join(map(number_text, reading)) for reading in zip(*columns, strict=False))


def _finding(row: Measurement, limits: Limits) -> tuple[str, str] | None:
    """The chip of a figure at the age it was taken at: red with its word, amber, or none."""
    key = row.vital.key
    age = row.age_days
    found = vitals.assess({key: row.value}, age, dict(limits.bounds))
    danger = next((finding.word for finding in found if finding.level == "danger"), "")
    if danger:
        return "danger", danger
    if vitals.watched(limits.watch.get(key), row.value, age):
        return "warning", "Cần theo dõi"
    return None


def series_page(scope: Scope, person_id: UUID, series: Series, cursor: str) -> Page[Measurement]:
    """All rows of a series, also those entered in error, newest first. One query."""
    rows = _rows_of(scope, person_id).filter(code__in=series.codes)
    return keyset(rows, order=("-occurred_at", "-id"), cursor=cursor, size=PAGE)


def drawn_rows(scope: Scope, person_id: UUID, series: Series) -> list[Measurement]:
    """The figures of a series that its picture shows. One query."""
    rows = _rows_of(scope, person_id).filter(code__in=series.codes).exclude(state=FactState.ENTERED_IN_ERROR)
    return list(rows.order_by("-occurred_at", "-id")[: DRAWN * len(series.signs)])


def latest(scope: Scope, person_id: UUID, *, growth: bool = False) -> list[Measurement]:
    """The last figure of each sign, in the order of the signs. One query, which with `growth` also brings
    what z-scores are called, as `growth_told`.
    """
    rows = (
        Measurement.visible(scope)
        .filter(person_id=person_id)
        .exclude(state=FactState.ENTERED_IN_ERROR)
        .order_by("code", "-occurred_at", "-id")
        .distinct("code")
    )
    if growth:
        rows = rows.annotate(growth_told=parameters.told(growths.PREFIX))
    order = {sign.code: place for place, sign in enumerate(vitals.SIGNS)}
    return sorted(rows, key=lambda row: order[row.code])


def latest_verdicts(person: Person, rows: Sequence[Measurement]) -> Verdicts:
    """What growth says of the figures of `latest(..., growth=True)`. No query."""
    if not rows:
        return {}
    known = parameters.heard(growths.PREFIX, rows[0].growth_told)  # type: ignore[attr-defined]  # annotated
    return growths.verdicts(growths.child_of(person), rows, known)


def latest_words(rows: Sequence[Measurement], said: Verdicts | None = None) -> list[dict[str, Any]]:
    """The last figures as the panel shows them, pressures together: title, text, unit, day, series. Pure."""
    by_series: dict[str, list[Measurement]] = {}
    for row in rows:
        by_series.setdefault(OF_CODE[row.code].key, []).append(row)
    words = []
    for series in ALL:
        mine = by_series.get(series.key, [])
        if not mine:
            continue
        newest = max(mine, key=lambda row: row.occurred_at)
        if series.either or len(series.signs) == 1:
            text = number_text(newest.value)
        else:
            figures = {row.code: row.value for row in mine if row.source_id == newest.source_id}
            text = "/".join(number_text(figures[code]) if code in figures else "?" for code in series.codes)
        verdict = (said or {}).get(newest.pk)
        words.append(
            {"series": series, "text": text, "on": day_of(newest), "row": newest, "verdict": verdict}
        )
    return words


def day_of(row: Measurement) -> dt.date:
    """The day of a figure, by the local clock."""
    return timezone.localdate(row.occurred_at)
