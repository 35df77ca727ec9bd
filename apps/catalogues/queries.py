"""What the catalogue pages read. Catalogues tell nothing about people: no scope parts their rows."""

import datetime as dt
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Count, Min, Value
from django.utils import timezone

from apps.catalogues.models import (
    CatalogueChange,
    CatalogueState,
    CatalogueUpload,
    CommunicableDisease,
    Confidence,
)
from apps.catalogues.search import matching, needle
from apps.catalogues.shipped import SMALL_LISTS, TABLES
from apps.catalogues.tables import Table
from apps.core.paging import Page, keyset
from apps.core.scope import Scope

PAGE_SIZE = 50

SECTIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Bệnh", ("icd10_", "communicable_", "yhct_", "care_", "injury_", "exam_", "imci_")),
    ("Thuốc và vật tư", ("drug", "supplies", "stock_")),
    ("Dịch vụ và xét nghiệm", ("service", "lab_")),
    (
        "Người dân và bảo hiểm y tế",
        ("ethnic", "nationalities", "occupations", "bhyt", "kcb", "code_lists", "reception"),
    ),
    ("Hành nghề và quyền xem", ("practice", "restricted")),
    ("Thu tiền", ("banks",)),
    ("Giấy tờ cấp cho người bệnh", ("certificates",)),
)


@dataclass(frozen=True)
class Overview:
    """One catalogue in the list of all."""

    table: Table
    state: CatalogueState | None

    @property
    def chip(self) -> tuple[str, str]:
        """(state, words) of its confidence."""
        if self.state is None:
            return "warning", "Chưa nạp"
        low = self.state.confidences.get("low", 0)
        if low:
            return "warning", f"{low:,} dòng cần đối chiếu".replace(",", ".")
        if self.state.confidences.get("medium"):
            return "info", Confidence.MEDIUM.label
        if self.state.confidences.get("local"):
            return "off", Confidence.LOCAL.label
        return "done", Confidence.HIGH.label


def overview() -> list[tuple[str, list[Overview]]]:
    """All catalogues by section. One query."""
    states = {state.key: state for state in CatalogueState.objects.all()}
    return [
        (
            title,
            [Overview(table, states.get(key)) for key, table in TABLES.items() if key.startswith(beginnings)],
        )
        for title, beginnings in SECTIONS
    ]


def state_of(key: str) -> CatalogueState | None:
    return CatalogueState.objects.filter(key=key).first()


def lists_of(table: Table) -> list[str]:
    """The small lists that share one file, in their order; none for other catalogues."""
    return list(table.universe.get("list__in", ()))


def rows(table: Table, *, text: str = "", list_name: str = "", show: str = "", cursor: str = "") -> Page[Any]:
    """One page of a catalogue's rows by code. `show` 'doubtful': those to be checked. One query."""
    found = matching(table.queryset(), needle(text))
    if list_name:
        found = found.filter(list=list_name)
    if show == "doubtful":
        found = found.filter(confidence=Confidence.LOW)
    order = [name for name in table.key_fields if name != "valid_from"]
    if "list" in order:
        order.insert(order.index("code"), "sort_order")
    if table.model is CommunicableDisease:
        order = ["-regime", "seq"]
    return keyset(found.defer("tokens", "search"), order=[*order, "id"], cursor=cursor, size=PAGE_SIZE)


def uploads(key: str, limit: int = 10) -> list[CatalogueUpload]:
    """The last files that were compared for a catalogue."""
    return list(CatalogueUpload.objects.filter(key=key)[:limit])


def upload(upload_id: UUID) -> CatalogueUpload | None:
    return CatalogueUpload.objects.filter(id=upload_id).first()


def changes(of: CatalogueUpload, *, kind: str = "", cursor: str = "") -> Page[CatalogueChange]:
    """One page of an upload's differences, in the file's order. One query."""
    found = CatalogueChange.objects.filter(upload=of)
    if kind in CatalogueChange.Kind.values:
        found = found.filter(kind=kind)
    return keyset(found, order=["position", "id"], cursor=cursor, size=PAGE_SIZE)


# The lists that stand together in one file, by the words that choose one of them.
LIST_TITLES = {**SMALL_LISTS, "icd10_chapters": "Chương", "icd10_groups": "Nhóm"}


ENDING_DAYS = 60  # so long before its last day a row is told of: time to ask the Ministry's next list


def ending(on: dt.date) -> list[tuple[Table, int, dt.date]]:
    """Catalogues with rows that soon go out of force: (catalogue, rows, first day), by day. One query."""
    until = on + dt.timedelta(days=ENDING_DAYS)
    counts = [
        table.queryset()
        .filter(valid_to__gte=on, valid_to__lte=until)
        .order_by()
        .annotate(table=Value(table.key))
        .values("table")
        .annotate(many=Count("pk"), first=Min("valid_to"))
        .values_list("table", "many", "first")
        for table in TABLES.values()
    ]
    found = counts[0].union(*counts[1:], all=True)
    return sorted(((TABLES[key], many, first) for key, many, first in found if many), key=lambda row: row[2])


def home(scope: Scope) -> dict[str, Any] | None:
    """The home page's panel for who keeps the catalogues: what ends soon, what is absent, what to check."""
    states = {state.key: state for state in CatalogueState.objects.all()}
    absent = [table for key, table in TABLES.items() if key not in states]
    doubtful = [
        (TABLES[key], state.confidences["low"])
        for key, state in states.items()
        if key in TABLES and state.confidences.get("low")
    ]
    soon = ending(timezone.localdate())
    if not (absent or doubtful or soon):
        return None
    return {"ending": soon, "absent": absent, "doubtful": sorted(doubtful, key=lambda row: -row[1])}
