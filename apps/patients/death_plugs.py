"""What deaths offer to the house: loaded by plugs.py."""

from uuid import UUID

from django.urls import reverse

from apps.core import registry
from apps.core.registry import (
    AuditSentence,
    DraftKind,
    MenuItem,
    MergeRule,
    ReadScreen,
    Section,
    TaskKind,
    TimelineKind,
)
from apps.facilities.registers import export_kind
from apps.patients import death_bench, death_register, death_tasks, deaths, merge_rules, queries


def _death(object_id: UUID) -> str:
    return reverse("patients:death", args=[object_id])


registry.sections.add(Section("deaths", "Sinh tử", 115))
registry.menu.add(
    MenuItem("deaths", "Sổ tử vong", "patients:deaths", "deaths.view", 115, "paper", registry.PEOPLE)
)
registry.timeline_kinds.add(TimelineKind(deaths.TIMELINE, "Tử vong", _death, "minus", "deaths.view"))
registry.task_kinds.add(
    TaskKind(
        death_tasks.MATERNAL,
        "Báo cáo và thẩm định tử vong mẹ",
        "deaths.approve",
        "tasks.maternal_death",
        lambda object_id: reverse("patients:death_review", args=[object_id]),
    ),
    TaskKind(
        death_tasks.COMMUNICABLE,
        "Báo cáo tử vong do bệnh truyền nhiễm",
        "deaths.view",
        "tasks.communicable_death",
        _death,
    ),
)
registry.audit_sentences.add(
    AuditSentence("death.recorded", "đã ghi tử vong ngày {on}"),
    AuditSentence("death.amended", "đã sửa đổi ghi nhận tử vong: {fields}"),
    AuditSentence("death.notice", "sổ tử vong: {why}"),
    AuditSentence("death.in_error", "đã ghi một ghi nhận tử vong là nhầm: {reason}"),
    AuditSentence("death.review_opened", "đã mở biên bản thẩm định tử vong mẹ"),
    AuditSentence("death.review_saved", "đã lưu biên bản thẩm định tử vong mẹ"),
    AuditSentence("death.review_closed", "đã khép biên bản thẩm định tử vong mẹ"),
    AuditSentence("death.review_reopened", "đã mở lại biên bản thẩm định tử vong mẹ: {reason}"),
    AuditSentence("deaths.a6.printed", "đã in sổ A6: {rows} dòng"),
)
registry.exports.add(export_kind(death_register.A6))
registry.readlog_screens.add(
    ReadScreen("death.form", "Phiếu ghi tử vong"),
    ReadScreen("death.page", "Trang ghi nhận tử vong"),
    ReadScreen("death.versions", "Các bản của ghi nhận tử vong"),
    ReadScreen("death.review", "Biên bản thẩm định tử vong mẹ"),
    ReadScreen("deaths.a6.page", "Sổ tử vong A6"),
    ReadScreen("deaths.a6.export", "Xuất sổ tử vong A6"),
    ReadScreen("deaths.a6.paper", "In sổ tử vong A6"),
    ReadScreen("death.unrecorded", "Người đã mất chưa ghi tử vong"),
)
registry.rules.add(*death_bench.RULES)
registry.drafts.add(
    DraftKind("death-new", "Ghi tử vong", "deaths.enter", queries.death_drafts, 32),
)
registry.merge_rules.add(
    MergeRule.special(
        "patients.Death.person",
        merge_rules.deaths,
        why="one standing death a person",
        refuse=merge_rules.refuse_deaths,
    ),
)
registry.guide.add(
    registry.GuideChapter(
        "sinh-tu",
        "Sinh, tử, người không rõ là ai",
        "guide/life.html",
        {
            "patients:newborn": "sinh",
            "patients:name_give": "dat-ten",
            "patients:unknown": "khong-ro",
            "patients:death_record": "tu-vong",
            "patients:death": "tu-vong",
            "patients:death_review": "tu-vong",
            "patients:death_amend": "sua-tu-vong",
            "patients:death_in_error": "sua-tu-vong",
            "patients:deaths": "so-a6",
            "patients:deaths_unrecorded": "so-a6",
        },
        28,
    )
)
