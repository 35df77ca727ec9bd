"""A station's store: what it began with, what came, what went to the desk; by the stock's own services."""

from datetime import date, timedelta
from decimal import Decimal
from random import Random

from django.db import transaction

from apps.catalogues.models import Drug, Supply
from apps.core.scope import Scope, enter
from apps.facilities.models import Facility
from apps.population.chance import source
from apps.population.herbs import kept
from apps.population.shelf import prescribed
from apps.stock import drafting, expiry, keeping, posting
from apps.stock.drafting import DocumentInput, LineInput
from apps.stock.models import DocumentKind, ItemKind, LocationKind, StockItem, StockLocation

DRUGS, SUPPLIES = 45, 12  # items of a usual station
# How many base units a box of such a unit holds, and how many of them a station keeps; herbs come by the kg.
BOXES = {"Viên": (100, 1500), "Gói": (30, 300), "Ống": (10, 80), "Lọ": (10, 60), "Cái": (100, 800)}
BOX, HERB_BOX = "Hộp", ("kg", 1000, 6000)
LOOSE = 40  # of a unit that comes by the piece: bottles, tubes
CONTROLLED = "TD021.1"  # Diazepam 5mg
COUNTED_IN, CAME, WENT = 75, 40, 20  # days before the last


@transaction.atomic
def fill(station: Facility, *, seed: int, slot: int, on: date) -> int:
    """Opening balance, a receipt and a transfer to the desk. How many items; 0 without catalogues."""
    rng = source(seed, slot, "stock")
    scope = Scope(
        None,
        "system",
        "làm kho giả định",
        frozenset({station.pk}),
        station.pk,
        level="system",
        everything=True,
        full_name="Phạm Thị Thủ Kho",
    )
    with enter(scope):
        items = _items(rng)
        if not items:
            return 0
        store = keeping.store_of(station.pk)
        desk = keeping.place_add(
            data=keeping.PlaceInput(LocationKind.POINT, "Quầy cấp phát", parent_id=store.pk, dispenses=True)
        )
        first, came = on - timedelta(days=COUNTED_IN), on - timedelta(days=CAME)
        opening = [_coming(rng, item, first, 2) for item in items]
        _post(DocumentKind.OPENING, store, first, opening)
        more = rng.sample(items, max(1, len(items) * 2 // 3))
        lines = [_coming(rng, item, came, 3) for item in more]
        _post(DocumentKind.RECEIPT, store, came, lines, partner="Trung tâm Y tế khu vực")
        out = [_going(line) for line in opening if line.pack]
        _post(DocumentKind.TRANSFER, store, on - timedelta(days=WENT), out, to=desk)
    return len(items)


def _items(rng: Random) -> list[StockItem]:
    """Items of the catalogues, each with its box and the level below which it is short: what is prescribed
    here, a drug that two people answer for, and others up to the usual number; the herbs of the invented
    formulas.
    """
    drugs = list(Drug.objects.filter(kind=Drug.Kind.COMMUNE).order_by("code").values_list("code", flat=True))
    supplies = list(Supply.objects.order_by("code").values_list("code", flat=True))
    needed = sorted({CONTROLLED, *(drug.code for drug in prescribed())} & set(drugs))
    others = [code for code in drugs if code not in needed]
    more = rng.sample(others, min(max(0, DRUGS - len(needed)), len(others)))
    chosen = [("drug", code) for code in sorted([*needed, *more])]
    chosen += [("supply", code) for code in sorted(rng.sample(supplies, min(SUPPLIES, len(supplies))))]
    chosen += [("herb", code) for code in kept()]
    found = []
    for kind, code in chosen:
        item = keeping.item_for(kind, code)
        name, box, usual = _box(item)
        item.packs = [[name, box]] if box else []
        item.minimum = usual // 5
        item.save()
        found.append(item)
    return found


def _box(item: StockItem) -> tuple[str, int, int]:
    """(name of its box, base units in it, how many of them a station keeps); 0 in a box: by the piece."""
    if item.kind == ItemKind.HERB:
        return HERB_BOX
    return BOX, *BOXES.get(item.unit, (0, LOOSE))


def _coming(rng: Random, item: StockItem, on: date, months: int) -> LineInput:
    """A lot that ends some months to three years on: some have run out by now, some soon will."""
    name, box, usual = _box(item)
    quantity = rng.randint(usual // 8, usual)
    short = rng.random() < 0.08
    ends = on + timedelta(
        days=rng.choice([30 * months, 30 * months + 40] if short else [400, 600, 800, 1000])
    )
    last = expiry.of_month(ends.year, ends.month)
    return LineInput(
        item_id=item.pk,
        count=max(1, quantity // box) if box else quantity,
        pack=name if box else "",
        lot_number=f"{rng.choice('ABCDK')}{rng.randint(1000, 99999)}",
        expiry=last.last_day,
        month_only=True,
        source=rng.choice(["tender", "budget", "programme"]),
        price=Decimal(rng.randint(3, 400) * 100 * (min(box, 100) or 1) // (10 if box else 1)),
    )


def _going(line: LineInput) -> LineInput:
    """To the desk a third of what was there, a box at least."""
    return LineInput(item_id=line.item_id, count=max(1, (line.count or 0) // 3), pack=line.pack)


def _post(
    kind: DocumentKind,
    place: StockLocation,
    on: date,
    lines: list[LineInput],
    *,
    partner: str = "",
    to: StockLocation | None = None,
) -> None:
    data = DocumentInput(
        on=on, location_id=place.pk, to_location_id=to.pk if to else None, partner=partner, lines=lines
    )
    made = drafting.draft_save(kind=kind, data=data)
    posting.POST[kind](document_id=made.pk, expected_version=made.version)
