"""Finds the account of a request in one query, with what higher rooms hang on it."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib.auth.backends import BaseBackend
from django.db.models import Expression
from django.http import HttpRequest

from apps.accounts.models import User
from apps.accounts.rules import username_key

# name -> maker of an expression over User: facilities adds the posts in force, so that session,
# account and posts together cost two queries a request. Never kept from one request to the next.
request_annotations: dict[str, Callable[[], Expression]] = {}


class AccountBackend(BaseBackend):
    """Names without regard to accents, case and blanks; disabled accounts open nothing."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **_: Any
    ) -> User | None:
        if not username or password is None:
            return None
        user = User.objects.filter(username=username_key(username)).first()
        if user is None:
            User().set_password(password)  # the same time for a name that is nobody's
            return None
        return user if user.check_password(password) and user.is_active else None

    def get_user(self, user_id: UUID) -> User | None:
        annotations = {name: make() for name, make in request_annotations.items()}
        return User.objects.filter(is_active=True).annotate(**annotations).filter(pk=user_id).first()
