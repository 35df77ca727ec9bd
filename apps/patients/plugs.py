"""What this room offers to the house."""

from typing import Any

from django.urls import reverse

from apps.accounts.backends import request_annotations
from apps.catalogues import picks
from apps.core import drafts, ports, registry
from apps.core.registry import (
    LAST,
    AuditSentence,
    DraftKind,
    GoLiveItem,
    HomePanel,
    MenuItem,
    MergeRule,
    NightlyWork,
    PersonFlag,
    Progress,
    ReadScreen,
    RecordPanel,
    Rule,
    SearchSource,
    Section,
    StationFigure,
    SuccessionStays,
    SuccessionStep,
)
from apps.core.scope import Scope
from apps.core.words import quantity_words
from apps.patients import (
    bench,
    death_plugs,
    duplicates,
    emergency,
    emergency_page,
    merge_rules,
    queries,
    search,
    stragglers,
    succeeding,
)
from apps.patients.health_record import plugs as health_record_plugs
from apps.patients.picking import PERSON

__all__ = ["death_plugs", "health_record_plugs"]
DUPLICATES_COUNTED = 100  # on the home page; the list itself is paged

picks.kinds.add(PERSON)
ports.provide(ports.PeopleInWords, queries.InWords())
registry.sections.add(Section("people", "Người dân", 100))
registry.station_figures.add(StationFigure("people", "Người dân", queries.counts_by_station, 10))
registry.sections.add(Section("duplicates", "Hồ sơ trùng", 105))
registry.sections.add(Section("restricted", "Dữ liệu hạn chế", 120))
registry.search_sources.add(SearchSource("people", search.search, 10))
registry.menu.add(
    MenuItem(
        "duplicates",
        "Nghi trùng hồ sơ",
        "patients:duplicates",
        "duplicates.view",
        113,
        "people",
        registry.PEOPLE,
    )
)
registry.search_offers.add(
    MenuItem("people.new", "Thêm người mới", "patients:create", "people.enter", order=10),
    MenuItem("people.unknown", "Người chưa rõ danh tính", "patients:unknown", "people.enter", order=110),
)
request_annotations["people_opened"] = emergency.people_opened
registry.drafts.add(
    DraftKind(
        "person-new",
        "Thêm người",
        "people.enter",
        drafts.about_new("Thêm người mới", lambda: reverse("patients:create")),
        30,
    ),
    DraftKind(
        "person-scanned",
        "Thêm người từ thẻ",
        "people.enter",
        drafts.about_new("Thêm người từ thẻ vừa quét", lambda: reverse("patients:create_scanned")),
        31,
    ),
)

