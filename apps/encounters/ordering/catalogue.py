"""What may be ordered on a day, with its kind, form, tests and price: read from the dated catalogues."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Q

from apps.care import queries as care
from apps.care import vitals
from apps.catalogues import codes, picks
from apps.catalogues.models import LabTest, Service, ServicePrice
from apps.core import parameters
from apps.core.scope import Scope
from apps.encounters.models import OrderKind, Payer
from apps.encounters.ordering import lab_rules
from apps.encounters.ordering import rules as order_rules

SERVICES, KINDS, FORMS, FIELDS, WORDS = (
    "order_service",
    "order_kind",
    "procedure_form",
    "procedure_field",
    "result_word",
)
PICKER = "order"
CRITICAL, ADULT, ODD = "results.critical", "results.adult_months", "results.odd_times"
SERIES = "results.series"


@dataclass(frozen=True)
class Item:
    """One thing that may be ordered."""

    code: str
    name: str
    kind: str
    form: str
    tests: tuple[str, ...]


@dataclass(frozen=True)
class Priced:
    """A price and where it comes from; None where no price is known."""

    price: int | None
    source: str


# ---- what may be ordered


def known(picked: Collection[str], on: dt.date) -> dict[str, Item]:
    """The items of these codes that may be ordered on a day. Two queries."""
    listed = {row.code: row for row in codes.rows(SERVICES) if row.in_force(on) and row.code in picked}
    services = {
        row.code: row
        for row in Service.objects.on(on)
        .filter(Q(common=True) | Q(code__in=list(listed)), code__in=list(picked))
        .defer("tokens", "search", "folded")
    }
    tests: dict[str, list[str]] = {}
    rows = LabTest.objects.on(on).filter(service_code__in=list(services)).order_by("code")
    for service_code, code in rows.values_list("service_code", "code"):
        tests.setdefault(service_code, []).append(code)
    rules = [
        order_rules.KindRule(row.scope, row.code, row.extra.get("kind", ""), row.extra.get("form", ""))
        for row in codes.rows(KINDS)
        if row.in_force(on)
    ]
    found = {}
    for code in picked:
        row, service = listed.get(code), services.get(code)
        own = row.extra.get("tests", "") if row else ""
        if row is not None:
            kind, form = row.extra.get("kind", OrderKind.PROCEDURE), row.extra.get("form", "")
        elif service is not None:
            kind, form = order_rules.kind_of(service.name, service.group, rules)
        else:
            continue
        name = service.name if service else row.name if row else ""
        found[code] = Item(
            code, name, kind, form, tuple(own.split(";")) if own else tuple(tests.get(code, ()))
        )
    return found


def find(scope: Scope, text: str, on: dt.date) -> list[picks.Pick]:
    """The picker: the station's usual orders first, then the other services of commune stations."""
    usual, every = picks.find_kind(SERVICES), picks.find_kind("service")
    assert usual is not None and every is not None  # noqa: S101 - both stand in the catalogues
    names = dict(OrderKind.choices)
    first = [
        picks.Pick(pick.code, pick.name, names.get(_extra(pick.code, on, "kind"), ""))
        for pick in usual.find(scope, text, on)
    ]
    if len(first) >= picks.LIMIT or not text.strip():
        return first[: picks.LIMIT]
    shown = {pick.code for pick in first}
    more = [pick for pick in every.find(scope, text, on) if pick.code not in shown]
    common = set(
        Service.objects.filter(code__in=[pick.code for pick in more], common=True).values_list(
            "code", flat=True
        )
    )
    return [*first, *(pick for pick in more if pick.code in common)][: picks.LIMIT]


def names(picked: Sequence[str]) -> dict[str, str]:
    """Names of chosen codes. One query."""
    found = {code: codes.label(SERVICES, code) for code in picked if codes.get(SERVICES, code)}
    return found | dict(Service.objects.filter(code__in=list(picked)).values_list("code", "name"))


def _extra(code: str, on: dt.date, name: str) -> str:
    row = codes.get(SERVICES, code, on)
    return row.extra.get(name, "") if row else ""


