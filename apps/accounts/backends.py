"""Finds the account of a request in one query, with what higher rooms hang on it."""

import datetime as dt
from collections.abc import Callable
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.contrib.auth.backends import BaseBackend
from django.db import connection
from django.db.models import Expression
from django.http import HttpRequest
from django.utils import timezone

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
        sql, params, annotations = _statement(timezone.localdate(), tuple(request_annotations))
        found = list(User.objects.raw(sql, [user_id if part == ANYBODY else part for part in params]))
        for user in found:
            for name, field in annotations.items():
                setattr(user, name, field.from_db_value(getattr(user, name), None, connection))
            return user
        return None


# Stands in the kept statement for whoever is asked for.
ANYBODY = UUID(int=0)


@lru_cache(maxsize=2)
def _statement(today: dt.date, names: tuple[str, ...]) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
    """The query of `get_user` for a day, made once: building it cost more than the rest of a request."""
    annotations = {name: request_annotations[name]() for name in names}
    rows = User.objects.filter(is_active=True).annotate(**annotations).filter(pk=ANYBODY)
    sql, params = rows.query.sql_with_params()
    return sql, params, {name: rows.query.annotations[name].output_field for name in names}
