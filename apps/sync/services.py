"""What people do to the outbox and to receivers. Each act is audited."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from apps.core import audit
from apps.core.errors import Refused
from apps.core.scope import current, system
from apps.sync import comparing, outbox
from apps.sync.models import OutboxRow, Receiver, ReceiverKind, RowState
from apps.sync.push import prepare
from apps.sync.queries import ALL_AGAIN
from apps.sync.receivers import adapter_or_refuse
from apps.sync.receivers.base import Issue
from apps.sync.unread import refuse_unread

# The receivers of the demo: code, name, path, settings.
DEMO: dict[ReceiverKind, tuple[str, str, str, dict[str, Any]]] = {
    ReceiverKind.FHIR: ("demo", "Kho dữ liệu tỉnh", "/fhir", {}),
    ReceiverKind.QD831: (
        "demo-831",
        "Kho hồ sơ sức khỏe QĐ 831",
        "",
        {
            "token": {
                "url": "/api/xac-thuc/token",
                "client": "tram",
                "auth": "login",
                "unit": "ma_don_vi",
            },
            "paths": {"status": "/api/ho-so-suc-khoe/ho-so/trang-thai?tracking_id={tracking}"},
            "actions": {"new": "THEM_MOI", "changed": "CAP_NHAT", "withdrawn": "HUY"},
        },
    ),
    ReceiverKind.EPRESCRIPTION: ("demo-don-thuoc", "Hệ thống đơn thuốc quốc gia", "", {}),
    ReceiverKind.CHECK_UP: (
        "demo-ksk",
        "Trục dữ liệu khám sức khỏe",
        "",
        {"header": {"receiver_id": "TDLBYT"}, "sign": "TRAMYTE_RECEIVER_DEMO_KSK_KEY"},
    ),
}


@transaction.atomic
def row_send_again(*, row: OutboxRow) -> None:
    """Send a rejected or dead row again, at once. Needs sync.enter; refused when a newer one waits."""
    scope = current()
    scope.require("sync.enter")
    if not scope.reaches(row.facility_id):
        raise Refused("Bản ghi này thuộc cơ sở khác.")
    if not outbox.send_again(row):
        raise Refused("Bản ghi này không còn ở trạng thái gửi lại được, hoặc một bản mới hơn đang chờ gửi.")
    audit.record(
        "sync.sent_again", person_id=row.person_id, object_id=row.aggregate_id, facility_id=row.facility_id
    )


@transaction.atomic
def receiver_resume(*, receiver_id: UUID) -> int:
    """End a pause: what stopped there waits again. The number of rows. Needs sync.edit."""
    current().require("sync.edit")
    receiver = Receiver.objects.select_for_update().get(pk=receiver_id)
    now = timezone.now()
    receiver.paused_at, receiver.pause_reason, receiver.failures, receiver.hold_until = None, "", 0, None
    receiver.save()
    # a receiver serves all stations: those of others go on too
    paused = OutboxRow.unscoped.filter(receiver=receiver, state=RowState.PAUSED)
    rows = paused.update(state=RowState.PENDING, next_at=now, reason="", need="", updated_at=now)
    audit.record(
        "sync.receiver_resumed", object_id=receiver.pk, data={"receiver": receiver.code, "rows": rows}
    )
    return rows


@transaction.atomic
def receiver_send_again(*, receiver_id: UUID, what: str) -> int:
    """Send all rows of the scope's facilities again that a receiver has of `what` (queries.ALL_AGAIN); their
    number. Needs sync.enter.
    """
    scope = current()
    scope.require("sync.enter")
    receiver = Receiver.objects.get(pk=receiver_id)
    rows = outbox.send_all_again(OutboxRow.visible(scope).filter(ALL_AGAIN[what], receiver=receiver))
    audit.record(f"sync.{what}_again", object_id=receiver.pk, data={"receiver": receiver.code, "rows": rows})
    return rows


@transaction.atomic
def receiver_compare(*, receiver_id: UUID) -> comparing.Asked:
    """Compare the last days with what a receiver holds, now instead of at night. Needs sync.edit."""
    current().require("sync.edit")
    receiver = Receiver.objects.get(pk=receiver_id)
    if not receiver.is_on:
        raise Refused("Nơi nhận đang tắt. Hãy bật nơi nhận trước.")
    if not comparing.offers(receiver):
        raise Refused("Nơi nhận này không trả lời câu hỏi đối chiếu.")
    today = timezone.localdate()
    with system("đối chiếu với nơi nhận"):
        asked = comparing.ask(receiver, today - timedelta(days=comparing.NIGHTS), today, timezone.now())
    audit.record("sync.compared", object_id=receiver.pk, data={"receiver": receiver.code})
    return asked


def payload(*, row: OutboxRow, whole: bool = False) -> tuple[str, tuple[Issue, ...], tuple[Issue, ...]]:
    """What would be sent now, as people read it, what speaks against it, and what of it a person has to do at
    the receiver. Needs sync.export; sends nothing.

    Who it is about is covered unless `whole`.
    """
    scope = current()
    scope.require("sync.export")
    refuse_unread(row)
    with system("xem thử gói tin sẽ gửi"):
        adapter = adapter_or_refuse(row.receiver)
        prepared = prepare(row, adapter, in_parts=row.in_parts)
    if prepared is None:
        raise Refused("Bản ghi này chưa hoàn tất, hoặc không thuộc loại phải gửi cho nơi nhận này.")
    text = adapter.shown(prepared.parts, whole) if prepared.parts else ""
    return text, prepared.problems, prepared.by_hand


@transaction.atomic
def receiver_for_demo(*, root: str, manner: str = ReceiverKind.FHIR) -> tuple[Receiver, bool]:
    """The demo's receiver at a loopback address, asked in one manner or the other; True when it is new. Only
    where demo or tests run.

    Of one that is there only the port is followed: what somebody has chosen since stays, on or off.
    """
    code, name, path, settings = DEMO[ReceiverKind(manner)]
    receiver, new = Receiver.objects.get_or_create(
        code=code,
        defaults={
            "name": f"{name} (mẫu)",
            "kind": manner,
            "base_url": root + path,
            "is_on": True,
            "allow_private": True,
            "settings": settings,
        },
    )
    if urlsplit(receiver.base_url).hostname == urlsplit(root).hostname:
        receiver.base_url = root + path
        receiver.save(update_fields=["base_url", "updated_at"])
    return receiver, new
