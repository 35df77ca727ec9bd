"""What of visits, orders and money is left at the day's end; and the page that shows exactly these visits."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from apps.core import registry
from apps.core.paging import Page, keyset
from apps.core.registry import DayEndFigure, DayEndLine
from apps.core.scope import Scope
from apps.core.words import date_words, money_words
from apps.encounters import queries, states
from apps.encounters.desk import queue
from apps.encounters.models import OrderKind, ProcedureSheet, SheetState, Visit
from apps.encounters.money import cash
from apps.encounters.money import queries as money
from apps.encounters.ordering import queries as order_queries
from apps.encounters.ordering import states as order_states

OBSERVATION = "observation"  # the form of a procedure: a bed of the station, by the hour


# --- visits that are not over


def _unfinished(scope: Scope, today: dt.date) -> Q:
    """Begun and not ended, whenever; and who waited on an earlier day and was never seen."""
    return Q(state=states.IN_PROGRESS) | Q(state=states.WAITING, on__lt=today)


def _unsigned(scope: Scope, today: dt.date) -> Q:
    return Q(state=states.AWAITING_SIGNATURE)


def _observed(scope: Scope, today: dt.date) -> Q:
    # unscoped: a condition on visits within the scope
    beds = ProcedureSheet.unscoped.filter(
        order__visit=OuterRef("pk"),
        order__state__in=order_states.WAITING,
        form=OBSERVATION,
        state=SheetState.OPEN,
    )
    return Q(Exists(beds))


@dataclass(frozen=True)
class Part:
    """A tab of the page."""

    title: str
    q: Callable[[Scope, dt.date], Q]
    empty: str


PARTS = {
    "": Part("Chưa hoàn tất", _unfinished, "Mọi lượt khám đã hoàn tất"),
    "theo-doi": Part("Đang theo dõi tại giường", _observed, "Không có ai nằm theo dõi"),
    "cho-ky": Part("Chờ bác sĩ ký", _unsigned, "Không có lượt khám nào chờ ký"),
}


def left(scope: Scope, part: str) -> QuerySet[Visit]:
    """The visits of a part of the page."""
    today = timezone.localdate()
    return Visit.visible(scope).filter(PARTS[part].q(scope, today), facility_id__in=scope.facility_ids)


def page(scope: Scope, part: str, cursor: str) -> Page[Visit]:
    """A page of them, oldest first. One query, and one for its size."""
    rows = left(scope, part).select_related(*queries.ROW)
    return keyset(
        rows, order=("occurred_at", "id"), cursor=cursor, size=queries.page_size(timezone.localdate())
    )


def _url(part: str) -> str:
    return f"{reverse('encounters:left')}{f'?muc={part}' if part else ''}"


# --- the lines


def _waiting(scope: Scope) -> DayEndFigure | None:
    if scope.workplace_id is None:
        return None
    return DayEndFigure(queue.waiting_count(scope, timezone.localdate()), reverse("encounters:queue"))


def _visits(part: str, state: str) -> Callable[[Scope], DayEndFigure | None]:
    def provide(scope: Scope) -> DayEndFigure | None:
        return DayEndFigure(left(scope, part).count(), _url(part), state="danger" if state else "warning")

    return provide


def _orders(scope: Scope) -> DayEndFigure | None:
    since = timezone.localdate() - dt.timedelta(days=order_queries.EARLIER_DAYS)
    counts = order_queries.waiting_counts(scope, since)
    words = ", ".join(f"{counts[key]} {title.lower()}" for key, title in OrderKind.choices if counts.get(key))
    return DayEndFigure(
        sum(counts.values()), f"{reverse('encounters:orders_waiting')}?ngay=tat-ca", words=words
    )


def _cash(scope: Scope) -> DayEndFigure | None:
    """Whether the cash book is closed up to today, and what should be in the box. At most nine queries."""
    if scope.workplace_id is None or scope.hamlet_ids is not None:
        return None
    today = timezone.localdate()
    box = money.box_of(scope.workplace_id)
    if box is None:
        return None
    first = cash.first_open(scope.workplace_id, box.closed_until)
    said = money_words(cash.totals(scope.workplace_id, today).closing)
    if first is None or first > today:
        return DayEndFigure(0, reverse("encounters:cash"), words=f"đã khóa sổ; quỹ theo sổ {said}")
    return DayEndFigure(
        1,
        f"{reverse('encounters:cash')}?ngay={first:%d/%m/%Y}",
        words=f"chưa khóa sổ từ ngày {date_words(first)}; quỹ theo sổ {said}",
        state="danger",
        asks=f"Sổ quỹ ngày {date_words(first)} chưa khóa, tiền chưa kiểm đếm; theo sổ trong quỹ có {said}.",
    )


def _till(what: str, address: str) -> Callable[[Scope], DayEndFigure | None]:
    def provide(scope: Scope) -> DayEndFigure | None:
        if scope.workplace_id is None:
            return None
        return DayEndFigure(getattr(money.at_the_till(scope), what), reverse(f"encounters:{address}"))

    return provide


LINES = (
    DayEndLine("queue", "Còn chờ khám hôm nay", registry.PATIENTS, "visits.view", _waiting, 10),
    DayEndLine(
        "unfinished", "Lượt khám chưa hoàn tất", registry.PATIENTS, "visits.view", _visits("", ""), 20
    ),
    DayEndLine(
        "observed",
        "Đang theo dõi tại giường",
        registry.PATIENTS,
        "visits.view",
        _visits("theo-doi", "danger"),
        30,
    ),
    DayEndLine(
        "unsigned", "Lượt khám chờ bác sĩ ký", registry.PATIENTS, "visits.view", _visits("cho-ky", ""), 40
    ),
    DayEndLine("orders", "Chỉ định chưa có kết quả", registry.PATIENTS, "results.view", _orders, 50),
    DayEndLine("cash", "Sổ quỹ", registry.MONEY, "money.view", _cash, 100),
    DayEndLine(
        "receipts",
        "Biên lai chờ thu",
        registry.MONEY,
        "money.view",
        _till("waiting", "waiting_receipts"),
        110,
    ),
    DayEndLine("refunds", "Cần hoàn tiền", registry.MONEY, "money.view", _till("refunds", "refunds"), 120),
    DayEndLine(
        "unconfirmed",
        "Ngày quỹ chờ người nhận xác nhận",
        registry.MONEY,
        "money.view",
        _till("unconfirmed", "cash_days"),
        130,
    ),
)
