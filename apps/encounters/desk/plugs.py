"""What reception, the queue and its screens offer to the house."""

from typing import Any
from uuid import UUID

from django.urls import reverse

from apps.core import registry
from apps.core.registry import (
    AuditSentence,
    GuideChapter,
    MenuItem,
    PaperKind,
    ReadScreen,
    RecordAction,
    RecordPanel,
    SuccessionStays,
)
from apps.core.scope import Scope
from apps.encounters import checks, page
from apps.encounters.desk import receiving


def _visit(object_id: UUID) -> str:
    return reverse("encounters:visit", args=[object_id])


def _family(household_id: UUID) -> str:
    return reverse("encounters:family", args=[household_id])


def _of_visit(scope: Scope, visit: Any) -> dict[str, Any] | None:
    """How she was received: kind, priority, payer, card, what the last look-up said. One query."""
    looked = checks.of_visit(visit.pk)
    return {
        "visit": visit,
        "kind": receiving.kind_word(visit),
        "free_for": receiving.free_word(visit),
        "reasons": visit.priority_words,
        "looked_up": looked[0] if looked else None,
        "may": page.allowed(scope, visit),
    }


registry.search_offers.add(
    MenuItem("emergency", "Cấp cứu chưa rõ là ai", "encounters:emergency", "visits.enter", 30, "heart")
)
registry.household_actions.add(
    RecordAction("visits", "Tiếp nhận nhiều người", "visits.enter", _family, 10, hotkey="F2")
)
registry.record_panels.add(
    RecordPanel(
        "reception-visit",
        "visit",
        "Tiếp nhận",
        "visits.view",
        "encounters/panel_reception.html",
        _of_visit,
        5,
    ),
)
registry.papers.add(PaperKind("ticket", "phiếu số thứ tự", _visit))
registry.readlog_screens.add(
    ReadScreen("visit.queue", "Hàng chờ khám"),
    ReadScreen("visit.number", "Số thứ tự vừa cấp"),
    ReadScreen("visit.card", "Tra cứu thẻ BHYT"),
)
registry.audit_sentences.add(
    AuditSentence("visit.reception_changed", "đã sửa phần tiếp nhận lượt khám {number}"),
    AuditSentence("visit.left", "đã ghi lượt khám {number} bỏ về khi chưa khám"),
    AuditSentence("visit.returned", "đã ghi lượt khám {number} quay lại khám"),
    AuditSentence("visit.called", "đã gọi số {number}"),
    AuditSentence("visit.skipped", "đã ghi số {number} gọi không thấy"),
    AuditSentence("visit.back_in_queue", "đã đưa số {number} quay lại hàng chờ"),
    AuditSentence("visit.transferred", "đã chuyển số {number} sang phòng hoặc điểm khác"),
    AuditSentence("board.opened", "đã mở một màn hình bảng số"),
    AuditSentence("board.closed", "đã đóng một màn hình bảng số"),
    AuditSentence("board.names", "đã đổi cách hiện bảng số: {shown}"),
    AuditSentence("room.put", "đã sửa danh sách phòng, bàn khám"),
)
registry.guide.add(
    GuideChapter(
        "tiep-nhan",
        "Tiếp nhận và hàng chờ",
        "guide/reception.html",
        {
            "encounters:open": "mot-nguoi",
            "encounters:number": "mot-nguoi",
            "encounters:reception": "sua",
            "encounters:family": "ca-nha",
            "encounters:numbers": "ca-nha",
            "encounters:emergency": "cap-cuu",
            "encounters:queue": "hang-cho",
            "encounters:leave": "hang-cho",
            "encounters:board_settings": "bang-so",
        },
        39,
    )
)
_ROOMS_STAY = "rooms and screens are of one place and time; the successor sets up its own"
registry.succession_stays.add(
    SuccessionStays("encounters.Room.facility", _ROOMS_STAY),
    SuccessionStays("encounters.QueueSetting.facility", _ROOMS_STAY),
    SuccessionStays("encounters.BoardScreen.facility", _ROOMS_STAY),
    SuccessionStays("encounters.BoardScreen.point", _ROOMS_STAY),
)
