"""What this room offers to the house."""

from django.urls import reverse

from apps.catalogues import picks
from apps.core import drafts, ports, registry
from apps.core.events import subscribe
from apps.core.registry import (
    AuditSentence,
    DraftKind,
    HomePanel,
    JobKind,
    MenuItem,
    MergeRule,
    NightlyWork,
    PaperKind,
    ReadScreen,
    SearchSource,
    Section,
    SuccessionStays,
    SuccessionStep,
    TaskKind,
)
from apps.core.scope import Scope
from apps.households import (
    ask_pages,
    asks,
    births,
    checking,
    exports,
    following,
    imports,
    merging,
    papers,
    picking,
    queries,
    review,
    search,
    services,
    statuses,
    succeeding,
    targets,
    transfers,
    writing,
)
from apps.households.events import ResidenceCorrected, ResidenceRecorded
from apps.households.models import EventKind
from apps.patients.events import DeathCorrected, PersonBorn, PersonChanged, PersonDied

registry.sections.add(Section("households", "Hộ gia đình", 110))
registry.menu.add(MenuItem("households", "Hộ gia đình", "households:list", "households.view", 110, "home"))


def _at_hand(scope: Scope) -> dict[str, bool]:
    """What is done with people and households day by day, one step from the home page. No query."""
    return {
        "person": scope.can("people.enter"),
        "household": scope.can("households.enter"),
        "list": scope.can("households.enter") and scope.can("people.enter"),
        "export": scope.can("households.export") and scope.can("people.export"),
    }


