"""What the pages of dispensing show: who waits, one act with its course.

A visit or act is found within its scope; its parts are then read unscoped, since whoever sees it sees them.
"""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import DecimalField, Exists, F, OuterRef, Prefetch, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce, JSONObject
from django.urls import reverse

from apps.core import parameters
from apps.core.paging import Page, keyset
from apps.core.scope import Scope
from apps.encounters import states as visit_states
from apps.encounters.dispensing import reading, states
from apps.encounters.dispensing.lines import keyed
from apps.encounters.dispensing.reading import GivenLine, Progress
from apps.encounters.models import (
    Dispensing,
    DispensingLine,
    HerbalFormula,
    HerbalLine,
    MedicineReturn,
    MedicineReturnLine,
    Prescription,
    PrescriptionLine,
    Visit,
)
from apps.stock.models import StockLocation
from apps.stock.sources import Received, Told

PAGE = "dispensing.page_size"


# ---- who waits


@dataclass(frozen=True)
class Waiting:
    """A visit of the list: whose prescription it is, and how far it has come. No medicine is named."""

    visit: Visit
    progress: Progress


def waiting(
    scope: Scope, *, since: dt.date, on: dt.date, cursor: str = ""
) -> tuple[Page[Visit], list[Waiting]]:
    """Who waits for medicines at the scope's stations, whoever's visit ended first on top. Six queries."""
    size = int(parameters.value(PAGE, on=on))
    page = keyset(
        _waiting(scope, since)
        .select_related("person", "doctor", "point")
        .defer("person__tokens", "person__search"),
        order=("finalised_at", "id"),
        cursor=cursor,
        size=size,
    )
    found = reading.progress_of([visit.pk for visit in page.items])
    return page, [Waiting(visit, found[visit.pk]) for visit in page.items]


def waiting_first(scope: Scope, since: dt.date, limit: int) -> list[Visit]:
    """Who has waited longest: for the home page of a station that gives out. One query."""
    # unscoped: whether the station gives out at all
    places = StockLocation.unscoped.filter(station=OuterRef("facility"), dispenses=True, is_active=True)
    rows = _waiting(scope, since).filter(Exists(places)).select_related("person")
    shown = rows.only("finalised_at", "person__full_name", "person__birth_date", "person__birth_precision")
    return list(shown.order_by("finalised_at", "id")[:limit])


def waiting_count(scope: Scope, since: dt.date) -> int:
    """How many wait. One query."""
    return _waiting(scope, since).count()


def _waiting(scope: Scope, since: dt.date) -> QuerySet[Visit]:
    """Signed visits with a medicine that was neither given nor bought elsewhere. What came back was given."""
    # unscoped: parts of visits that are found through the scope
    medicines = PrescriptionLine.unscoped.filter(prescription__visit=OuterRef("pk"))
    herbs = keyed(HerbalLine.unscoped.filter(formula__visit=OuterRef("pk"), formula__in_error=False))
    waits = Exists(_short(medicines, "prescription__visit", "drug", F("quantity"))) | Exists(
        _short(herbs, "formula__visit", "herb", F("grams") * F("formula__packets"))
    )
    return Visit.visible(scope).filter(
        waits, facility_id__in=scope.facility_ids, state=visit_states.FINALISED, on__gte=since
    )


def _short(lines: QuerySet[Any], visit: str, medicine: str, quantity: Any) -> QuerySet[Any]:
    """Of these lines the medicines of which less was given than is prescribed. Unscoped: as above."""
    same = {"dispensing__visit": OuterRef(visit), medicine: OuterRef(medicine)}
    given = (
        DispensingLine.unscoped.filter(dispensing__state=states.COMPLETED, **same)
        .order_by()
        .values(medicine)
        .annotate(all=Sum("quantity"))
        .values("all")
    )
    return (
        lines.order_by()
        .values(visit, medicine)
        .annotate(all=Sum(quantity, output_field=DecimalField()))
        .annotate(given=Coalesce(Subquery(given), Decimal(0)))
        .filter(all__gt=F("given"))
    )


# ---- acts


@dataclass(frozen=True)
class ActShown:
    """An act with its lines and its returns, as its page and the visit's page show it."""

    act: Dispensing
    lines: list[GivenLine]
    returns: list[MedicineReturn]

    @property
    def out(self) -> bool:
        """Whether some of it has not come back."""
        return any(lot.quantity > back for line in self.lines for lot, back in line.lots)


def acts_of(scope: Scope, visit: Visit) -> list[ActShown]:
    """Everything that was given on a visit, or waits to be, oldest first. Five queries."""
    acts = list(
        Dispensing.visible(scope).filter(visit=visit).select_related("location").order_by("occurred_at", "id")
    )
    return shown(acts)


