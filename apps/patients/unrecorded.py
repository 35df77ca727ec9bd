"""Whose record says that she has died, and whose death stands in no register: mostly brought in by a list."""

from django.db.models import Exists, OuterRef, QuerySet

from apps.core.paging import Page, keyset
from apps.core.scope import Scope
from apps.patients.models import Death, LifeStatus, Person
from apps.patients.models.deaths import STANDING

PAGE = 50
MOST = 100  # counted no further: 'hơn 100 người'


def people(scope: Scope) -> QuerySet[Person]:
    """Those of the scope's own area."""
    standing = Death.unscoped.filter(STANDING, person=OuterRef("pk"))  # unscoped: of people who are scoped
    rows = Person.visible(scope).filter(life_status=LifeStatus.DEAD, merged_into=None)
    if not scope.everything:
        rows = rows.filter(station__in=scope.facility_ids)
    return rows.filter(~Exists(standing))


def count(scope: Scope) -> int:
    """How many, at most one more than MOST. One query."""
    return people(scope).values("pk")[: MOST + 1].count()


def page(scope: Scope, cursor: str) -> Page[Person]:
    """By name, with their hamlets. One query."""
    rows = people(scope).select_related("hamlet").defer("tokens", "search")
    return keyset(rows, order=("sort_key", "id"), cursor=cursor, size=PAGE)
