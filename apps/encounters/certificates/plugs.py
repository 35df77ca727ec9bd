"""What issued papers offer to the house."""

from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils import timezone

from apps.core import parameters, registry
from apps.core.events import subscribe
from apps.core.forms import FormKeyMixin
from apps.core.registry import (
    AuditSentence,
    DayEndFigure,
    DayEndLine,
    DraftKind,
    GuideChapter,
    HomePanel,
    MenuItem,
    MergeRule,
    NumberKind,
    PaperKind,
    ReadScreen,
    RecordPanel,
    Section,
    SuccessionStays,
    SuccessionStep,
    TimelineKind,
)
from apps.core.scope import Scope
from apps.encounters import states
from apps.encounters.certificates import answering, exports, following, issuing, kinds, queries, succeeding
from apps.encounters.certificates.appointment import Appointment
from apps.encounters.certificates.check_up import VISIT_KIND, CheckUp
from apps.encounters.certificates.death_notice import DeathNotice
from apps.encounters.certificates.referral import Referral
from apps.encounters.certificates.sick_leave import SickLeave
from apps.encounters.certificates.summary import Summary
from apps.encounters.events import VisitAmended, VisitEnteredInError, VisitUndone
from apps.encounters.models import CertificateKind, Visit
from apps.encounters.writing import ENDS
from apps.patients.events import DeathCorrected
from apps.patients.models import Death

HOME = "1"  # discharge_type: the usual end, which asks for no paper
SIGNS = "visits.approve"  # the right of every act that signs a paper (facilities/practice.py)

kinds.registry.add(Referral(), Appointment(), SickLeave(), CheckUp(), Summary(), DeathNotice())


def _certificate(object_id: UUID) -> str:
    return reverse("encounters:certificate", args=[object_id])


def _of_visit(scope: Scope, visit: Visit) -> dict[str, Any] | None:
    """The papers of a visit, then what its end asks for, then what else may be issued. One query, two where
    she was sent away.
    """
    if visit.is_open:
        return None  # papers come after its end
    found = queries.of_visit(scope, visit.pk)
    standing = {row.kind for row in found if row.is_final}
    offered = []
    if (
        visit.state == states.FINALISED
        and scope.reaches(visit.facility_id)
        and scope.can("certificates.enter")
    ):
        offered = [
            (kind, wanted)
            for kind in kinds.registry
            if (wanted := _wanted(kind.key, visit)) is not None
            and (kind.key not in standing or kind.key == CertificateKind.SUMMARY)
        ]
    if not found and not offered:
        return None
    may_sign = scope.can(SIGNS)
    return {
        "papers": found,
        "next": [kind for kind, wanted in offered if wanted and (may_sign or not kind.act)],
        "others": [kind for kind, wanted in offered if not wanted and (may_sign or not kind.act)],
        "waits": [kind for kind, wanted in offered if wanted and kind.act and not may_sign],
        "visit": visit,
        "form": FormKeyMixin(),
    }


def _wanted(kind: str, visit: Visit) -> bool | None:
    """Whether the end of the visit asks for this paper; None where there is none of it."""
    if kind == CertificateKind.APPOINTMENT:
        return True if visit.follow_up_on else None
    if kind == CertificateKind.REFERRAL:
        if visit.outcome in ("", HOME):
            return False
        return visit.outcome in parameters.value(ENDS, on=visit.on).get("referred", ())
    if kind == CertificateKind.CHECK_UP:
        return True if visit.kind == VISIT_KIND else None
    return None if kind == CertificateKind.DEATH else False


def _of_death(scope: Scope, death: Death) -> dict[str, Any] | None:
    """The notice of a death, or the way to it. One query."""
    found = queries.of_death(scope, death)
    may = scope.reaches(death.facility_id) and scope.can("certificates.enter") and scope.can(SIGNS)
    open_to_all = not death.restricted or scope.can("restricted.view")
    offers = death.stands and may and open_to_all and not any(row.is_final for row in found)
    return {"papers": found, "offers": offers, "death": death} if found or offers else None


def _unanswered(scope: Scope) -> dict[str, Any] | None:
    if scope.workplace_id is None:
        return None
    count = queries.unanswered_count(scope, timezone.localdate())
    return {"count": count} if count else None