@dataclass(frozen=True)
class Act:
    """An act in a line: for the visit's page."""

    pk: str
    on: dt.date
    by: str
    state: str

    @property
    def chip(self) -> str:
        return states.CHIPS[self.state]

    @property
    def state_word(self) -> str:
        return states.TITLES[self.state]


def in_line(visit: Visit) -> tuple[bool, list[Act]]:
    """Whether a visit has a prescription, and the acts on it that stand, oldest first. One query; unscoped:
    the visit was found through the scope.
    """
    acts = Dispensing.unscoped.filter(visit=OuterRef("pk")).exclude(state=states.CANCELLED)
    told = JSONObject(pk="pk", on="on", by="performer_text", state="state")
    row = (
        Visit.unscoped.filter(pk=visit.pk)
        .annotate(
            prescribed=Exists(Prescription.unscoped.filter(visit=OuterRef("pk")))
            | Exists(HerbalFormula.unscoped.filter(visit=OuterRef("pk"), in_error=False)),
            acts=ArraySubquery(acts.order_by("occurred_at", "id").values(told=told)),
        )
        .values("prescribed", "acts")
        .get()
    )
    return row["prescribed"], [
        Act(act["pk"], dt.date.fromisoformat(act["on"]), act["by"], act["state"]) for act in row["acts"]
    ]


def act_page(scope: Scope, pk: UUID) -> Dispensing | None:
    """One act that the scope sees, with its visit, person and place. One query."""
    found: Dispensing | None = (
        Dispensing.visible(scope)
        .select_related(
            "location", "performer", "first_visit",
            "visit__facility__unit", "visit__point", "visit__doctor", "visit__performer", "visit__card",
            "visit__person__hamlet__commune__parent", "visit__hamlet__commune__parent__parent",
        )
        .defer("visit__person__tokens", "visit__person__search")
        .filter(pk=pk)
        .first()
    )  # fmt: skip
    return found


def shown(acts: Sequence[Dispensing]) -> list[ActShown]:
    """These acts with their parts. Four queries, none for none."""
    if not acts:
        return []
    ids = [act.pk for act in acts]
    visits = {act.visit_id for act in acts}
    lines: dict[UUID, list[GivenLine]] = {pk: [] for pk in ids}
    for each in reading.given_on(visits, acts=ids, state=""):
        lines[each.row.dispensing_id].append(each)
    returns: dict[UUID, list[MedicineReturn]] = {pk: [] for pk in ids}
    # unscoped: parts of acts that the scope sees
    parts = MedicineReturnLine.unscoped.select_related("given__line").order_by("pk")  # as above
    rows = MedicineReturn.unscoped.filter(dispensing__in=ids).prefetch_related(Prefetch("lines", parts))
    for back in rows.order_by("at", "id"):
        returns[back.dispensing_id].append(back)
    return [ActShown(act, lines[act.pk], returns[act.pk]) for act in acts]


def kept_of(visit: Visit) -> dict[UUID, Decimal]:
    """What of each line of a prescription she has, or buys elsewhere: for its paper. Four queries."""
    lines, standings, _ = reading.standings_of(visit)
    return {line.pk: standings[str(line.pk)].kept for line in lines}


# ---- for the stock's card


def about(scope: Scope, ids: Collection[UUID]) -> dict[UUID, Told]:
    """What a dispensing is called on the card of an item: its visit's number, no name. One query."""
    rows = Dispensing.visible(scope).filter(pk__in=ids).select_related("visit")
    return {
        row.pk: Told(
            f"Cấp phát, lượt khám {row.visit.number}",
            act_url(row.pk),
            f"{row.performer_text}, {row.second_name}" if row.second_name else "",
        )
        for row in rows
    }


def received(scope: Scope, ids: Collection[UUID]) -> dict[UUID, Received]:
    """Who took controlled medicines away and who stood by: for their book alone. One query."""
    rows = Dispensing.visible(scope).filter(pk__in=ids).exclude(recipient_paper="")
    return {
        row.pk: Received(
            f"Người nhận {row.recipient}, giấy tờ {row.recipient_paper}",
            row.person_id,
        )
        for row in rows
    }


def about_returns(scope: Scope, ids: Collection[UUID]) -> dict[UUID, Told]:
    """What a return is called there. One query."""
    rows = MedicineReturn.visible(scope).filter(pk__in=ids).select_related("dispensing__visit")
    return {
        row.pk: Told(f"Trả lại, lượt khám {row.dispensing.visit.number}", act_url(row.dispensing_id))
        for row in rows
    }


def act_url(pk: UUID) -> str:
    return reverse("encounters:dispensing", args=[pk])
