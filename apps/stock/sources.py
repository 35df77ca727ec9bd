"""What moved the stock, as the stock card names it: another room names its own records.

A room that takes stock adds `kinds.add(SourceKind("prescription_line", "Cấp phát theo đơn", about, right))`.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.urls import reverse

from apps.core.registry import Registry
from apps.core.scope import Scope
from apps.stock.models import StockDocument
from apps.stock.posting import SOURCE
from apps.stock.reading import CardLine


@dataclass(frozen=True)
class Told:
    """A record in a few words without a name of a patient, and its address."""

    words: str
    url: str = ""
    by: str = ""  # both names, where two people answer for it


@dataclass(frozen=True)
class Received:
    """Who took a controlled medicine away and who stood by, for its book alone; whose record tells it."""

    words: str
    person_id: UUID


@dataclass(frozen=True)
class SourceKind:
    """A kind of record that moves stock. `about(scope, ids)` costs one query and leaves out what the scope
    does not see; who lacks `right` reads `title` alone.
    """

    key: str
    title: str
    about: Callable[[Scope, Collection[UUID]], Mapping[UUID, Told]]
    right: str = "stock.view"
    received: Callable[[Scope, Collection[UUID]], Mapping[UUID, Received]] | None = None


def _papers(scope: Scope, ids: Collection[UUID]) -> dict[UUID, Told]:
    rows = StockDocument.visible(scope).filter(pk__in=ids)
    return {row.pk: Told(str(row), reverse("stock:paper", args=[row.pk]), _both(row)) for row in rows}


def _both(paper: StockDocument) -> str:
    return f"{paper.posted_by_name}, {paper.second_by_name}" if paper.second_by_name else ""


kinds: Registry[SourceKind] = Registry("stock sources")
kinds.add(SourceKind(SOURCE, "Phiếu kho", _papers))


def tell(scope: Scope, lines: Sequence[CardLine]) -> None:
    """Write into each line what moved it. One query a kind."""
    ids: dict[str, set[UUID]] = defaultdict(set)
    for line in lines:
        ids[line.row.source_kind].add(line.row.source_id)
    for key, wanted in ids.items():
        kind = kinds.get(key)
        told = kind.about(scope, wanted) if kind and scope.can(kind.right) else {}
        for line in lines:
            if line.row.source_kind == key:
                said = told.get(line.row.source_id)
                line.source = said.words if said else kind.title if kind else ""
                line.url = said.url if said else ""
                if said and said.by and not line.row.reverses_id:
                    line.by = said.by


def tell_receivers(scope: Scope, lines: Sequence[CardLine]) -> list[UUID]:
    """Write into each line of the controlled book who received it; whose records were read for it. One query
    a kind that knows.
    """
    people: list[UUID] = []
    for kind in kinds.all():
        here = [line for line in lines if line.row.source_kind == kind.key]
        if kind.received is None or not here or not scope.can(kind.right):
            continue
        told = kind.received(scope, {line.row.source_id for line in here})
        for line in here:
            said = told.get(line.row.source_id)
            line.received = said.words if said else ""
        people += [each.person_id for each in told.values()]
    return people
