"""Somebody of elsewhere by an exact number of hers: so many tries a day for an account, misses counted too.

Nothing but that one person carries the number is told, and not that before the try is written down.
"""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db.models import Q
from django.utils import timezone

from apps.core.errors import Refused
from apps.core.models import AuditEntry
from apps.core.scope import Scope
from apps.patients.models import Identifier, InsuranceCard, Person

SHORTEST = 9  # digits of the oldest citizen number: shorter ones are tried through


def hold_account(user_id: UUID) -> None:
    """One account tries one after the other until the transaction ends, so that the count is right."""
    get_user_model()._base_manager.select_for_update().get(pk=user_id)


def account_at_work(scope: Scope, words: str) -> tuple[UUID, UUID]:
    """The account and the station at which it works. Raises Refused; `words` say what only its staff does."""
    if scope.hamlet_ids is not None:
        raise Refused(f"Chỉ nhân viên của trạm {words} được.")
    if scope.level != "station" or scope.workplace_id is None or scope.user_id is None:
        raise Refused(f"Chỉ {words} khi đang làm việc tại một trạm y tế.")
    return scope.user_id, scope.workplace_id


def tries_today(scope: Scope, actions: Iterable[str]) -> int:
    """How often this account has done one of these acts today. The book of acts cannot be shortened."""
    since = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    rows = AuditEntry.objects.filter(action__in=tuple(actions), at__gte=since)
    return rows.filter(user_id__in=[scope.user_id]).count()


def carrier(number: str) -> Person | None:
    """The one person who carries exactly this number of a paper or card today."""
    plain = "".join(number.split()).upper()
    today = timezone.localdate()
    in_force = Q(valid_to__isnull=True) | Q(valid_to__gte=today)
    if len(plain) < SHORTEST:
        return None
    # unscoped: whoever she is; nothing is told of her before this is written down
    found: Any = Identifier.unscoped.filter(in_force, value=plain).values_list("person_id", flat=True)
    people = set(found[:2]) or set(
        InsuranceCard.unscoped.filter(in_force, number=plain).values_list("person_id", flat=True)[:2]
    )
    if len(people) != 1:
        return None
    # unscoped: whom the card names, wherever she belongs
    return Person.unscoped.filter(pk=people.pop(), merged_into=None).first()