registry.person_flags.add(PersonFlag("emergency", emergency_page.flags, 1))
registry.user_menu.add(
    MenuItem("emergency", "Mở hồ sơ khẩn cấp", "patients:emergency", "visits.enter", order=18)
)
registry.home_panels.add(
    HomePanel(
        "emergency",
        "Hồ sơ mở khẩn cấp trong 7 ngày",
        "users.edit",
        "patients/panel_emergency.html",
        emergency_page.digest_panel,
        order=75,
        levels=frozenset({"station", "province"}),
    )
)
registry.audit_sentences.add(
    AuditSentence("emergency.opened", "đã mở khẩn cấp hồ sơ một người ở địa bàn khác"),
    AuditSentence("emergency.missed", "đã thử mở khẩn cấp bằng một số không có ai mang"),
    AuditSentence("person.created", "đã thêm hồ sơ {code}"),
    AuditSentence("person.changed", "đã sửa hồ sơ: {fields}"),
    AuditSentence("person.moved", "đã đổi nơi ở trong hồ sơ"),
    AuditSentence("person.departed", "đã ghi chuyển đi khỏi xã"),
    AuditSentence("person.received", "đã nhận người từ trạm khác chuyển đến"),
    AuditSentence("person.given_back", "đã rút lại việc nhận người từ trạm khác"),
    AuditSentence("person.returned", "đã ghi về lại xã"),
    AuditSentence("person.marital_status", "đã đổi tình trạng hôn nhân"),
    AuditSentence("person.merged", "đã gộp hồ sơ {old} vào hồ sơ {kept}"),
    AuditSentence("person.unmerged", "đã hoàn tác việc gộp hồ sơ {old} vào hồ sơ {kept}: {reason}"),
    AuditSentence("person.not_same", "đã xác nhận {a} và {b} không phải cùng một người"),
    AuditSentence("person.followed", "đã chuyển {rows} dòng ghi muộn từ hồ sơ đã gộp sang hồ sơ còn lại"),
    AuditSentence("identifier.added", "đã thêm {what}"),
    AuditSentence("card.added", "đã thêm thẻ BHYT"),
    AuditSentence("card.ended", "đã ghi một thẻ BHYT hết hiệu lực: {reason}"),
    AuditSentence("identifier.in_error", "đã ghi {what} là nhầm số: {reason}"),
    AuditSentence("identifier.ended", "đã ghi {what} hết hiệu lực: {reason}"),
    AuditSentence("person.born", "đã ghi trẻ mới sinh {code}, sinh ngày {on}"),
    AuditSentence("person.missing", "đã báo một người mất tích"),
    AuditSentence("person.found", "đã ghi tìm thấy người mất tích"),
    AuditSentence("person.unknown", "đã thêm hồ sơ người chưa rõ danh tính {code}"),
    AuditSentence("person.named", "đã ghi tên thật thay cho tên tạm, {number}"),
    AuditSentence("allergy.added", "đã ghi dị ứng"),
    AuditSentence("allergy.none", "đã hỏi và ghi không có dị ứng đã biết"),
    AuditSentence("allergy.none_withdrawn", "đã rút lời ghi không có dị ứng đã biết"),
    AuditSentence("allergy.closed", "đã đổi trạng thái một dị ứng"),
)
registry.readlog_screens.add(
    ReadScreen("person.page", "Trang của một người"),
    ReadScreen("person.edit", "Phiếu sửa hồ sơ"),
    ReadScreen("person.duplicates", "Người có thể trùng khi thêm mới"),
    ReadScreen("person.merged", "Hồ sơ đã gộp vào hồ sơ khác"),
    ReadScreen("duplicates.list", "Danh sách hồ sơ có thể trùng"),
    ReadScreen("duplicates.pair", "So sánh hai hồ sơ có thể trùng"),
    ReadScreen("duplicates.unmerge", "Hoàn tác lần gộp hồ sơ"),
    ReadScreen("person.number", "Số giấy tờ đã có người mang"),
    ReadScreen("person.emergency", "Hồ sơ mở khẩn cấp"),
    ReadScreen("people.api", "API người dân"),
)

registry.rules.add(
    Rule(
        "patients.parse_cccd_qr",
        bench.run_parse_cccd_qr,
        source="Mã QR thẻ căn cước (TT 17/2024/TT-BCA)",
        inputs={"text": "chữ: nội dung mã QR"},
        outputs={
            "cccd": "12 chữ số",
            "cmnd": "số CMND cũ hoặc null",
            "name": "họ và tên",
            "dob": "ngày sinh",
            "sex": "male, female",
            "address": "nơi cư trú hoặc null",
            "issued": "ngày cấp",
            "warnings": "danh sách mã cảnh báo",
        },
    ),
    Rule(
        "patients.check_identifier",
        bench.run_check_identifier,
        source="NĐ 137/2015, NĐ 70/2024, QĐ 1351/QĐ-BHXH, QĐ 384/QĐ-BYT, QĐ 1551/QĐ-BYT, QĐ 19/2025/QĐ-TTg",
        inputs={
            "kind": "loại mã: " + ", ".join(bench.identifiers.KINDS),
            "value": "chữ: mã cần xem",
            "context": "dob (ngày hoặc năm), sex (male, female), on (ngày)",
        },
        outputs={
            "result": "valid, warn, invalid",
            "reason": "mã lý do hoặc null",
            "parsed": "những gì đọc được trong mã",
        },
        open_keys=frozenset({"context"}),
    ),
    Rule(
        "patients.search_key",
        bench.run_search_key,
        source="Quy tắc tìm tên của phần mềm",
        inputs={"text": "chữ"},
        outputs={"key": "chữ không dấu, một cách viết"},
    ),
)


def _population(scope: Scope) -> Progress:
    from apps.patients.models import Person

    count = Person.objects.filter(station=scope.workplace_id, life_status="alive").count()
    return Progress(count, None, f"Đã có {quantity_words(count)} người trong địa bàn")


registry.golive.add(
    GoLiveItem(
        "population",
        "Dân số trong địa bàn",
        "Nhập danh sách hộ và người từ Excel, hoặc thêm từng hộ.",
        _population,
        None,
        100,
    )
)


def _duplicates(scope: Scope) -> dict[str, Any] | None:
    """How many pairs wait for a look; nothing about whom."""
    many = duplicates.how_many(scope, DUPLICATES_COUNTED)
    return {"many": many, "more": many == DUPLICATES_COUNTED} if many else None


