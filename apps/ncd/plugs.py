"""What the room of hypertension and diabetes offers to the house."""

from typing import Any
from uuid import UUID

from django.urls import reverse

from apps.care.events import EnrolmentChanged
from apps.core import registry
from apps.core.events import subscribe
from apps.core.registry import (
    AuditSentence,
    HomePanel,
    MenuItem,
    MergeRule,
    PersonFlag,
    ReadScreen,
    RecordPanel,
    Section,
    TargetGroup,
    TimelineKind,
)
from apps.core.scope import Scope
from apps.encounters import checking, states
from apps.encounters.events import VisitAmended, VisitEnteredInError, VisitFinalised, VisitMoved
from apps.facilities.registers import export_kind
from apps.ncd import bench, books, lists, queries, services
from apps.ncd.models import Programme


def _form(object_id: UUID) -> str:
    return reverse("ncd:form", args=[object_id])


def _beside(scope: Scope, visit: Any) -> dict[str, Any] | None:
    """How she is followed, the form of this visit, or why she should be taken in. One query."""
    rows = queries.beside_visit(scope, visit)
    if not rows:
        return None
    may_enter = scope.can("ncd.enter") and scope.reaches(visit.facility_id)
    may_take_in = may_enter and scope.can("care.enter")
    # The one key is for what can be done: her form, or taking her in.
    undone = [row for row in rows if not row.form_id and (row.enrolment_id or row.is_confirmed)]
    return {
        "visit": visit,
        "rows": rows,
        "first": undone[0] if undone else None,
        "is_open": visit.is_open,
        "may_enter": may_enter,
        "may_take_in": may_take_in,
        # A form that was forgotten is written afterwards, with a reason.
        "may_add": visit.state == states.FINALISED and may_enter and scope.can("ncd.edit"),
    }


registry.rules.add(bench.TARGET, bench.CVD_RISK)
registry.sections.add(Section("ncd", "Tăng huyết áp, đái tháo đường", 52))
registry.menu.add(
    MenuItem("ncd", "Tăng huyết áp, đái tháo đường", "ncd:lists", "ncd.view", 46, "heart", registry.PEOPLE)
)
registry.record_panels.add(
    RecordPanel("ncd", "visit", "Bệnh mạn tính", "ncd.view", "ncd/panel_visit.html", _beside, 4),
    RecordPanel(
        "ncd_course",
        "person",
        "Theo dõi huyết áp, đường huyết",
        "ncd.view",
        "ncd/panel_person.html",
        queries.of_person,
        55,
    ),
)
registry.home_panels.add(
    HomePanel(
        "ncd", "Tăng huyết áp, đái tháo đường", "ncd.view", "ncd/panel_home.html", lists.home, 40, later=True
    )
)
registry.person_flags.add(PersonFlag("ncd", queries.flags, 60))
registry.timeline_kinds.add(
    TimelineKind(services.TIMELINE, "Theo dõi bệnh mạn tính", _form, "heart", "ncd.view")
)
registry.target_groups.add(
    *(
        TargetGroup(
            f"ncd_{programme}",
            f"Người đang quản lý {programme.label.lower()}",
            queries.of_group(programme),
            right="ncd.view",
            order=51,
        )
        for programme in Programme
    )
)
registry.exports.add(lists.EXPORT, export_kind(books.A), export_kind(books.B))
registry.merge_rules.add(MergeRule.simple("ncd.FollowUp.person"))
registry.readlog_screens.add(
    ReadScreen("ncd.form", "Phiếu theo dõi tăng huyết áp, đái tháo đường"),
    ReadScreen(lists.SCREEN, "Danh sách theo dõi tăng huyết áp, đái tháo đường"),
    ReadScreen("ncd.export", "Xuất danh sách theo dõi"),
    ReadScreen("ncd.api", "Phiếu theo dõi qua API"),
    *(
        ReadScreen(f"{book.key}.{way}", f"{word} {book.code}")
        for book in (books.A, books.B)
        for way, word in (("page", "Sổ"), ("paper", "In sổ"), ("export", "Tệp sổ"))
    ),
)
registry.audit_sentences.add(
    AuditSentence("ncd.saved", "đã lưu phiếu theo dõi bệnh mạn tính"),
    AuditSentence("ncd.amended", "đã sửa đổi phiếu theo dõi của lượt khám đã hoàn tất"),
    AuditSentence("ncd.in_error", "đã ghi một phiếu theo dõi là nhập nhầm"),
    AuditSentence("ncd.book_a.printed", "đã in sổ 97-II-01A: {rows} người"),
    AuditSentence("ncd.book_b.printed", "đã in sổ 97-II-01B: {rows} người"),
)
checking.askers.append(queries.unwritten)
subscribe(VisitFinalised, services.follow_end)
subscribe(VisitAmended, services.follow_end)
subscribe(VisitEnteredInError, services.follow_error)
subscribe(VisitMoved, services.follow_move)
subscribe(EnrolmentChanged, services.follow_enrolment)
registry.guide.add(
    registry.GuideChapter(
        "man-tinh",
        "Tăng huyết áp, đái tháo đường",
        "guide/ncd.html",
        {
            "ncd:follow": "phieu",
            "ncd:form": "phieu",
            "ncd:amend": "phieu",
            "ncd:lists": "danh-sach",
            "ncd:lists_export": "danh-sach",
            "ncd:book_a": "so-nam",
            "ncd:book_a_export": "so-nam",
            "ncd:book_b": "so-nam",
            "ncd:book_b_export": "so-nam",
        },
        46,
    )
)
