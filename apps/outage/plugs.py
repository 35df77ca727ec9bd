"""What this room offers to the house."""

import datetime as dt
from typing import Any

from django.urls import reverse

from apps.core import registry
from apps.core.registry import (
    AuditSentence,
    DayEndFigure,
    DayEndLine,
    MenuItem,
    MergeRule,
    NightlyWork,
    ReadScreen,
    RecordPanel,
    Section,
    SuccessionStays,
)
from apps.core.scope import Scope
from apps.outage import exports, queries

registry.sections.add(Section("outage", "Dự phòng, nhập bù", 60))
registry.menu.add(MenuItem("outage", "Dự phòng", "outage:index", "outage.view", 130, "paper"))
registry.audit_sentences.add(
    AuditSentence("outage.pack_made", "đã lập gói dự phòng với {slips} phiếu trắng"),
    AuditSentence("outage.pack_printed", "đã in gói dự phòng ngày {on}, lần {copy}"),
    AuditSentence("outage.slips_voided", "đã hủy {slips} phiếu trắng của gói ngày {on}: {reason}"),
    AuditSentence("outage.back_entered", "đã nhập bù từ giấy: {kind}, muộn {late}"),
)
registry.exports.add(exports.EXPORT)
registry.readlog_screens.add(
    ReadScreen("outage.pack", "In gói dự phòng"),
    ReadScreen("outage.list", "Danh sách nhập bù"),
    ReadScreen("outage.export", "Xuất danh sách nhập bù"),
)
registry.merge_rules.add(MergeRule.simple("outage.BackEntry.person_id"))


def _of_record(scope: Scope, record: Any) -> dict[str, Any] | None:
    """From which paper a record came, and how late; no query for one that was entered at once."""
    if getattr(record, "entry_mode", "") != "back_entered":
        return None
    entry = queries.of_object(scope, record.pk)
    return {"entry": entry} if entry else None


registry.record_panels.add(
    RecordPanel("back_entry", "visit", "Nhập bù từ giấy", "outage.view", "outage/panel.html", _of_record, 90)
)


def _packs(day: dt.date) -> str:
    from apps.outage.services import packs_of_the_night

    return packs_of_the_night(day)


def _slips_left(scope: Scope) -> DayEndFigure:
    return DayEndFigure(queries.slips_left(scope), reverse("outage:index"))


registry.day_end.add(
    DayEndLine("slips", "Phiếu dự phòng chưa nhập bù", registry.PAPERS, "outage.view", _slips_left, 350)
)
registry.nightly.add(NightlyWork("outage.packs", "Lập gói dự phòng trong ngày", _packs, order=60))
registry.guide.add(
    registry.GuideChapter(
        "mat-mang",
        "Khi mất điện, mất mạng",
        "guide/outage.html",
        {
            "outage:index": "goi",
            "outage:slips": "phieu-hong",
            "outage:entries": "nhap-bu",
            "outage:enter": "nhap-bu",
        },
        70,
    )
)

registry.succession_stays.add(
    SuccessionStays(
        "outage.Pack.facility", "papers that lie at the point; its slips are the successor's to enter"
    ),
    SuccessionStays("outage.BackEntry.facility", "says where it was entered"),
)