def prices(picked: Collection[str], *, payer: str, province: str, on: dt.date) -> dict[str, Priced]:
    """What each code costs a payer on a day in a province. One query; free visits cost nothing."""
    if payer == Payer.FREE:
        return {code: Priced(0, "Miễn phí") for code in picked}
    rows: dict[str, list[order_rules.Price]] = {}
    for row in ServicePrice.objects.on(on).filter(service_id__in=list(picked)):
        rows.setdefault(row.service_id, []).append(
            order_rules.Price(row.price, row.payer, row.area, row.valid_from, row.source)
        )
    found = {code: order_rules.price_of(rows.get(code, ()), payer, province) for code in picked}
    return {
        code: Priced(row.price, row.source[:300]) if row else Priced(None, "") for code, row in found.items()
    }


# ---- tests


def tests(picked: Sequence[str], on: dt.date) -> list[LabTest]:
    """The tests of an order in its order, as they are on a day. One query."""
    place = {code: number for number, code in enumerate(picked)}
    rows = LabTest.objects.on(on).filter(code__in=list(picked)).defer("tokens", "search", "folded")
    return sorted(rows, key=lambda row: place[row.code])


def as_rule(test: LabTest, on: dt.date) -> lab_rules.KnownTest:
    """A test as the pure rules see it."""
    return lab_rules.KnownTest(
        code=test.code,
        name=test.name,
        unit=test.unit,
        number=test.result_type == LabTest.ResultType.NUMBER,
        words=tuple(test.allowed_values),
        ranges=tuple(test.ranges),
        normal=frozenset(
            row.name for row in codes.rows(WORDS) if row.in_force(on) and row.extra.get("normal") == "yes"
        ),
    )


def word_code(word: str, on: dt.date) -> str:
    """The code of a qualitative result; empty for a word that the list does not hold."""
    return next((row.code for row in codes.rows(WORDS) if row.name == word and row.in_force(on)), "")


@dataclass(frozen=True)
class Rules:
    """What the parameters of a day say of results: limits, tests with a series, bounds of signs."""

    limits: lab_rules.Limits
    series: dict[str, dict[str, str]]
    bounds: dict[str, list[vitals.Band]]


def result_rules(on: dt.date) -> Rules:
    """All that a day's parameters say of results. One query."""
    found = parameters.values([CRITICAL, ADULT, ODD, SERIES, *care.bound_keys()], on=on)
    if missing := {CRITICAL, ADULT, ODD, SERIES} - found.keys():
        raise parameters.NoParameter(f"{', '.join(sorted(missing))} on {on}")
    limits = lab_rules.Limits(found[CRITICAL], int(found[ADULT]), Decimal(str(found[ODD])))
    return Rules(limits, found[SERIES], care.bounds_from(found))


def series_key(row: Mapping[str, str] | None, fasting: bool) -> str:
    """The sign of care that a test becomes; empty for a test without a series."""
    if row is None:
        return ""
    return row["fasting"] if fasting and "fasting" in row else row["key"]


# ---- forms of procedures


@dataclass(frozen=True)
class Field:
    """One box of a short form."""

    code: str
    label: str
    kind: str  # text, long, choice
    options: tuple[str, ...]
    unit: str
    required: bool


@dataclass(frozen=True)
class Form:
    """A short form of a kind of procedure. `points` are minutes after the beginning at which to look."""

    code: str
    title: str
    fields: tuple[Field, ...]
    rows: bool
    minutes: int
    points: tuple[int, ...]


def form(code: str, on: dt.date) -> Form:
    """The definition of a form on a day; what no list knows is the plain one."""
    row = codes.get(FORMS, code, on) or codes.get(FORMS, "other", on)
    key = row.code if row else "other"
    extra = row.extra if row else {}
    fields = tuple(
        Field(
            each.code,
            each.name,
            each.extra.get("field", "text"),
            tuple(part for part in each.extra.get("options", "").split(";") if part),
            each.extra.get("unit", ""),
            each.extra.get("required", "") == "yes",
        )
        for each in codes.rows(FIELDS)
        if each.scope == key and each.in_force(on)
    )
    points = tuple(int(part) for part in extra.get("points", "").split(";") if part)
    return Form(
        key,
        row.name if row else "Phiếu thủ thuật",
        fields,
        bool(extra.get("rows")),
        int(extra.get("minutes") or 0),
        points,
    )
