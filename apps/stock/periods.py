"""The in-out-balance of a period by item: what was there, what came, what went, what is there."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from django.db.models import Case, CharField, F, Sum, Value, When
from django.utils import timezone

from apps.catalogues import codes
from apps.core.dates import parse_date
from apps.core.scope import Scope
from apps.stock import balance
from apps.stock.balance import InOut, Moved
from apps.stock.models import StockItem, StockLocation, StockMovement
from apps.stock.reading import places

LENGTHS = ((1, "Tháng"), (3, "Quý"), (6, "6 tháng"), (12, "Năm"))
MONTHS = {str(months): months for months, _ in LENGTHS}


@dataclass(frozen=True)
class Asked:
    """The period and what of the stock."""

    since: dt.date
    until: dt.date
    months: int
    location: StockLocation | None = None
    programme: str = ""
    controlled: bool = False

    def before(self) -> "Asked":
        """The same of the period before."""
        since, until = balance.period_of(self.since - dt.timedelta(days=1), self.months)
        return replace(self, since=since, until=until)

    def after(self) -> "Asked":
        """The same of the period after."""
        since, until = balance.period_of(self.until + dt.timedelta(days=1), self.months)
        return replace(self, since=since, until=until)

    @property
    def programme_words(self) -> str:
        return codes.label("stock_programme", self.programme) if self.programme else ""


def asked_of(scope: Scope, query: Mapping[str, str]) -> Asked:
    """The filters of an address; what cannot be read is the present half year."""
    today = timezone.localdate()
    months = MONTHS.get(query.get("ky", ""), 6)
    day = _day(query.get("ngay", "")) or today
    since, until = balance.period_of(day, months)
    location = next((place for place in places(scope) if str(place.pk) == query.get("kho")), None)
    programme = query.get("ct", "")
    return Asked(
        since=since,
        until=until,
        months=months,
        location=location,
        programme=programme if codes.get("stock_programme", programme) else "",
        controlled=query.get("kiem-soat") == "1",
    )


def _day(text: str) -> dt.date | None:
    try:
        return parse_date(text) if text else None
    except ValueError:
        return None


@dataclass(frozen=True)
class Row:
    """One item of the report."""

    item: StockItem
    sums: InOut
    programme: str


def rows(scope: Scope, asked: Asked) -> list[Row]:
    """Every item of the workplace that was there or moved. Two queries.

    The database adds up what lies before the period and what lies in it, by kind; the columns are `in_out`'s.
    """
    moved = StockMovement.visible(scope).filter(location__station_id=scope.workplace_id, on__lte=asked.until)
    if asked.location is not None:
        moved = moved.filter(location=asked.location)
    if asked.programme:
        moved = moved.filter(lot__item__programme=asked.programme)
    if asked.controlled:
        moved = moved.exclude(lot__item__controlled="")
    column = Case(
        When(on__lt=asked.since, then=Value("opening")), default=F("kind"), output_field=CharField()
    )
    by_column = moved.annotate(column=column).order_by().values_list("lot__item_id", "column")
    sums = by_column.annotate(all=Sum("quantity"))
    by_item: dict[UUID, list[Moved]] = {}
    for item_id, kind, quantity in sums:
        by_item.setdefault(item_id, []).append(Moved(asked.since, kind, quantity))
    items = StockItem.visible(scope).filter(pk__in=list(by_item)).order_by("programme", "folded", "pk")
    found = [
        Row(
            item,
            balance.in_out(by_item[item.pk], asked.since, asked.until),
            codes.label("stock_programme", item.programme),
        )
        for item in items
    ]
    return [row for row in found if not row.sums.is_empty]


HEADINGS = (
    *("Chương trình", "Mã", "Tên thuốc, vật tư", "Đơn vị tính", "Tồn đầu kỳ", "Nhập", "Trả lại"),
    *("Xuất, cấp phát", "Hủy", "Điều chỉnh", "Chuyển đến, đi", "Tồn cuối kỳ"),
)


def cells(row: Row) -> list[str | int]:
    """A row of the report as a workbook holds it."""
    sums = row.sums
    return [
        *(row.programme, row.item.label, row.item.name, row.item.unit),
        *(sums.opening, sums.received, sums.returned, sums.issued),
        *(sums.discarded, sums.adjusted, sums.moved, sums.closing),
    ]
