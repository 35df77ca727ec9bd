"""What receivers call our codes: read for sending, shown with their gaps, taken from a form or from Excel."""

import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count, F, QuerySet, Value
from django.db.models.functions import Concat
from django.utils import timezone

from apps.catalogues.codes import label
from apps.core import audit, dated
from apps.core.dates import parse_date
from apps.core.errors import Refused
from apps.core.excel import as_text, as_typed
from apps.core.scope import current
from apps.core.text import clean
from apps.core.words import date_words
from apps.encounters.models import Diagnosis, Order, PrescriptionLine, ResultValue, Visit
from apps.sync import kinds, outbox
from apps.sync.mappings import codes
from apps.sync.mappings.systems import CODE_KINDS, OF_KIND
from apps.sync.models import CodeMap, OutboxRow, Receiver, RowState
from apps.sync.receivers import adapter_class
from apps.sync.receivers.base import Codes

IN_USE = timedelta(days=365)  # codes that were used within a year will be used again
HEADINGS = ("loại", "mã của trạm", "tên", "mã của nơi nhận", "từ ngày", "đến ngày")
KIND_OF = {title.lower(): kind for kind, title in CODE_KINDS.items()} | {kind: kind for kind in CODE_KINDS}
LONGEST = 60
ByDay = dict[date, Codes]


@dataclass(frozen=True)
class Line:
    """One code of ours at a receiver: its counterpart, or how often it was used without one."""

    kind: str
    local: str
    name: str
    uses: int = 0
    remote: str = ""
    valid_from: date | None = None
    valid_to: date | None = None

    @property
    def title(self) -> str:
        return CODE_KINDS[self.kind]


@dataclass
class Taken:
    """What came of a form or a file."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    sent_again: int = 0
    refused: list[str] = field(default_factory=list)


# ---- for sending


def known(receiver: Receiver, record: Any, read: ByDay | None = None) -> Codes:
    """What the receiver calls our codes on the record's day. One query, none where no kind is mapped or
    `read`, which is added to, has the day of another record.
    """
    mapped = mapped_kinds(receiver)
    if not mapped:
        return {}
    day = codes.day_of(record, timezone.localdate())
    read = {} if read is None else read
    if day not in read:
        rows = CodeMap.objects.on(day).filter(receiver=receiver, kind__in=mapped)
        read[day] = {(kind, ours): its for kind, ours, its in rows.values_list("kind", "local", "remote")}
    return read[day]


# ---- for the page


def mapped_kinds(receiver: Receiver) -> list[str]:
    """The kinds that this receiver wants under its own codes."""
    wanted = receiver.settings.get("mapped", adapter_class(receiver.kind).mapped)
    return [kind for kind in kinds_offered(receiver) if kind in wanted]


def kinds_offered(receiver: Receiver) -> tuple[str, ...]:
    """The kinds that stand in what is sent to it: none of records that no room gives yet."""
    missing = OF_KIND.keys() - kinds.registered()
    closed = {code for kind in missing for code in OF_KIND[kind]}
    return tuple(each for each in adapter_class(receiver.kind).code_kinds if each not in closed)


def lines(receiver: Receiver) -> list[Line]:
    """The codes that have a counterpart today, by kind and code."""
    rows = CodeMap.objects.on(timezone.localdate()).filter(receiver=receiver).order_by("kind", "local")
    return [
        Line(row.kind, row.local, "", 0, row.remote, row.valid_from, row.valid_to)
        for row in rows
        if row.kind in CODE_KINDS
    ]


def gaps(receiver: Receiver) -> list[Line]:
    """The codes used within a year that this receiver wants and has no counterpart for, most used first."""
    known = set(
        CodeMap.objects.on(timezone.localdate()).filter(receiver=receiver).values_list("kind", "local")
    )
    found = [
        line
        for kind in mapped_kinds(receiver)
        for line in _in_use(kind, timezone.localdate() - IN_USE)
        if (line.kind, line.local) not in known
    ]
    return sorted(found, key=lambda line: (-line.uses, line.kind, line.local))


def _in_use(kind: str, since: date) -> Iterator[Line]:
    """Our codes of a kind, with how often they were used. Unscoped: codes and counts, nobody's record."""
    for local, name, uses in _counted(kind, since):
        if local:
            yield Line(kind, local, name or "", uses)


def _counted(kind: str, since: date) -> Iterable[tuple[str, str, int]]:
    """(code, name, uses), one query; unscoped as above."""
    visits: QuerySet[Any] = Visit.unscoped.filter(on__gte=since)
    if kind in {each for codes_of in OF_KIND.values() for each in codes_of}:
        return kinds.codes_in_use(kind, since)
    if kind == "facility":
        return _count(visits, "facility__kcb_code", "facility__name")
    if kind == "icd10":
        return _count(Diagnosis.unscoped.filter(visit__on__gte=since), "icd_code", "icd_name")
    if kind == "discharge":
        return _named(_count(visits, "outcome", "outcome"), "discharge_type")
    if kind == "service":
        return _count(Order.unscoped.filter(visit__on__gte=since), "code", "name")
    if kind == "lab":
        return _count(ResultValue.unscoped.filter(result__order__visit__on__gte=since), "test", "name")
    drugs = PrescriptionLine.unscoped.filter(prescription__visit__on__gte=since)
    if kind == "route":
        return _named(_count(drugs, "route_code", "route_code"), "drug_routes")
    if kind != "drug":
        raise KeyError(kind)
    return _count(drugs.annotate(called=Concat("drug_name", Value(" "), "strength")), "drug__code", "called")


