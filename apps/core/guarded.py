"""Lists of people that leave as a file: against a reason, sealed, for a day, for their maker alone.

Who asks for many waits for a second person (approvals.py). The file is made in the background; every download
stands in the read log with everybody in it. States: docs/states.md.
"""

import datetime as dt
import io
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, QuerySet
from django.urls import reverse
from django.utils import timezone

from apps.core import approvals, audit, jobs, parameters, readlog, registry, sealed_files
from apps.core.errors import Refused
from apps.core.models import ChangeState, ExportState, GuardedExport, Job, PendingChange
from apps.core.registry import ExportKind
from apps.core.scope import Scope, current
from apps.core.text import clean
from apps.core.words import quantity_words
from apps.core.workbooks import TextWorkbook

JOB = "export.make"  # the JobKind
CHANGE = "export.large"  # the ChangeKind
SCREEN = "export.taken"  # of the read log: each download
KEPT_HOURS, TWO_ABOVE, MOST = "exports.kept_hours", "exports.second_person_above", "exports.most_rows"
TELL_EVERY = 500  # rows between two words about how far it is
UNDER_WAY = (ExportState.ASKED, ExportState.MAKING)


@transaction.atomic
def export(
    kind: str, *, reason: str, args: Mapping[str, Any] | None = None, title: str = ""
) -> GuardedExport:
    """Ask for a file of a registered kind. It is made in the background, above a number of rows only once a
    second person agrees; either way the asker finds it on the page 'Tệp đã xuất' (`core:exports`).

    `args` holds ids and options, `title` says in words what was chosen ('Danh sách dân Thôn Làng Teng'): no
    name, number or diagnosis in either. Raises Refused for no reason given, an empty list, too long a list,
    and while the same list is under way.
    """
    scope, known, args = current(), _kind(kind), dict(args or {})
    for right in known.rights:
        scope.require(right)
    reason = clean(reason)[:300]
    if not reason:
        raise Refused("Hãy ghi lý do xuất danh sách.", field="reason")
    if scope.user_id is None or scope.workplace_id is None:
        raise Refused("Hãy chọn nơi làm việc rồi xuất danh sách.")
    if mine(scope).filter(kind=kind, args=args, state__in=UNDER_WAY, asked_at__gt=_lately()).exists():
        raise Refused("Bạn đã xin xuất đúng danh sách này; xem ở trang Tệp đã xuất.")
    rows, limits = known.count(args), _limits()
    if not rows:
        raise Refused("Không có ai trong danh sách này.")
    if rows > limits[MOST]:
        raise Refused(
            f"Danh sách có {quantity_words(rows)} dòng, mỗi tệp tối đa {quantity_words(limits[MOST])}."
            " Hãy xuất từng phần."
        )
    made = GuardedExport.objects.create(
        kind=kind,
        title=(clean(title) or known.title)[:200],
        args=args,
        reason=reason,
        maker_id=scope.user_id,
        maker_scope=jobs.pack_scope(scope),
        facility_id=scope.workplace_id,
        rows=rows,
        state=ExportState.ASKED if rows > limits[TWO_ABOVE] else ExportState.MAKING,
    )
    _audit("export.asked", made)
    if made.state == ExportState.MAKING:
        _begin(made)
    else:
        approvals.ask(
            CHANGE,
            object_id=made.pk,
            facility_id=made.facility_id,
            title=f"Xuất tệp: {made.title}, {quantity_words(rows)} dòng",
            reason=reason,
        )
    return made


def approved(change: PendingChange) -> None:
    """The second person agrees: the file is made, as its maker and for her alone."""
    scope = current()
    # unscoped: it is the maker's; approvals has looked whether this scope may decide about it.
    taken = GuardedExport.unscoped.filter(pk=change.object_id, state=ExportState.ASKED)
    if not taken.update(
        state=ExportState.MAKING, approved_by=scope.user_id, approved_by_name=scope.shown_name
    ):
        raise Refused("Yêu cầu xuất này không còn nữa.")
    # unscoped: as above
    _begin(GuardedExport.unscoped.get(pk=change.object_id))


def _begin(made: GuardedExport) -> None:
    job = jobs.start(
        JOB, title=f"Xuất tệp: {made.title}"[:200], scope=jobs.unpack_scope(made.maker_scope),
        args={"export": str(made.pk)},
    )  # fmt: skip
    # unscoped: the second person begins the maker's
    GuardedExport.unscoped.filter(pk=made.pk).update(job=job)


# --- the job


