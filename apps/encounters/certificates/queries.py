"""Everything that is read about issued papers: of a visit, a death, a station, what waits for an answer."""

import datetime as dt
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Exists, Max, OuterRef, Q, QuerySet, Subquery
from django.urls import reverse
from django.utils import timezone

from apps.core import parameters
from apps.core.models import PaperCode
from apps.core.paging import Page, keyset
from apps.core.registry import DraftSubject
from apps.core.scope import Scope
from apps.core.text import clean
from apps.encounters.certificates import rules
from apps.encounters.certificates.kinds import Kind
from apps.encounters.models import (
    Certificate,
    CertificateKind,
    CertificateState,
    ReferralAnswer,
    Visit,
    VisitRevision,
)
from apps.patients import find, hush
from apps.patients.models import Death, DeathVersion
from apps.patients.rawquery import search_matches

PAGE, ANSWER_DAYS = "certificates.page_size", "certificates.answer_days"
PAPER = "certificate"  # the paper kind of core.papers


def with_changes(rows: QuerySet[Certificate]) -> QuerySet[Certificate]:
    """With `outrun`: the visit or death says something else than when the paper was issued."""
    # unscoped: told of papers that the scope sees
    visits = VisitRevision.unscoped.filter(visit=OuterRef("visit"), at__gt=OuterRef("issued_at"))
    deaths = DeathVersion.unscoped.filter(death=OuterRef("death"), at__gt=OuterRef("issued_at"))
    return rows.annotate(outrun=Exists(visits) | Exists(deaths))


def certificate_page(certificate_id: UUID) -> Certificate | None:
    """One paper that the scope in force sees. One query."""
    rows = Certificate.objects.select_related(
        "person__hamlet__commune__parent", "visit", "death", "facility__unit", "destination", "signer"
    ).defer("person__tokens", "person__search")
    return with_changes(rows).filter(pk=certificate_id).first()


def of_visit(scope: Scope, visit_id: UUID) -> list[Certificate]:
    """The papers of a visit, oldest first, with what came back of a referral. One query."""
    # unscoped: whoever sees the paper sees what came back
    answers = ReferralAnswer.unscoped.filter(certificate=OuterRef("pk"), in_error=False)
    rows = with_changes(Certificate.visible(scope)).filter(visit=visit_id)
    rows = rows.annotate(
        answer_kind=Subquery(answers.values("kind")[:1]),
        answer_diagnosis=Subquery(answers.values("diagnosis")[:1]),
    )
    return list(rows.order_by("issued_at", "id"))


def of_death(scope: Scope, death: Death) -> list[Certificate]:
    rows = with_changes(Certificate.visible(scope)).filter(death=death)
    return list(rows.order_by("issued_at", "id"))


def answer_of(certificate: Certificate) -> ReferralAnswer | None:
    """The answer that stands of a referral."""
    # unscoped: whoever sees the paper sees what came back
    return ReferralAnswer.unscoped.filter(certificate=certificate, in_error=False).first()


def printed(certificate: Certificate) -> int:
    """How often it left the printer."""
    found = PaperCode.objects.filter(kind=PAPER, object_id=certificate.pk).values_list("copies", flat=True)
    return found.first() or 0


def final_of_visit(visit_id: UUID) -> Certificate | None:
    """A paper of the visit that is in force. Unscoped: asked by the visit's own services."""
    rows = Certificate.unscoped.filter(visit=visit_id, state=CertificateState.FINAL)
    return rows.order_by("issued_at").first()


@dataclass(frozen=True)
class Row:
    """A line of a list. `place` is where she was sent, as far as a list may tell it."""

    certificate: Certificate
    place: str
    late: bool


def issued(
    scope: Scope, *, text: str = "", kind: str = "", state: str = "", cursor: str = ""
) -> tuple[Page[Certificate], list[Row]]:
    """What the scope's stations have issued, newest first; of whom `text` names as in the search box, or
    under that number. Three queries.
    """
    rows = _here(scope)
    if text := clean(text):
        rows = rows.filter(_sought(text))
    if kind:
        rows = rows.filter(kind=kind)
    if state:
        rows = rows.filter(state=state)
    return _paged(scope, rows, ("-issued_at", "-id"), cursor)


def unanswered(scope: Scope, *, cursor: str = "") -> tuple[Page[Certificate], list[Row]]:
    """Referrals that nobody has answered yet, oldest first. Three queries."""
    rows = _here(scope).filter(_waiting())
    return _paged(scope, rows, ("issued_at", "id"), cursor)