registry.drafts.add(
    DraftKind(
        "household-new",
        "Thêm hộ",
        "households.enter",
        drafts.about_new("Thêm hộ mới", lambda: reverse("households:create")),
        40,
    ),
    DraftKind("member-new", "Thêm người vào hộ", "households.edit", queries.draft_subjects, 41),
)
registry.home_panels.add(
    HomePanel(
        "households",
        "Người dân và hộ gia đình",
        "households.view",
        "households/panel_home.html",
        _at_hand,
        900,
        later=True,
    )
)
registry.home_panels.add(
    HomePanel(
        "asks",
        "Xin chuyển hồ sơ trong 7 ngày",
        "users.edit",
        "households/panel_asks.html",
        ask_pages.digest_panel,
        order=76,
        levels=frozenset({"station", "province"}),
    )
)
registry.search_offers.add(
    MenuItem("household.ask", "Xin chuyển hồ sơ từ trạm khác", "households:ask", "households.edit", order=20)
)
registry.search_sources.add(SearchSource("households", search.search, 5))
registry.audit_sentences.add(
    AuditSentence("household.created", "đã thêm hộ {code}"),
    AuditSentence("household.changed", "đã sửa hộ {code}: {fields}"),
    AuditSentence("household.member_added", "đã thêm thành viên vào hộ {code}"),
    AuditSentence("household.member_left", "đã ghi một thành viên rời hộ {code}"),
    AuditSentence("household.relation_changed", "đã sửa quan hệ với chủ hộ"),
    AuditSentence("household.head_changed", "đã đổi chủ hộ {code}"),
    AuditSentence("people.import_checked", "đã kiểm tra danh sách {rows} người trước khi nhập"),
    AuditSentence("people.import_sent", "đã gửi một danh sách dân"),
    AuditSentence("people.import_mapped", "đã chọn nghĩa các cột của danh sách: {columns} cột"),
    AuditSentence("people.import_decided", "đã chọn cách xử lý {rows} dòng có thể trùng"),
    AuditSentence("people.import_rejected_taken", "đã tải {rows} dòng không nhận của danh sách"),
    AuditSentence("people.imported", "đã nhập danh sách: thêm {added}, sửa {changed}, không nhận {failed}"),
    AuditSentence("people.exported", "đã xuất danh sách {rows} người: {reason}"),  # of earlier versions
)
registry.audit_sentences.add(
    *(
        AuditSentence(f"household.event.{kind.value}", f"đã ghi hộ {{code}}: {kind.label.lower()}")
        for kind in EventKind
    ),
    AuditSentence("household.list_printed", "đã in danh sách {rows} hộ của thôn {hamlet}"),
    AuditSentence("household.status_put", "đã ghi diện hộ {code}"),
    AuditSentence("household.status_ended", "đã kết thúc một diện của hộ {code}"),
    AuditSentence("household.status_withdrawn", "đã rút lại một diện ghi nhầm của hộ {code}"),
    AuditSentence("household.surveyed", "đã ghi điều kiện sống của hộ {code}"),
    AuditSentence("household.survey_withdrawn", "đã rút lại một phiếu điều kiện sống của hộ {code}"),
    AuditSentence("person.status_put", "đã ghi một diện chính sách"),
    AuditSentence("person.status_ended", "đã kết thúc một diện chính sách"),
    AuditSentence("person.status_withdrawn", "đã rút lại một diện chính sách ghi nhầm"),
    AuditSentence("household.newcomers_declined", "đã trả lời {people} người không về địa bàn"),
    AuditSentence("household.asked", "đã xin trạm khác chuyển hồ sơ một người"),
    AuditSentence("household.ask_missed", "đã xin chuyển hồ sơ bằng một số không có ai mang"),
    AuditSentence("household.ask_withdrawn", "đã thôi xin chuyển hồ sơ một người"),
    AuditSentence("household.ask_given", "đã cho chuyển hồ sơ một người đến trạm xin"),
    AuditSentence("household.ask_refused", "đã trả lời không cho chuyển hồ sơ một người"),
    AuditSentence("household.event_withdrawn", "đã rút lại một biến động ghi nhầm: {kind}"),
)
picks.kinds.add(picking.HOUSEHOLD)
registry.readlog_screens.add(
    ReadScreen("household.page", "Trang của một hộ"),
    ReadScreen("household.paper", "Phiếu hộ in ra"),
    ReadScreen("household.hamlet_paper", "Danh sách hộ của một thôn in ra"),
    ReadScreen("household.statuses", "Diện chính sách của một hộ"),
    ReadScreen("household.history", "Lịch sử của một hộ"),
    ReadScreen("household.list", "Danh sách hộ"),
    ReadScreen("household.newcomers", "Người chuyển đến chờ nhận"),
    ReadScreen(asks.SCREEN, "Xin chuyển hồ sơ giữa hai trạm"),
    ReadScreen(review.SCREEN, "Xem trước danh sách nhập"),
    ReadScreen("people.export", "Xuất danh sách dân"),
    ReadScreen("people.import_rejected", "Tải các dòng không nhận của một danh sách nhập"),
    ReadScreen("households.api", "API hộ gia đình"),
)
registry.exports.add(exports.EXPORT)
registry.task_kinds.add(
    TaskKind(
        transfers.TASK,
        "Người chuyển đến chờ nhận",
        "households.edit",
        "tasks.newcomers",
        lambda pk: reverse("households:newcomer", args=[pk]),
    ),
    TaskKind(
        asks.TASK,
        "Trạm khác xin chuyển hồ sơ",
        "households.edit",
        "tasks.asked",
        lambda pk: reverse("households:ask_give", args=[pk]),
    ),
)
registry.papers.add(
    PaperKind(papers.SHEET, "phiếu hộ", lambda pk: reverse("households:household", args=[pk]))
)
registry.jobs.add(
    JobKind(checking.JOB, "Kiểm tra danh sách dân", checking.run, "households.enter"),
    JobKind(writing.JOB, "Nhập danh sách dân", writing.run, "households.enter"),
)
registry.nightly.add(
    NightlyWork("households.statuses", "Cập nhật diện hộ theo ngày", statuses.statuses_of_the_day),
    NightlyWork("households.lists", "Xóa danh sách dân đã gửi mà chưa nhập", imports.forget_unstarted),
)
ports.provide(ports.HouseholdOf, queries.Households())
ports.provide(ports.LivingOf, queries.Living())
subscribe(PersonChanged, services.follow_head_name)
subscribe(PersonBorn, births.newborn_joins)
subscribe(PersonDied, following.died)
subscribe(DeathCorrected, following.corrected)
subscribe(PersonDied, transfers.died)
subscribe(ResidenceRecorded, transfers.recorded)
subscribe(ResidenceCorrected, transfers.corrected)
subscribe(PersonDied, asks.died)
subscribe(ResidenceRecorded, asks.recorded)  # after transfers: looks at who was told
subscribe(ResidenceCorrected, asks.corrected)
registry.merge_rules.add(
    MergeRule.special(
        "households.PersonStatus.person",
        merging.follow_statuses,
        why="no two rows of one kind and category on one day",
    ),
    MergeRule.special(
        "households.ResidenceEventPerson.person", merging.follow_events, why="one row a person and event"
    ),
    MergeRule.special(
        "households.Membership.person",
        merging.follow,
        why="one open membership a person, and a household has a head",
        lock=merging.lock,
        refuse=merging.refuse,
        ask=merging.ask,
        order=150,
    ),
    MergeRule.simple("households.TransferAsk.person"),
    MergeRule.stays("households.ImportRow.person_id", why="a list between its check and its import"),
)

