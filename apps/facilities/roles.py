"""Roles that the province makes: a shipped one is copied, changed, switched on and off.

| rule | why |
|---|---|
| a shipped role is never changed, only copied | each release refreshes it from fixtures/roles.csv |
| a made role holds only what shipped roles of its level hold | above the station nothing clinical |
| who changes it adds only what she holds or may hand on | nobody grants a right she lacks |
| nobody changes, switches or approves a role that she holds | nobody raises herself |
| on, or changed while on, with functions that matter: a second account of the province | as for posts |
| off is one press | posts of a role that is off open nothing from the next click on |

What a holder may do to patients still follows her licence (practice.py): no role signs for who has none.
"""

from collections.abc import Collection
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from apps.accounts.models import Role
from apps.accounts.rights import by_section, in_words, unknown
from apps.core import approvals, audit
from apps.core.approvals import Line
from apps.core.errors import Refused
from apps.core.models import PendingChange
from apps.core.scope import Scope, current
from apps.core.text import clean, fold
from apps.core.versions import StaleVersion, save_versioned
from apps.facilities.models import Post
from apps.facilities.posting import hands_on_of, lasting, opens_a_way
from apps.facilities.queries import visible_posts

CHANGE = "role"  # the ChangeKind
MAKES = "users.approve"  # the right, of the province alone


def may_make(scope: Scope) -> bool:
    """Whether the scope makes and changes roles."""
    return scope.level == "province" and scope.can(MAKES)


def role_list(scope: Scope) -> QuerySet[Role]:
    """All roles with the number of accounts within the scope that hold them today."""
    here = visible_posts(scope).filter(pk__in=Post.objects.current(timezone.localdate()).values("pk"))
    held = Count("posts__user", filter=Q(posts__in=here.values("pk")), distinct=True)
    return Role.objects.select_related("based_on").annotate(holders=held)


def holders(scope: Scope, role: Role) -> QuerySet[Post]:
    """The posts of the role that the scope reaches and that have not ended; of a role that is off too."""
    return visible_posts(scope).filter(lasting(), role=role, revoked_at=None)


def offered(role: Role) -> set[str]:
    """What may stand in this role: what it has, and what whoever asks may put into it."""
    return _within(role.level) & (_grantable() | set(role.rights))


@transaction.atomic
def role_copy(*, source: Role, name: str) -> Role:
    """A new role with what of the source its maker may grant; still off. Raises Refused."""
    _maker()
    base = source.based_on or source
    role = Role(name=_name(name), level=source.level, order=source.order, based_on=base, is_active=False)
    role.by_hamlet = base.by_hamlet  # what is copied sees no further than its source
    role.code = f"tinh-{role.pk.hex}"  # no shipped role begins with these letters
    role.rights = sorted(set(source.rights) & _within(source.level) & _grantable())
    _follow(role)
    role.save(force_insert=True)
    audit.record("role.created", object_id=role.pk, data={"name": role.name, "base": source.name})
    return role


@transaction.atomic
def role_update(
    *, role: Role, name: str, rights: Collection[str], expected_version: int
) -> Role | PendingChange:
    """Its name and functions from now on. Raises Refused, PermissionDenied, StaleVersion.

    Gives the change that waits for a second person where the role is in use.
    """
    _changeable(role)
    # What belongs to rooms that are still to come is not on the page: it stays as it was.
    after = set(rights) | unknown(role.rights)
    name = _name(name, but=role)
    _grants(role, after)
    if role.version != expected_version:
        raise StaleVersion(current=Role.objects.get(pk=role.pk), mine=role)
    if not (role.is_active and matters(role, after)):
        return _write(role, name=name, rights=after)
    return _ask(role, f"Đổi vai trò {role.name}", name=name, rights=after)


@transaction.atomic
def role_switch(*, role: Role, on: bool) -> Role | PendingChange:
    """Take a made role into use, or out of it with everybody's posts of it. Raises as above."""
    _changeable(role)
    if on == role.is_active:
        return role
    if not on:
        return _switch(role, False)
    if not role.rights:
        raise Refused("Vai trò chưa có quyền nào.")
    _grants(role, set(role.rights))
    if matters(role, set(role.rights)):
        return _ask(role, f"Bật vai trò {role.name}", name=role.name, rights=set(role.rights))
    return _switch(role, True)


