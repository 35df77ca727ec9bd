"""Opening the record of somebody whom the station does not know, in an emergency.

By an exact number only, with a reason from a list and a word more; for a day, so many times a day; marked on
every page, written into the audit, told to the heads of both stations and to the province. Restricted records
stay closed, and nothing of hers can be changed but what any station that treats her may write.
"""

import datetime as dt

from django.contrib.postgres.expressions import ArraySubquery
from django.db import transaction
from django.db.models import Expression, F, OuterRef
from django.db.models.functions import JSONObject, Now
from django.utils import timezone

from apps.core import audit, parameters
from apps.core.errors import Refused
from apps.core.scope import Scope, current
from apps.core.text import clean
from apps.patients import exact
from apps.patients.models import EmergencyAccess, Person

HOURS, CAP = "emergency.hours", "emergency.daily_cap"
DIGEST_DAYS = 7
DIGEST_ROWS = 20


def people_opened() -> Expression:
    """For the account of a request: whom it has open, and from where. Read with it, so it costs no query."""
    # unscoped: read before there is a scope, and only of the account itself
    rows = EmergencyAccess.unscoped.filter(user_id=OuterRef("pk"), until__gt=Now())
    return ArraySubquery(  # type: ignore[return-value]  # the stubs forget that it is one
        rows.values(data=JSONObject(person=F("person_id"), facility=F("facility_id")))
    )


def open_record(*, number: str, reason: str, note: str) -> Person:
    """The person who carries exactly this number. Raises Refused: nobody does, or too often today.

    A number that is nobody's counts as well: the page is no way to try numbers.
    """
    person = _opened_or_missed(number=number, reason=reason, note=note)
    if person is None:
        # Outside the block: to refuse inside would take back the count of the try, and its lock with it.
        raise Refused("Không có ai mang đúng số này.", field="number")
    return person


@transaction.atomic
def _opened_or_missed(*, number: str, reason: str, note: str) -> Person | None:
    scope = current()
    scope.require("visits.enter")
    user_id, workplace_id = exact.account_at_work(scope, "mở khẩn cấp")
    note = clean(note)
    if not note:
        raise Refused("Ghi rõ tình huống khẩn cấp.", field="note")
    exact.hold_account(user_id)
    if used_today(scope) >= int(parameters.value(CAP, on=timezone.localdate())):
        raise Refused("Hôm nay đã dùng hết số lần mở khẩn cấp. Gọi trạm phụ trách của người bệnh.")
    person = exact.carrier(number)
    if person is None:
        audit.record("emergency.missed")
        return None
    if Person.visible(scope).filter(pk=person.pk).exists():
        return person
    # unscoped: her own opening, of somebody whom she does not see yet
    EmergencyAccess.unscoped.create(
        person=person,
        facility_id=workplace_id,
        user_id=user_id,
        user_name=scope.shown_name,
        reason=reason,
        note=note[:300],
        until=timezone.now() + dt.timedelta(hours=int(parameters.value(HOURS, on=timezone.localdate()))),
    )
    audit.record("emergency.opened", person_id=person.pk, data={"reason": reason})
    return person


def used_today(scope: Scope) -> int:
    """How often this account has opened, or tried to open, a record today."""
    return exact.tries_today(scope, ("emergency.opened", "emergency.missed"))


def open_now(scope: Scope) -> list[EmergencyAccess]:
    """What this account has open here, newest first."""
    rows = EmergencyAccess.visible(scope).filter(user_id__in=[scope.user_id], until__gt=timezone.now())
    return list(rows.select_related("person").order_by("-created_at")[:DIGEST_ROWS])


def digest(scope: Scope) -> list[EmergencyAccess]:
    """What was opened in these days from the scope's stations, or of their people: for heads and province."""
    since = timezone.now() - dt.timedelta(days=DIGEST_DAYS)
    rows = (
        EmergencyAccess.visible(scope)
        .filter(created_at__gte=since)
        .select_related("facility", "person__station")
    )
    return list(rows.order_by("-created_at")[:DIGEST_ROWS])
