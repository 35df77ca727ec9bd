"""What the health record offers to the house; loaded by the room's own plugs."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import OuterRef, QuerySet, Subquery
from django.urls import reverse

from apps.core import registry
from apps.core.registry import (
    AuditSentence,
    DraftKind,
    DraftSubject,
    DueKind,
    MenuItem,
    NightlyWork,
    PaperKind,
    ReadScreen,
    RecordPanel,
    Section,
)
from apps.core.scope import Scope
from apps.patients.health_record import due, merging, reading
from apps.patients.health_record.parts import DRAFT, LINES, PARTS, Part
from apps.patients.health_record.saving import EDIT
from apps.patients.models import Person


def _record(person_id: UUID) -> str:
    return reverse("patients:record", args=[person_id])


def _review(person_id: UUID, object_id: UUID | None) -> str:
    return _record(person_id)


def _draft_kind(part: Part, order: int) -> DraftKind:
    def about(scope: Scope, person_ids: Iterable[UUID]) -> dict[UUID, DraftSubject]:
        people: QuerySet = Person.visible(scope).filter(pk__in=list(person_ids)).only("full_name", "station")
        if part.key not in LINES:
            rows = part.model.visible(scope).filter(person=OuterRef("pk"), said_at__isnull=False)
            people = people.annotate(of_version=Subquery(rows.values("version")[:1]))
        name = "record_line_add" if part.many else "record_section"
        return {
            person.pk: DraftSubject(
                title=f"{part.number} {part.title} – {person.full_name}",
                url=reverse(f"patients:{name}", args=[person.pk, part.key]),
                facility_id=person.station_id,
                version=0 if part.many else person.of_version or 0,
                person_id=person.pk,
            )
            for person in people
        }

    return DraftKind(f"{DRAFT}-{part.key}", f"Hồ sơ sức khỏe {part.number}", EDIT, about, order)


registry.sections.add(Section("records", "Hồ sơ sức khỏe", 110))
registry.menu.add(
    MenuItem("records", "Hồ sơ sức khỏe", "patients:record_due", "records.view", 112, "list", registry.PEOPLE)
)
registry.drafts.add(*(_draft_kind(part, 40 + place) for place, part in enumerate(PARTS.values())))
registry.record_panels.add(
    RecordPanel(
        key="health_record",
        record="person",
        title="Hồ sơ sức khỏe cá nhân",
        right="records.view",
        template="patients/health_record/panel.html",
        provide=reading.panel,
        order=30,
    )
)
registry.due_kinds.add(
    DueKind(due.DUE_KIND, "Rà soát hồ sơ sức khỏe", "Mở hồ sơ", _review, "records.view", comes=False)
)
registry.nightly.add(
    NightlyWork("record.due", "Báo hồ sơ sức khỏe đến hạn rà soát", due.due_tonight, order=40)
)
registry.papers.add(PaperKind("health_record", "hồ sơ sức khỏe cá nhân", _record))
registry.merge_rules.add(*merging.RULES)
registry.audit_sentences.add(
    AuditSentence("record.saved", "đã ghi hồ sơ sức khỏe: {part}"),
    AuditSentence("record.none", "đã ghi hồ sơ sức khỏe, hỏi và không có: {part}"),
    AuditSentence("record.reviewed", "đã rà soát hồ sơ sức khỏe"),
)
registry.readlog_screens.add(
    ReadScreen("record.page", "Hồ sơ sức khỏe cá nhân"),
    ReadScreen("record.edit", "Phiếu ghi hồ sơ sức khỏe"),
    ReadScreen("record.versions", "Các bản trước của hồ sơ sức khỏe"),
    ReadScreen("record.paper", "Bản in hồ sơ sức khỏe"),
    ReadScreen("record.due", "Danh sách đến hạn rà soát hồ sơ sức khỏe"),
    ReadScreen("record.due_paper", "Bản in danh sách đến hạn rà soát"),
    ReadScreen("record.api", "API hồ sơ sức khỏe"),
)
registry.guide.add(
    registry.GuideChapter(
        "ho-so-suc-khoe",
        "Hồ sơ sức khỏe cá nhân",
        "guide/health_record.html",
        {
            "patients:record": "xem",
            "patients:record_versions": "ghi",
            "patients:record_section": "ghi",
            "patients:record_line_add": "ghi",
            "patients:record_line": "ghi",
            "patients:record_due": "ra-soat",
        },
        25,
    )
)