def run(job: Job) -> None:
    """Makes the file, in its maker's scope. A second run begins anew and takes the place of the first."""
    made = GuardedExport.objects.get(pk=job.args["export"])
    if made.state != ExportState.MAKING:
        return
    scope, known = current(), _kind(made.kind)
    for right in known.rights:
        scope.require(right)
    out, people, rows = io.BytesIO(), dict[UUID, None](), 0
    most = _limits()[TWO_ABOVE if made.approved_by is None else MOST]
    sheet = known.sheet(made.args)
    with TextWorkbook(
        out,
        title=sheet.tab or made.title,
        headings=sheet.headings,
        widths=sheet.widths,
        above=sheet.above,
    ) as book:
        for whom, cells in sheet.rows:
            rows += 1
            if rows > most:
                break
            if whom is not None:
                people |= dict.fromkeys([whom] if isinstance(whom, UUID) else whom)
            book.add(cells)
            if rows % TELL_EVERY == 0:
                jobs.progress(job, rows, max(made.rows, rows), "Đang làm tệp.")
    if rows > most:
        job.message = f"Danh sách nay dài quá {quantity_words(most)} dòng. Hãy xin xuất lại."
        GuardedExport.objects.filter(pk=made.pk).update(state=ExportState.FAILED)
        return
    jobs.progress(job, rows, rows, "Đang mã hóa tệp.")
    content = out.getvalue()
    key, now = sealed_files.put(made.pk, content), timezone.now()
    made.rows, made.size = rows, len(content)
    with transaction.atomic():
        GuardedExport.objects.filter(pk=made.pk).update(
            state=ExportState.READY,
            rows=rows,
            size=made.size,
            key=key,
            person_ids=list(people),
            made_at=now,
            expires_at=now + dt.timedelta(hours=_limits()[KEPT_HOURS]),
        )
        readlog.record(known.screen, people, reason=made.reason)
        _audit("export.made", made)
    job.message = f"Tệp có {quantity_words(rows)} dòng, tải được trong {_limits()[KEPT_HOURS]} giờ."
    job.result = {"url": reverse("core:export_take", args=[made.pk]), "url_title": "Tải tệp"}


# --- one's own files


def mine(scope: Scope) -> QuerySet[GuardedExport]:
    """What this account has asked for at its places of work; without the lists of people in them."""
    own = GuardedExport.visible(scope).filter(maker_id__in=[scope.user_id])
    return own.defer("person_ids", "maker_scope").select_related("job")


def standing(rows: list[GuardedExport]) -> dict[UUID, tuple[str, str]]:
    """(chip, word) of each: what became of it, or of its wish for a second person. One query."""
    asked = [row.pk for row in rows if row.state == ExportState.ASKED]
    wishes = PendingChange.objects.filter(kind=CHANGE, object_id__in=asked).order_by("created_at")
    word_of = {wish.object_id: _wish(wish) for wish in wishes} if asked else {}
    return {row.pk: word_of.get(row.pk) or _state(row) for row in rows}


def _wish(wish: PendingChange) -> tuple[str, str] | None:
    if wish.state == ChangeState.WAITING:
        return ("off", "Quá hạn duyệt") if approvals.is_over(wish) else None
    return ("off" if wish.state == ChangeState.WITHDRAWN else "danger", wish.get_state_display())


def _state(row: GuardedExport) -> tuple[str, str]:
    state = ExportState(row.state)
    if state == ExportState.READY and is_over(row):
        state = ExportState.EXPIRED
    if state == ExportState.MAKING and row.job is not None and row.job.state == "failed":
        state = ExportState.FAILED
    return CHIPS[state], str(state.label)


CHIPS = {
    ExportState.ASKED: "warning",
    ExportState.MAKING: "info",
    ExportState.READY: "done",
    ExportState.EXPIRED: "off",
    ExportState.FAILED: "danger",
}


def is_over(made: GuardedExport) -> bool:
    """Whether its day is over, whether or not the file has been removed yet."""
    return made.expires_at is not None and made.expires_at <= timezone.now()


@transaction.atomic
def take(pk: UUID) -> tuple[str, bytes] | None:
    """Name and content of one's own file, in both logs. None for a stranger's; Refused when there is no file
    (any more).
    """
    scope = current()
    made = GuardedExport.objects.filter(pk=pk, maker_id__in=[scope.user_id]).first()
    if made is None:
        return None
    for right in _kind(made.kind).rights:
        scope.require(right)
    if not jobs.still_sees(jobs.unpack_scope(made.maker_scope), scope):
        raise Refused(f"Địa bàn bạn phụ trách đã khác lúc xuất tệp “{made.title}”. Hãy xuất lại nếu còn cần.")
    if made.state == ExportState.EXPIRED or is_over(made):
        raise Refused(f"Tệp “{made.title}” đã hết hạn và đã xóa. Hãy xuất lại nếu còn cần.")
    if made.state != ExportState.READY:
        raise Refused(f"Tệp “{made.title}” chưa làm xong.")
    try:
        content = sealed_files.get(made.pk, made.key)
    except sealed_files.Unreadable:
        raise Refused(f"Tệp “{made.title}” không còn trên máy chủ. Hãy xuất lại.") from None
    GuardedExport.objects.filter(pk=pk).update(taken=F("taken") + 1)
    readlog.record(SCREEN, made.person_ids, reason=made.reason)
    _audit("export.taken", made)
    day = timezone.localtime(made.made_at)
    return f"{_kind(made.kind).file_name}-{day:%Y-%m-%d-%H%M}.xlsx", content


# --- small steps


def _kind(key: str) -> ExportKind:
    kind = registry.exports.get(key)
    if kind is None:
        raise KeyError(f"export kind {key!r} is not registered")
    return kind


def _limits() -> dict[str, int]:
    today = timezone.localdate()
    return {key: int(parameters.value(key, on=today)) for key in (KEPT_HOURS, TWO_ABOVE, MOST)}


def _lately() -> dt.datetime:
    """What was asked for before is not under way any more: its wish or its worker is long dead."""
    return timezone.now() - dt.timedelta(days=1)


def _audit(action: str, made: GuardedExport) -> None:
    audit.record(
        action,
        object_id=made.pk,
        facility_id=made.facility_id,
        data={"what": _kind(made.kind).title, "rows": made.rows, "reason": made.reason},
    )