@transaction.atomic
def approved(change: PendingChange) -> None:
    """Do what was asked, as the second: only of the role that both have seen, and within her own rights."""
    args = change.args
    role = Role.objects.select_for_update().get(pk=change.object_id)
    _changeable(role)
    if role.version != args["version"]:
        raise Refused("Vai trò đã được đổi sau khi xin. Người xin cần gửi lại.")
    _grants(role, set(args["rights"]), whole=not role.is_active)
    if set(args["rights"]) != set(role.rights) or args["name"] != role.name:
        _write(role, name=_name(args["name"], but=role), rights=args["rights"])
    if not role.is_active:
        _switch(role, True)


def matters(role: Role, after: Collection[str]) -> bool:
    """Whether a second person is asked: above the station, patients, or others' rights."""
    return role.level != "station" or opens_a_way(role, {*role.rights, *after})


def _maker() -> UUID:
    scope = current()
    if not may_make(scope) or scope.user_id is None:
        raise PermissionDenied("role")
    return scope.user_id


def _changeable(role: Role) -> None:
    user_id = _maker()
    if role.based_on_id is None:
        raise Refused("Vai trò có sẵn không sửa được: hãy sao chép rồi sửa bản sao.")
    if Post.objects.filter(lasting(), role=role, user_id=user_id, revoked_at=None).exists():
        raise Refused("Bạn đang giữ vai trò này: người khác mới đổi hoặc duyệt được.")


def _grants(role: Role, after: set[str], *, whole: bool = False) -> None:
    """Nobody puts into a role what no shipped role of its level has, or what she may not grant."""
    added = after if whole else after - set(role.rights)
    if not (after - unknown(after)) <= _within(role.level) or not added <= _grantable():
        raise PermissionDenied("right")


def _within(level: str) -> set[str]:
    shipped = Role.objects.filter(based_on=None, level=level).values_list("rights", flat=True)
    return {right for rights in shipped for right in rights}


def _grantable() -> set[str]:
    return set(current().rights) | hands_on_of(current().user_id)


def _name(text: str, but: Role | None = None) -> str:
    name = clean(text)
    if not name:
        raise Refused("Cần đặt tên cho vai trò.", field="name")
    others = Role.objects.exclude(pk__in=[but.pk] if but else []).values_list("name", flat=True)
    if fold(name) in {fold(other) for other in others}:
        raise Refused("Đã có vai trò mang tên này.", field="name")
    return name[:120]


def _follow(role: Role) -> None:
    """What may be handed on comes from the shipped role, and only to who manages accounts."""
    manages = {"users.enter", "users.edit"} & set(role.rights)
    role.hands_on = list(role.based_on.hands_on) if manages and role.based_on else []


def _ask(role: Role, title: str, *, name: str, rights: set[str]) -> PendingChange:
    return approvals.ask(
        CHANGE,
        object_id=role.pk,
        title=title,
        lines=_lines(role, name, rights),
        args={"version": role.version, "name": name, "rights": sorted(rights)},
    )


def _lines(role: Role, name: str, rights: set[str]) -> list[Line]:
    """What changes, section by section; a role that is still off has nothing today."""
    before = set(role.rights) if role.is_active else set()
    lines: list[Line] = [("Tên vai trò", role.name, name)] if name != role.name else []
    for section, _ in by_section(before | rights):
        had, has = (
            ", ".join(word for each, pairs in by_section(held) if each == section for _, word in pairs)
            for held in (before, rights)
        )
        if had != has:
            lines.append((section.title, had, has))
    return lines


def _write(role: Role, *, name: str, rights: Collection[str]) -> Role:
    before = set(role.rights)
    role.name, role.rights = name, sorted(rights)
    _follow(role)
    save_versioned(role, expected=role.version)
    audit.record(
        "role.changed",
        object_id=role.pk,
        data={
            "name": name,
            "added": in_words(set(rights) - before) or "không",
            "removed": in_words(before - set(rights)) or "không",
        },
    )
    return role


def _switch(role: Role, on: bool) -> Role:
    role.is_active = on
    save_versioned(role, expected=role.version)
    audit.record(
        "role.switched_on" if on else "role.switched_off", object_id=role.pk, data={"name": role.name}
    )
    return role