registry.succession_steps.add(
    SuccessionStep(
        "households",
        "Hộ gia đình",
        succeeding.households,
        succeeding.move_households,
        succeeding.since,
        "hộ mới",
        columns=("households.Household.station", "households.Household.hamlet"),
        note="Mã hộ bị trùng được cấp mã mới; tìm bằng mã cũ vẫn ra.",
        order=110,
    ),
    SuccessionStep(
        "people_lists",
        "Danh sách dân đã gửi mà chưa nhập",
        succeeding.lists,
        succeeding.move_lists,
        columns=("households.ImportBatch.station",),
        order=120,
    ),
)
registry.succession_steps.add(
    SuccessionStep(
        "newcomers",
        "Người chuyển đến chờ nhận",
        succeeding.newcomers,
        succeeding.move_newcomers,
        columns=("households.Transfer.station",),
        order=125,
    ),
    SuccessionStep(
        "asks",
        "Lời xin chuyển hồ sơ chờ trả lời",
        succeeding.asks,
        succeeding.move_asks,
        columns=("households.TransferAsk.station", "households.TransferAsk.from_station"),
        order=126,
    ),
)
registry.succession_stays.add(
    SuccessionStays("households.Transfer.from_station", "says whom they have left; a point is in reach"),
    SuccessionStays("households.ResidenceEvent.station", "says where it happened; a point is in reach"),
    SuccessionStays("households.ImportHeading.station", "says what its own former lists were headed"),
    SuccessionStays("households.ResidenceEvent.hamlet", "of the family on that day"),
)
registry.target_groups.add(*targets.GROUPS)
registry.guide.add(
    registry.GuideChapter(
        "ho-gia-dinh",
        "Hộ gia đình và biến động dân cư",
        "guide/households.html",
        {
            "households:household": "trang-ho",
            "households:list": "trang-ho",
            "households:create": "den-them",
            "households:member_new": "den-them",
            "households:member_add": "den-them",
            "households:split": "tach-nhap",
            "households:merge": "tach-nhap",
            "households:relocate": "chuyen",
            "households:move": "tach-nhap",
            "households:head": "tach-nhap",
            "households:depart": "chuyen",
            "households:return": "chuyen",
            "households:absence": "chuyen",
            "households:back": "chuyen",
            "households:marry": "ket-hon",
            "households:divorce": "ket-hon",
            "households:newcomers": "nhan",
            "households:newcomer": "nhan",
            "households:newcomer_decline": "nhan",
            "households:asks": "xin",
            "households:ask": "xin",
            "households:ask_give": "xin",
            "households:ask_refuse": "xin",
            "households:history": "lich-su",
            "households:withdraw": "lich-su",
            "households:statuses": "dien",
            "households:household_status": "dien",
            "households:person_status": "dien",
            "households:survey": "dien",
        },
        25,
    ),
    registry.GuideChapter(
        "danh-sach",
        "Nhập và xuất danh sách",
        "guide/lists.html",
        {
            "households:import": "nhap",
            "households:import_columns": "nhap",
            "households:import_batch": "xem-lai",
            "households:export": "xuat",
            "core:exports": "xuat",
        },
        60,
    ),
)
