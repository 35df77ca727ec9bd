"""Reported missing, and found again. What she is due for stays due: she may come back any day."""

import datetime as dt

from django.db import transaction
from django.utils import timezone

from apps.core import audit, dated
from apps.core.errors import Refused
from apps.core.scope import current
from apps.core.text import clean
from apps.core.versions import save_versioned
from apps.patients import life
from apps.patients.models import LifeStatus, MissingReport, Person
from apps.patients.steps import refuse_elsewhere


@transaction.atomic
def missing_record(
    *, person: Person, since: dt.date, last_seen: str = "", told_by: str = ""
) -> MissingReport:
    """Raises Refused for the future, before birth, for the dead and for whoever is missing already."""
    scope = current()
    scope.require("people.edit")
    refuse_elsewhere(person)
    person = _locked(person)
    if since > timezone.localdate():
        raise Refused("Ngày mất tích còn ở tương lai.", field="since")
    if person.birth_date and since < person.birth_date:
        raise Refused(f"Ngày mất tích trước ngày sinh ({person.birth_words}).", field="since")
    if person.life_status == LifeStatus.DEAD:
        raise Refused("Người này đã được ghi là đã mất.", field="since")
    if open_report(person) is not None:
        raise Refused("Người này đã được báo mất tích.", field="since")
    report = MissingReport.unscoped.create(  # unscoped: of a person taken through the scope
        person=person,
        since=since,
        last_seen=clean(last_seen)[:200],
        told_by=clean(told_by)[:150],
        recorded_by=scope.user_id,
    )
    life.status_put(person=person, status=LifeStatus.MISSING)
    _told("person.missing", report)
    return report


@transaction.atomic
def missing_found(*, report: MissingReport, on: dt.date, note: str, expected_version: int) -> MissingReport:
    """She is alive and found. Who was found dead gets her death recorded. Raises Refused, StaleVersion."""
    current().require("people.edit")
    refuse_elsewhere(report.person)
    person = _locked(report.person)
    if not report.since <= on <= timezone.localdate():
        raise Refused("Ngày tìm thấy phải từ ngày mất tích đến hôm nay.", field="on")
    report.found_on, report.found_note = on, clean(note)[:300]
    save_versioned(report, expected=expected_version)
    if person.life_status == LifeStatus.MISSING:
        life.status_put(person=person, status=LifeStatus.ALIVE)
    _told("person.found", report)
    return report


def open_report(person: Person) -> MissingReport | None:
    """Her report that has not ended. Unscoped: of a person taken through the scope."""
    return MissingReport.unscoped.filter(person=person, found_on__isnull=True).first()


def _locked(person: Person) -> Person:
    """Her row as it is now, held until the end. Unscoped: taken through the scope before."""
    dated.lock(person)
    return Person.unscoped.get(pk=person.pk)


def _told(action: str, report: MissingReport) -> None:
    audit.record(
        action,
        person_id=report.person_id,
        object_id=report.pk,
        facility_id=report.person.station_id,
        data={},
    )