def unanswered_all(scope: Scope) -> int:
    """How many stand in that list. One query."""
    return _here(scope).filter(_waiting()).count()


def unanswered_count(scope: Scope, today: dt.date) -> int:
    """How many have waited longer than usual. One query."""
    days = int(parameters.value(ANSWER_DAYS, on=today))
    return _here(scope).filter(_waiting(), on__lt=today - dt.timedelta(days=days)).count()


def between(scope: Scope, since: dt.date, until: dt.date, kind: str) -> QuerySet[Certificate]:
    """What was issued in a span, for a file."""
    rows = _here(scope).filter(on__range=(since, until))
    return (rows.filter(kind=kind) if kind else rows).order_by("issued_at", "id")


def _sought(text: str) -> Q:
    """Papers by name, birth, phone or number of their person, or by their own number, whole or its end."""
    own = Q(number__iexact=text)
    if re.fullmatch("[0-9]{1,6}", text):
        own |= Q(number__endswith=f"-{int(text):06d}")
    asked = find.read(text)
    if not asked:
        return own
    person = search_matches(asked.query, "person__search")
    return own | (person & Q(person__birth_date=asked.born_on) if asked.born_on else person)


def _waiting() -> Q:
    return Q(kind=CertificateKind.REFERRAL, state=CertificateState.FINAL, answered=False)


def _here(scope: Scope) -> QuerySet[Certificate]:
    return (
        Certificate.visible(scope)
        .filter(facility_id__in=scope.facility_ids)
        .select_related("person")
        .defer("person__tokens", "person__search", "paper")
    )


def _paged(
    scope: Scope, rows: QuerySet[Certificate], order: tuple[str, ...], cursor: str
) -> tuple[Page[Certificate], list[Row]]:
    today = timezone.localdate()
    usual = parameters.values([PAGE, ANSWER_DAYS], on=today)
    page = keyset(with_changes(rows), order=order, cursor=cursor, size=int(usual[PAGE]))
    return page, in_rows(scope, page.items, today, int(usual[ANSWER_DAYS]))


def in_rows(scope: Scope, items: Sequence[Certificate], today: dt.date, days: int) -> list[Row]:
    """Lines of a list; where she was sent was typed by hand and goes through patients/hush.py."""
    told = hush.of(scope, [row.person_id for row in items])
    return [
        Row(
            row,
            told.text(row.person_id, str(row.said.get("destination", ""))),
            row.kind == CertificateKind.REFERRAL
            and row.is_final
            and not row.answered
            and rules.answer_is_late(row.on, today, days),
        )
        for row in items
    ]


def drafts_of(kind: Kind) -> Callable[[Scope, Iterable[UUID]], dict[UUID, DraftSubject]]:
    """For the drafts of a kind's form: the visits, or deaths, that papers were begun for. One query."""
    of_death = kind.key == CertificateKind.DEATH

    def about(scope: Scope, object_ids: Iterable[UUID]) -> dict[UUID, DraftSubject]:
        rows = Death.visible(scope) if of_death else Visit.visible(scope)
        return {
            row.pk: DraftSubject(
                title=f"{kind.title} – {row.person.full_name}",
                url=reverse("encounters:death_notice", args=[row.pk])
                if of_death
                else reverse("encounters:certificate_issue", args=[row.pk, kind.slug]),
                facility_id=row.facility_id,
                version=row.version,
                person_id=row.person_id,
            )
            for row in rows.filter(pk__in=list(object_ids)).select_related("person")
        }

    return about


def answer_drafts(scope: Scope, certificate_ids: Iterable[UUID]) -> dict[UUID, DraftSubject]:
    """The referrals whose answer somebody was about to note. One query."""
    return {
        row.pk: DraftSubject(
            title=f"Phản hồi giấy chuyển {row.number} – {row.person.full_name}",
            url=reverse("encounters:referral_answer", args=[row.pk]),
            facility_id=row.facility_id,
            version=row.version,
            person_id=row.person_id,
        )
        for row in Certificate.visible(scope).filter(pk__in=list(certificate_ids)).select_related("person")
    }


def highest(kind: str) -> Any:
    """For the number book of a kind: the highest number that a paper of the facility carries in a year."""

    def found(facility_id: UUID, period: str) -> int:
        # unscoped: asked by the book that gives the numbers
        rows = Certificate.unscoped.filter(
            facility_id=facility_id, kind=kind, number__startswith=f"{period}-"
        )
        last = rows.aggregate(last=Max("number"))["last"]  # of one width: the greatest text is the highest
        return int(last.rpartition("-")[2]) if last else 0

    return found
