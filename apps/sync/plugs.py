"""What the sync room offers to the house."""

from typing import Any
from uuid import UUID

from apps.core import ports, registry
from apps.core.events import subscribe
from apps.core.registry import AuditSentence, HomePanel, MenuItem, ReadScreen, RecordPanel, Section
from apps.core.scope import Scope
from apps.encounters.events import VisitAmended, VisitEnteredInError, VisitFinalised
from apps.patients.events import IdentifierChanged, PersonChanged
from apps.sync import gather, kinds, queries, subscribers
from apps.sync.views import panel_context

kinds.add(kinds.Kind("visit", "Lượt khám", gather.visit))
kinds.add(kinds.Kind("person", "Thông tin người bệnh", gather.person))

subscribe(VisitFinalised, subscribers.visit_final)
subscribe(VisitAmended, subscribers.visit_final)
subscribe(VisitEnteredInError, subscribers.visit_in_error)
subscribe(PersonChanged, subscribers.person_changed)
subscribe(IdentifierChanged, subscribers.person_changed)

ports.provide(ports.SyncState, queries.Port())


def _home(scope: Scope) -> dict[str, Any] | None:
    """What is stuck or has waited long; nothing when all is well."""
    counts = queries.station_counts(scope)
    return counts if counts["stuck"] or counts["waiting"] else None


def _visit(scope: Scope, visit: Any) -> dict[str, Any] | None:
    visit_id: UUID = visit.pk
    return panel_context(visit_id)


registry.sections.add(Section("sync", "Đồng bộ", 820))
registry.menu.add(MenuItem("sync", "Đồng bộ", "sync:station", "sync.view", 820, "sync"))
registry.home_panels.add(
    HomePanel(
        "sync",
        "Gửi lên tuyến trên",
        "sync.view",
        "sync/home_panel.html",
        _home,
        order=80,
        levels=frozenset({"station", "province"}),
    )
)
registry.record_panels.add(
    RecordPanel("sync", "visit", "Gửi lên tuyến trên", "sync.view", "sync/visit_panel.html", _visit, order=90)
)
registry.readlog_screens.add(
    ReadScreen("sync.list", "Bản ghi bị nơi nhận từ chối"),
    ReadScreen("sync.row", "Một bản ghi gửi lên tuyến trên"),
    ReadScreen("sync.payload", "Gói tin gửi lên tuyến trên"),
)
registry.audit_sentences.add(
    AuditSentence("sync.sent_again", "đã cho gửi lại một bản ghi"),
    AuditSentence("sync.all_again", "đã cho gửi lại {rows} bản ghi không thành ở nơi nhận {receiver}"),
    AuditSentence("sync.receiver_on", "đã bật nơi nhận {receiver}"),
    AuditSentence("sync.receiver_off", "đã tắt nơi nhận {receiver}"),
    AuditSentence("sync.receiver_resumed", "đã cho nơi nhận {receiver} chạy lại ({rows} bản ghi)"),
    AuditSentence("sync.receiver_saved", "đã sửa thiết lập nơi nhận {receiver}: {changed}"),
)
