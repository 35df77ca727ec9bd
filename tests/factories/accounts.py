"""Invented users with posts, for tests: saved directly, without audit."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.test import Client

from apps.accounts.models import Role, User
from apps.facilities.models import Facility, Hamlet, Post, PostHamlet

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "mua-gat-thang-muoi"
BACKEND = "apps.accounts.backends.AccountBackend"


def a_role(code: str) -> Role:
    """One of the shipped roles, which the template database holds."""
    return Role.objects.get(code=code)


def a_user(username: str = "hoa.nt", full_name: str = "Nguyễn Thị Hòa", **fields: Any) -> User:
    """An account whose password is PASSWORD."""
    user = User(username=username, full_name=full_name, **fields)
    user.set_password(PASSWORD)
    user.save()
    return user


def a_post(
    user: User, role: str, facility: Facility, *, hamlets: Iterable[Hamlet] | None = None, **fields: Any
) -> Post:
    """A post; of a role that sees some hamlets only with these, or all that the facility cares for."""
    post = Post.objects.create(user=user, role=a_role(role), facility=facility, **fields)
    if post.role.by_hamlet:
        given = Hamlet.objects.filter(catchments__facility=facility) if hamlets is None else hamlets
        PostHamlet.objects.bulk_create([PostHamlet(post=post, hamlet=hamlet) for hamlet in given])
    return post


def a_member(
    role: str,
    facility: Facility,
    username: str = "",
    full_name: str = "Nguyễn Thị Hòa",
    hamlets: Iterable[Hamlet] | None = None,
) -> User:
    """A user with one post at a facility."""
    user = a_user(username or f"{role}.{str(facility.pk)[-6:]}", full_name)
    a_post(user, role, facility, hamlets=hamlets)
    return user


def client_of(user: User) -> Client:
    """A browser in which `user` is signed in (at her only workplace)."""
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client