def _count(rows: QuerySet[Any], code: str, name: str) -> list[tuple[str, str, int]]:
    """One line a code; of several names that a code was printed with, any."""
    counted = rows.values_list(code, name).annotate(uses=Count("pk")).order_by(F("uses").asc())
    found: dict[str, tuple[str, str, int]] = {}
    for local, title, uses in counted:
        before = found.get(local, ("", "", 0))[2]
        found[local] = (local, title, before + uses)
    return list(found.values())


def _named(rows: list[tuple[str, str, int]], list_name: str) -> list[tuple[str, str, int]]:
    return [(code, label(list_name, code), uses) for code, _, uses in rows]


# ---- what people enter


@transaction.atomic
def kinds_set(*, receiver: Receiver, wanted: Iterable[str]) -> None:
    """Say which kinds of codes this receiver wants under its own. Needs sync.edit; guarding.py asks a second
    person where the receiver is open.
    """
    current().require("sync.edit")
    receiver = Receiver.objects.select_for_update().get(pk=receiver.pk)
    receiver.settings = with_kinds(receiver, wanted)
    receiver.save(update_fields=["settings", "updated_at"])
    send_again(receiver)
    audit.record(
        "sync.codes_kinds",
        object_id=receiver.pk,
        data={"receiver": receiver.code, "kinds": len(receiver.settings["mapped"])},
    )


def with_kinds(receiver: Receiver, wanted: Iterable[str]) -> dict[str, Any]:
    """Its settings with those kinds of codes."""
    chosen = set(wanted)
    return {**receiver.settings, "mapped": [kind for kind in kinds_offered(receiver) if kind in chosen]}


@transaction.atomic
def take(*, receiver: Receiver, entries: Iterable[Mapping[str, str]]) -> Taken:
    """Bring lines of a form or a sheet in (HEADINGS); empty counterparts are passed over. Needs sync.edit.

    A changed counterpart begins on its day, today without one, and ends the one before it. Lines that cannot
    be taken are told with their reason; the others are taken. What had stopped for a code is sent again.
    """
    current().require("sync.edit")
    dated.lock(receiver)
    taken = Taken()
    for place, entry in enumerate(entries, start=2):
        if not clean(entry.get("mã của nơi nhận", "")):
            continue
        try:
            with transaction.atomic():
                _take_one(receiver, entry, taken)
        except Refused as refused:
            taken.refused.append(f"Dòng {place}: {refused.message}")
    taken.sent_again = send_again(receiver)
    data = {"receiver": receiver.code, "added": taken.added, "changed": taken.changed}
    audit.record("sync.codes_taken", object_id=receiver.pk, data=data)
    return taken


def _take_one(receiver: Receiver, entry: Mapping[str, str], taken: Taken) -> None:
    kind = KIND_OF.get(clean(entry.get("loại", "")).lower())
    local, remote = (as_typed(clean(entry.get(name, ""))) for name in ("mã của trạm", "mã của nơi nhận"))
    offered = kinds_offered(receiver)
    if kind not in offered:
        raise Refused(f"loại mã phải là một trong: {', '.join(CODE_KINDS[each] for each in offered)}.")
    if not local or len(local) > LONGEST or len(remote) > LONGEST:
        raise Refused(f"mã phải có từ 1 đến {LONGEST} chữ.")
    first, last = _day(entry.get("từ ngày", "")), _day(entry.get("đến ngày", ""))
    rows = CodeMap.objects.filter(receiver=receiver, kind=kind, local=local)
    if rows.filter(remote=remote, valid_to=last).filter(**({"valid_from": first} if first else {})).exists():
        taken.unchanged += 1
        return
    new = CodeMap(receiver=receiver, kind=kind, local=local, remote=remote, valid_from=first, valid_to=last)
    if not rows.filter(valid_to__isnull=True).exists():
        dated.add_row(receiver, rows, new)
        taken.added += 1
        return
    new.valid_from = first or timezone.localdate()
    same_day = rows.filter(valid_to__isnull=True, valid_from=new.valid_from)
    if same_day.exists():  # entered wrongly this morning: nothing of it was true before
        same_day.delete()
        dated.add_row(receiver, rows, new)
    else:
        dated.replace_open(receiver, rows, new)
    taken.changed += 1


def _day(text: str) -> date | None:
    if not clean(text):
        return None
    try:
        return parse_date(clean(text))
    except ValueError as error:
        raise Refused(f"ngày không đọc được: {clean(text)[:20]}.") from error


def send_again(receiver: Receiver) -> int:
    """What had stopped for a code waits again. Unscoped: a receiver's codes serve every station."""
    stopped = OutboxRow.unscoped.filter(
        receiver=receiver, state=RowState.REJECTED, issues__contains=[{"expression": codes.EXPRESSION}]
    )
    return outbox.send_all_again(stopped)


# ---- Excel


def workbook(receiver: Receiver) -> bytes:
    """The gaps, ready to be filled in, then the counterparts that are known."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet("Mã")
    for letter, width in zip("ABCDEF", (20, 18, 44, 24, 14, 14), strict=True):
        sheet.column_dimensions[letter].width = width
    sheet.append(HEADINGS)
    for line in [*gaps(receiver), *lines(receiver)]:
        days = [date_words(day) for day in (line.valid_from, line.valid_to)]
        sheet.append([as_text(cell) for cell in (line.title, line.local, line.name, line.remote, *days)])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
