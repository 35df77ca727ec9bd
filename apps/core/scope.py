"""Who is asking, from where, and what may they see.

A clinical query outside a scope raises: a forgotten scope fails loudly instead of leaking. The
scope of a request is built by `facilities.middleware`; workers and commands enter one explicitly.
It is a net, not the wall: joins from unscoped models and `_base_manager` pass it by, so services
check the target's facility on write and a test walks every address with every role.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Literal, Self
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import models

# What of HIV, mental health, violence and abortion only few may read (patients/restricted.py).
RESTRICTED_RIGHT = "restricted.view"

Level = Literal["station", "region", "province", "system"]


class OutsideScope(RuntimeError):
    """A scoped query was made where nobody is asking: a programming error, never shown to a user."""


@dataclass(frozen=True)
class Scope:
    """One person's view from one workplace, or the system's own (`everything`)."""

    user_id: UUID | None
    username: str
    label: str
    facility_ids: frozenset[UUID] = frozenset()
    workplace_id: UUID | None = None
    point_id: UUID | None = None
    practitioner_id: UUID | None = None
    rights: frozenset[str] = field(default_factory=frozenset)
    level: Level = "station"
    everything: bool = False
    # People of elsewhere that this account has opened in an emergency (patients/emergency.py).
    opened: frozenset[UUID] = frozenset()
    # A program asks with somebody's key: what she alone reads because she wrote it is not its to read.
    program: bool = False
    # The hamlets whose people alone are seen (nhân viên y tế thôn); None: the whole catchment.
    hamlet_ids: frozenset[UUID] | None = None
    full_name: str = ""

    @property
    def shown_name(self) -> str:
        """Who it is on pages and papers: colleagues know the name, not the account."""
        return self.full_name or self.username

    def can(self, right: str) -> bool:
        """Whether this scope holds `right`, written '<section>.<action>'."""
        return self.everything or right in self.rights

    def require(self, right: str) -> None:
        """Raise PermissionDenied unless this scope holds `right`."""
        if not self.can(right):
            raise PermissionDenied(right)

    def reaches(self, facility_id: UUID | None) -> bool:
        """Whether a record of that facility may be written from here."""
        return self.everything or facility_id in self.facility_ids


def of_facility(scope: Scope, field: str = "facility_id") -> models.Q:
    """The rows of what belongs to a station as a whole; who sees some hamlets only sees none of them."""
    if scope.hamlet_ids is not None:
        return models.Q(pk__in=())
    return models.Q(**{f"{field}__in": scope.facility_ids})


_current: ContextVar[Scope | None] = ContextVar("scope", default=None)


def current() -> Scope:
    """The scope in force. Raises OutsideScope when there is none."""
    scope = _current.get()
    if scope is None:
        raise OutsideScope("no scope is active: enter one with core.scope.enter() or core.scope.system()")
    return scope


def active() -> Scope | None:
    """The scope in force, or None: for log lines and audit of sign-in, where nobody is known yet."""
    return _current.get()


@contextmanager
def enter(scope: Scope) -> Iterator[Scope]:
    """Everything inside asks as `scope`."""
    token = _current.set(scope)
    try:
        yield scope
    finally:
        _current.reset(token)


@contextmanager
def system(why: str) -> Iterator[Scope]:
    """Everything inside is the system's own work, unfiltered. `why` stands in the audit rows."""
    if not why:
        raise ValueError("system work needs a reason")
    with enter(Scope(None, "system", why, level="system", everything=True)) as scope:
        yield scope


class ScopedManager(models.Manager[Any]):
    """Raises outside a scope; inside one shows only what `Model.scope_q` allows."""

    def get_queryset(self) -> models.QuerySet[Any]:
        scope = current()
        queryset = super().get_queryset()
        if scope.everything:
            return queryset
        return queryset.filter(self.model.scope_q(scope))


class ScopedModel(models.Model):
    """Mixin of every model that tells something about a person.

    A subclass says in `scope_q` which rows a scope sees. `unscoped` is for migrations and for
    system work inside a service, with the reason beside it.
    """

    objects = ScopedManager()
    unscoped = models.Manager()

    class Meta:
        abstract = True
        # Django itself (refresh_from_db, related managers' writes, serialisation) works on the plain manager.
        base_manager_name = "unscoped"

    @classmethod
    def scope_q(cls, scope: Scope) -> models.Q:
        """The rows that `scope` may see, as a filter on this model."""
        raise NotImplementedError(f"{cls.__name__} must say what a scope sees")

    @classmethod
    def visible(cls, scope: Scope) -> models.QuerySet[Self]:
        """The rows `scope` sees, whatever scope is in force."""
        return cls.unscoped.all() if scope.everything else cls.unscoped.filter(cls.scope_q(scope))
