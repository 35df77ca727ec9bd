"""Drafts: what somebody types is kept every few seconds, so that a crash, a lost session or a closed browser
costs nothing. One a user, form and record; nobody else's is ever shown.

A room says in `registry.drafts` which of its forms keep one. The form's page has `components/draft.html`,
which posts to `core:draft_keep`; its view takes the draft up with `take` and forgets it with `drop` once the
form is saved; `@keeps_draft` keeps what a refused or outrun save has typed.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils import timezone

from apps.core import registry
from apps.core.access import View
from apps.core.ids import uuid7
from apps.core.models import Draft
from apps.core.registry import DraftKind, DraftSubject
from apps.core.scope import Scope, current

NOT_TYPED = frozenset({"csrfmiddlewaretoken", "form_key", "version"})  # each form has its own


def kind_of(key: str) -> DraftKind:
    kind = registry.drafts.get(key)
    if kind is None:
        raise KeyError(f"draft kind {key!r} is not registered")
    return kind


def keep(
    kind_key: str, object_id: UUID, typed: Mapping[str, Sequence[Any]], *, version: int | None = None
) -> Draft:
    """Keep the raw text of a form as it stands; the next one replaces it.

    `version` is the one that the typing began with, else the record's own. Raises PermissionDenied,
    Draft.DoesNotExist where the scope does not see the record.
    """
    scope, kind = current(), kind_of(kind_key)
    scope.require(kind.right)
    subject = kind.about(scope, [object_id]).get(object_id)
    if subject is None:
        raise Draft.DoesNotExist
    if scope.user_id is None or not scope.reaches(subject.facility_id):
        raise PermissionDenied(kind.right)
    # PostgreSQL's JSON takes no NUL.
    data = {
        name.replace("\0", ""): [str(value).replace("\0", "") for value in values]
        for name, values in typed.items()
        if name not in NOT_TYPED
    }
    draft, _ = Draft.unscoped.update_or_create(  # unscoped: her own, on a record within her reach
        user_id=scope.user_id,
        kind=kind.key,
        object_id=object_id,
        defaults={
            "facility_id": subject.facility_id,
            "data": data,
            "of_version": subject.version if version is None else version,
            "saved_at": timezone.now(),
        },
    )
    return draft


def take(kind_key: str, object_id: UUID | None) -> Draft | None:
    """What this user typed into the form and has not saved. One query."""
    found: Draft | None = _own(kind_key, object_id).first()
    return found


def drop(kind_key: str, object_id: UUID | None) -> None:
    """The form was saved, or its draft is not wanted any more."""
    _own(kind_key, object_id).delete()


def _own(kind_key: str, object_id: UUID | None) -> QuerySet[Draft]:
    user_id, kind = current().user_id, kind_of(kind_key)
    if user_id is None or object_id is None:
        return Draft.unscoped.none()  # unscoped: the system types nothing
    # unscoped: by her own id; the form's view has taken the record through the scope
    return Draft.unscoped.filter(user_id=user_id, kind=kind.key, object_id=object_id)


def typed_of(draft: Draft) -> QueryDict:
    """The draft in the shape of a post: with a fresh form key, against the version that it began with."""
    data = QueryDict(mutable=True)
    for name, values in draft.data.items():
        data.setlist(name, values)
    data["form_key"] = str(uuid7())
    if draft.of_version:
        data["version"] = str(draft.of_version)
    return data


def initial_of(draft: Draft | None, prefix: str = "") -> dict[str, Any]:
    """The draft as the initial values of a form that is shown without its errors."""
    start = f"{prefix}-" if prefix else ""
    return {
        name.removeprefix(start): values[0] if len(values) == 1 else values
        for name, values in (draft.data if draft else {}).items()
        if name.startswith(start)
    }


# --- lists


@dataclass(frozen=True)
class DraftLine:
    """A draft in words. Without a `subject` the record is out of sight: only its kind is told."""

    draft: Draft
    kind: DraftKind
    subject: DraftSubject | None

    @property
    def title(self) -> str:
        return self.subject.title if self.subject else f"{self.kind.title} (nội dung không còn xem được)"

    @property
    def outrun(self) -> bool:
        """Whether somebody has saved the record since."""
        return self.subject is not None and self.subject.version != self.draft.of_version


def mine(scope: Scope) -> QuerySet[Draft]:
    """This user's drafts at the scope's facilities, newest first."""
    if scope.user_id is None:
        return Draft.unscoped.none()  # unscoped: the system types nothing
    kinds = [kind.key for kind in registry.drafts]
    rows = Draft.visible(scope).filter(user_id=scope.user_id, kind__in=kinds)
    return rows.order_by("-saved_at", "-id")


def lines(scope: Scope, drafts: Iterable[Draft]) -> list[DraftLine]:
    """Drafts in words: one query a kind that is among them."""
    drafts = list(drafts)
    subjects: dict[tuple[str, UUID], DraftSubject] = {}
    for key in {draft.kind for draft in drafts}:
        kind = kind_of(key)
        if scope.can(kind.right):
            ids = {draft.object_id for draft in drafts if draft.kind == key}
            subjects |= {(key, pk): subject for pk, subject in kind.about(scope, ids).items()}
    return [
        DraftLine(draft, kind_of(draft.kind), subjects.get((draft.kind, draft.object_id))) for draft in drafts
    ]


def about_new(
    title: str, url: Callable[[], str]
) -> Callable[[Scope, Iterable[UUID]], dict[UUID, DraftSubject]]:
    """`about` of a form that makes something new: its object is the station itself."""

    def about(scope: Scope, object_ids: Iterable[UUID]) -> dict[UUID, DraftSubject]:
        return {pk: DraftSubject(title, url(), pk) for pk in object_ids if scope.reaches(pk)}

    return about


# --- views


def typed_in(request: HttpRequest) -> dict[str, list[str]]:
    """The form's raw text."""
    return {name: list(values) for name, values in request.POST.lists()}


def version_in(request: HttpRequest) -> int | None:
    text = request.POST.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def keeps_draft(kind_key: str, of: str = "") -> Callable[[View], View]:
    """When a save does not go through, what was typed is kept for this user.

    `of` names the view's argument that holds the record's id; without it the record is a new one of the
    workplace. Stands inside `@idempotent` and outside `@conflict_page`.
    """

    def mark(view: View) -> View:
        @wraps(view)
        def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            response = view(request, *args, **kwargs)
            if request.method == "POST" and response.status_code in (409, 422):
                object_id = kwargs[of] if of else current().workplace_id
                if object_id is not None:
                    # A form sent back stands against the record as it now is; an outrun one against its own.
                    began = version_in(request) if response.status_code == 409 else None
                    keep(kind_key, object_id, typed_in(request), version=began)
            return response

        return wrapped

    return mark
