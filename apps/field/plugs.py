"""What the room of hamlets offers to the house."""

from typing import Any
from uuid import UUID

from django.urls import reverse

from apps.core import registry
from apps.core.events import subscribe
from apps.core.registry import (
    AuditSentence,
    DraftKind,
    HomePanel,
    MenuItem,
    MergeRule,
    PersonFlag,
    ReadScreen,
    Section,
    SuccessionStays,
    SuccessionStep,
    TaskKind,
)
from apps.core.scope import Scope
from apps.field import book, following, merging, queries, succeeding
from apps.field.proposals import CLUSTER_TASK, TASK
from apps.field.said import KINDS
from apps.field.views import today_in_hamlets
from apps.field.views_station import home_panel
from apps.households.events import ResidenceRecorded
from apps.patients.events import PersonBorn, PersonDied

registry.sections.add(Section("field", "Thôn bản", 125))
registry.menu.add(
    MenuItem("field", "Thôn bản", "field:home", "field.view", 125, "place"),
    MenuItem("proposals", "Đề xuất từ thôn", "field:inbox", "field.approve", 126, "send", registry.PEOPLE),
)


def _decide(object_id: UUID) -> str:
    return reverse("field:decide", args=[object_id])


def _today(scope: Scope) -> dict[str, Any] | None:
    """The whole home page of who works in hamlets; the station's staff have it behind the menu."""
    return today_in_hamlets(scope) if scope.hamlet_ids is not None else None


registry.home_panels.add(
    HomePanel("field", "Thôn của tôi", "field.view", "field/panel_home.html", _today, 8),
    HomePanel("proposals", "Đề xuất từ thôn", "field.approve", "field/panel_inbox.html", home_panel, 25),
)
registry.task_kinds.add(
    TaskKind(
        CLUSTER_TASK, "Nhiều người cùng ốm ở thôn", "field.approve", "tasks.cluster", _decide, own_panel=True
    ),
    TaskKind(TASK, "Đề xuất từ thôn", "field.approve", "tasks.proposal", _decide, own_panel=True),
)
registry.drafts.add(
    *(
        DraftKind(
            f"proposal-{kind.key}", f"Báo «{kind.title}»", "field.enter", queries.draft_subjects(kind.key), 60
        )
        for kind in KINDS.values()
    )
)
registry.person_flags.add(PersonFlag("told_pregnant", queries.pregnancy_flags, 40))
registry.audit_sentences.add(
    AuditSentence("field.book_printed", "đã in sổ dân số A0, {rows} người"),
    AuditSentence("field.slip_printed", "đã in phiếu P0 tháng {month}"),
    AuditSentence("contraception.marked", "đã ghi {cells} ô biện pháp tránh thai"),
    AuditSentence("proposal.made", "đã báo từ thôn: {kind}"),
    AuditSentence("proposal.withdrawn", "đã rút lại tin báo từ thôn: {kind}"),
    AuditSentence("proposal.accepted", "đã nhận đề xuất từ thôn: {kind}"),
    AuditSentence("proposal.refused", "đã trả lời không nhận đề xuất từ thôn: {kind}"),
)
registry.readlog_screens.add(
    ReadScreen("field.home", "Việc tuần này của thôn"),
    ReadScreen("field.search", "Tìm người trong thôn"),
    ReadScreen("field.households", "Danh sách hộ của thôn"),
    ReadScreen("field.household", "Trang của một hộ trên điện thoại"),
    ReadScreen("field.told", "Tin đã báo từ thôn"),
    ReadScreen("field.inbox", "Đề xuất từ thôn"),
    ReadScreen("field.book", "Sổ dân số A0"),
    ReadScreen("field.book_paper", "In sổ dân số A0"),
    ReadScreen("field.export", "Xuất sổ dân số A0"),
    ReadScreen("field.slip", "In phiếu P0"),
    ReadScreen("field.contraception", "Sổ A0: biện pháp tránh thai"),
)
registry.merge_rules.add(
    MergeRule.simple("field.Proposal.person"),
    MergeRule.special(
        "field.ContraceptionMark.person", merging.follow, why="one mark a month holds for each woman"
    ),
)
registry.exports.add(book.EXPORT)
registry.succession_steps.add(
    SuccessionStep(
        "told",
        "Tin nhân viên y tế thôn đã báo",
        succeeding.told,
        succeeding.move_told,
        columns=("field.Proposal.station", "field.Proposal.hamlet"),
        order=130,
    )
)
registry.succession_stays.add(
    SuccessionStays("field.ContraceptionMark.hamlet", "where the couple lived in that month")
)
subscribe(PersonDied, following.died)
subscribe(PersonBorn, following.born)
subscribe(ResidenceRecorded, following.recorded)
registry.guide.add(
    registry.GuideChapter(
        "thon-ban",
        "Nhân viên y tế thôn",
        "guide/field.html",
        {
            "field:home": "tuan-nay",
            "field:households": "ho",
            "field:household": "ho",
            "field:tell": "bao",
            "field:tell_of": "bao",
            "field:told": "bao",
            "field:proposal": "bao",
            "field:inbox": "tram",
            "field:decide": "tram",
            "field:refuse": "tram",
            "field:book": "so-a0",
            "field:changes": "so-a0",
            "field:months": "so-a0",
        },
        50,
    )
)
