"""What the keeper of the store should see in the morning: what is short, what runs out, what has expired."""

from collections.abc import Callable
from typing import Any, Literal

from django.urls import reverse
from django.utils import timezone

from apps.core.registry import STORE, DayEndFigure, DayEndLine, HandoverItem, Holder, Progress
from apps.core.scope import Scope
from apps.core.words import date_words
from apps.stock import reading
from apps.stock.models import DocumentKind, DocumentState, StockDocument, StockItem
from apps.stock.reading import Asked

ROWS = 6


def home(scope: Scope) -> dict[str, Any] | None:
    """The home page's panel, for who keeps the store; nothing when there is nothing to do."""
    if scope.workplace_id is None or not scope.can("stock.enter"):
        return None
    on = timezone.localdate()
    found = {}
    for show in ("expired", "soon", "short"):
        rows = reading.shown(scope, Asked(show=show), on).order_by("folded", "pk")
        found[show] = list(rows[: ROWS + 1])
    if not any(found.values()):
        return None
    titles = {"expired": "Đã hết hạn", "soon": "Sắp hết hạn", "short": "Dưới mức tối thiểu"}
    states = {"expired": "danger", "soon": "warning", "short": "warning"}
    return {
        "groups": [
            {
                "show": show,
                "title": titles[show],
                "state": states[show],
                "items": rows[:ROWS],
                "more": len(rows) > ROWS,
            }
            for show, rows in found.items()
            if rows
        ]
    }


# --- the day's end


def _left(show: str, state: Literal["danger", "warning"]) -> Callable[[Scope], DayEndFigure | None]:
    def provide(scope: Scope) -> DayEndFigure | None:
        if scope.workplace_id is None:
            return None
        count = reading.shown(scope, Asked(show=show), timezone.localdate()).count()
        return DayEndFigure(count, f"{reverse('stock:home')}?xem={show}", state=state)

    return provide


def _controlled(scope: Scope) -> DayEndFigure | None:
    """Controlled drugs that lie there and nobody has counted today; nothing where there are none."""
    if scope.workplace_id is None:
        return None
    found = reading.controlled_counts(scope, timezone.localdate())
    if not found.kept:
        return None
    return DayEndFigure(
        found.uncounted,
        f"{reverse('stock:home')}?xem=uncounted",
        state="danger",
        asks=f"{found.uncounted} thuốc kiểm soát đặc biệt hôm nay chưa kiểm đếm.",
    )


def _drafts(scope: Scope) -> DayEndFigure | None:
    if scope.workplace_id is None:
        return None
    return DayEndFigure(reading.drafts(scope), f"{reverse('stock:papers')}?tt=draft")


DAY_END = (
    DayEndLine("controlled", "Thuốc kiểm soát đặc biệt chưa đếm", STORE, "stock.view", _controlled, 200),
    DayEndLine("stock_papers", "Phiếu kho còn nháp", STORE, "stock.view", _drafts, 210),
    DayEndLine("stock_short", "Dưới mức tối thiểu", STORE, "stock.view", _left("short", "warning"), 220),
    DayEndLine("stock_soon", "Sắp hết hạn", STORE, "stock.view", _left("soon", "warning"), 230),
    DayEndLine(
        "stock_expired", "Đã hết hạn còn trong kho", STORE, "stock.view", _left("expired", "danger"), 240
    ),
)


def opening_progress(scope: Scope) -> Progress:
    """Whether the store was counted in: items of posted opening papers."""
    papers = StockDocument.visible(scope).filter(
        station_id=scope.workplace_id, kind=DocumentKind.OPENING, state=DocumentState.POSTED
    )
    count = StockItem.visible(scope).filter(lots__movements__kind="opening").distinct().count()
    if not papers.exists():
        return Progress(0, None, "Chưa có phiếu tồn đầu kỳ nào ghi sổ")
    return Progress(count, None, f"Đã ghi tồn đầu kỳ {count} mặt hàng")


def drafts_of(scope: Scope, holder: Holder, limit: int) -> list[HandoverItem]:
    """Papers that a leaver began and nobody has posted."""
    rows = StockDocument.visible(scope).filter(made_by=holder.user_id, state=DocumentState.DRAFT)
    return [
        HandoverItem(
            id=row.pk,
            title=row.get_kind_display(),
            note=f"{date_words(row.on)}, {row.location.name}, còn nháp",
            url=reverse("stock:paper", args=[row.pk]),
        )
        for row in rows.select_related("location").order_by("on", "pk")[:limit]
    ]
