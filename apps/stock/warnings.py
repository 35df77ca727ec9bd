"""What the keeper of the store should see in the morning: what is short, what runs out, what has expired."""

from typing import Any

from django.urls import reverse
from django.utils import timezone

from apps.core.registry import HandoverItem, Holder, Progress
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