def _absorbed(scope: Scope, person: Any) -> dict[str, Any] | None:
    """Which records were merged into hers. No query: `queries.get_person` brought them."""
    records = getattr(person, "absorbed", None)
    return {"records": records, "may_undo": scope.can("duplicates.edit")} if records else None


registry.home_panels.add(
    HomePanel(
        "duplicates",
        "Hồ sơ có thể trùng",
        "duplicates.view",
        "patients/panel_duplicates.html",
        _duplicates,
        order=72,
        later=True,
    )
)
registry.record_panels.add(
    RecordPanel(
        "absorbed",
        "person",
        "Hồ sơ đã gộp vào đây",
        "people.view",
        "patients/panel_absorbed.html",
        _absorbed,
        order=LAST + 40,
    )
)
registry.nightly.add(
    NightlyWork("patients.followed", "Chuyển dữ liệu ghi muộn của hồ sơ đã gộp", stragglers.follow, 40),
    NightlyWork("patients.duplicates", "Tìm hồ sơ có thể trùng", duplicates.find, 50),
)
PAIR = "a pair tells about two records; the night looks at those that still stand"
registry.merge_rules.add(
    MergeRule.stays("patients.DuplicatePair.a", why=PAIR),
    MergeRule.stays("patients.DuplicatePair.b", why=PAIR),
    MergeRule.stays("patients.MergeRecord.old", why="which record went away"),
    MergeRule.stays("patients.MergeRecord.kept", why="into which it went; undone in the opposite order"),
    MergeRule.simple("patients.Person.mother", refuse=merge_rules.refuse_kin),
    MergeRule.simple("patients.Person.father"),
    MergeRule.simple("patients.Person.merged_into"),  # who was merged into her before is found at once
    MergeRule.simple("patients.EmergencyAccess.person"),
    MergeRule.simple("patients.TimelineEntry.person"),
    MergeRule.special(
        "patients.MissingReport.person",
        merge_rules.missing,
        why="one open report a person",
        refuse=merge_rules.refuse_missing,
    ),
    MergeRule.special("patients.Birth.person", merge_rules.births, why="one birth a person"),
    MergeRule.simple("patients.DueItem.person"),
    MergeRule.special(
        "patients.Identifier.person",
        merge_rules.numbers,
        why="one current number of a kind",
        ask=merge_rules.ask_numbers,
    ),
    MergeRule.special("patients.InsuranceCard.person", merge_rules.cards, why="one card good on a day"),
    MergeRule.special(
        "patients.Allergy.person", merge_rules.allergies, why="noted once, and it outweighs 'none is known'"
    ),
    MergeRule.special(
        "patients.Closing.person",
        merge_rules.closings,
        why="what ended for the old record alone ends nothing for who stays",
        order=120,  # after patients.DueItem
    ),
    MergeRule.special("patients.TreatingAccess.person", merge_rules.treating, why="one row a facility"),
)
registry.guide.add(
    registry.GuideChapter(
        "nguoi-dan",
        "Tìm người và đăng ký người mới",
        "guide/people.html",
        {
            "core:search": "tim",
            "patients:create": "nguoi-moi",
            "patients:create_scanned": "quet",
            "patients:person": "trang-nguoi",
            "patients:edit": "trang-nguoi",
            "patients:allergy_add": "di-ung",
            "patients:duplicates": "trung",
            "patients:duplicate": "trung",
            "patients:duplicates_of": "trung",
            "patients:unmerge": "trung",
            "patients:emergency": "khan-cap",
        },
        20,
    )
)

registry.succession_steps.add(
    SuccessionStep(
        "people",
        "Người dân",
        succeeding.people,
        succeeding.move_people,
        succeeding.since,
        "người mới",
        succeeding.back,
        columns=("patients.Person.station", "patients.Person.hamlet"),
        note="Mã người bị trùng được cấp mã mới; tìm bằng mã cũ vẫn ra.",
        order=100,
    ),
    SuccessionStep(
        "pairs",
        "Cặp hồ sơ có thể trùng",
        succeeding.pairs,
        succeeding.move_pairs,
        columns=("patients.DuplicatePair.station",),
        order=105,
    ),
)
registry.succession_stays.add(
    SuccessionStays(
        "patients.CodeCounter.station", "the successor's own counter goes on after what has come"
    ),
    SuccessionStays("patients.MergeRecord.station", "where the two were merged; a point is in reach"),
    SuccessionStays("patients.TimelineEntry.facility", "says where it happened"),
    SuccessionStays(
        "patients.TreatingAccess.facility", "where she was treated; a point is in reach of its station"
    ),
    SuccessionStays("patients.EmergencyAccess.facility", "where the record was opened, for hours"),
)