registry.sections.add(Section("certificates", "Giấy chứng nhận, giấy chuyển", 42))
registry.menu.add(
    MenuItem(
        "certificates",
        "Giấy đã cấp",
        "encounters:certificates",
        "certificates.view",
        780,
        "paper",
        registry.RUNNING,
    )
)
registry.record_panels.add(
    RecordPanel(
        "certificates",
        "visit",
        "Giấy tờ",
        "certificates.view",
        "encounters/certificates/panel_visit.html",
        _of_visit,
        2,
    ),
    RecordPanel(
        "certificates-death",
        "death",
        "Giấy báo tử",
        "certificates.view",
        "encounters/certificates/panel_death.html",
        _of_death,
        10,
    ),
)


def _sent_away(scope: Scope) -> DayEndFigure:
    return DayEndFigure(queries.unanswered_all(scope), reverse("encounters:unanswered"), state="info")


registry.day_end.add(
    DayEndLine(
        "referrals", "Chuyển đi chưa có phản hồi", registry.PATIENTS, "certificates.view", _sent_away, 60
    )
)
registry.home_panels.add(
    HomePanel(
        "unanswered",
        "Chuyển đi chưa có phản hồi",
        "certificates.enter",
        "encounters/certificates/panel_home.html",
        _unanswered,
        65,
        later=True,
    )
)
registry.numbers.add(
    *(
        NumberKind(
            kind.number,
            f"Số {kinds.small(kind.title)}",
            "{on.year}-{number:06d}",
            registry.by_year,
            queries.highest(kind.key),
            kept=False,
        )
        for kind in kinds.registry
    )
)
registry.drafts.add(
    *(
        DraftKind(kind.draft, kind.title, "certificates.enter", queries.drafts_of(kind), 26)
        for kind in kinds.registry
        if kind.draft
    ),
    DraftKind(answering.DRAFT, "Phản hồi giấy chuyển cơ sở", "certificates.enter", queries.answer_drafts, 27),
)
registry.papers.add(PaperKind(queries.PAPER, "giấy đã cấp", _certificate))
registry.timeline_kinds.add(
    TimelineKind(issuing.TIMELINE, "Giấy đã cấp", _certificate, "paper", "certificates.view")
)
registry.exports.add(exports.EXPORT)
registry.audit_sentences.add(
    AuditSentence("certificate.issued", "đã cấp {kind} số {number}"),
    AuditSentence("certificate.cancelled", "đã hủy {kind} số {number}"),
    AuditSentence("referral.answered", "đã ghi phản hồi của giấy chuyển số {number}: {answer}"),
    AuditSentence("referral.answer_in_error", "đã bỏ phản hồi ghi nhầm của giấy chuyển số {number}"),
)
registry.readlog_screens.add(
    ReadScreen("certificate.form", "Lập giấy"),
    ReadScreen("certificate.page", "Trang giấy đã cấp"),
    ReadScreen("certificate.list", "Danh sách giấy đã cấp"),
    ReadScreen("certificate.paper", "In giấy đã cấp"),
    ReadScreen("certificate.export", "Tệp danh sách giấy đã cấp"),
    ReadScreen("certificate.api", "Giấy đã cấp qua API"),
)
registry.merge_rules.add(MergeRule.simple("encounters.Certificate.person"))
registry.succession_stays.add(
    SuccessionStays("encounters.Certificate.facility", "the station whose number it bears"),
    SuccessionStays("encounters.Certificate.point", "the point where it was issued"),
    SuccessionStays("encounters.Certificate.destination", "the place that stands on the paper"),
)
registry.succession_steps.add(
    SuccessionStep(
        "certificates",
        "Giấy chuyển chưa có phản hồi",
        succeeding.unanswered,
        note="Giấy giữ tên trạm ngày cấp; trạm mới đọc được và ghi phản hồi.",
        order=515,
    )
)
subscribe(VisitUndone, following.visit_undone)
subscribe(VisitAmended, following.visit_amended)
subscribe(VisitEnteredInError, following.visit_in_error)
subscribe(DeathCorrected, following.death_corrected)
registry.guide.add(
    GuideChapter(
        "giay-to",
        "Giấy hẹn, giấy chuyển, giấy chứng nhận",
        "guide/certificates.html",
        {
            "encounters:certificate_issue": "cap-giay",
            "encounters:certificate": "in-lai",
            "encounters:certificate_cancel": "huy",
            "encounters:referral_answer": "phan-hoi",
            "encounters:referral_answer_wrong": "phan-hoi",
            "encounters:unanswered": "phan-hoi",
            "encounters:certificates": "danh-sach",
            "encounters:certificates_export": "danh-sach",
            "encounters:death_notice": "bao-tu",
        },
        43,
    )
)
