"""Keys by which a program uses the API: made, found again by their digest, withdrawn.

A key may do part of what its owner may do at one facility, until a day. It is readable once, when it is
made. What its owner may no longer do, the key may not either: that is asked at each request.
"""

import datetime as dt
import hashlib
import secrets
from collections.abc import Collection
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from apps.accounts.models import ApiToken, User
from apps.core import audit
from apps.core.errors import Refused
from apps.core.text import clean

MARK = "tramyte_"  # so that a key left in a file is recognised for what it is
LONGEST_DAYS = 365
MOST = 20  # keys of one account at a time: more is a mistake
USED_EVERY = dt.timedelta(minutes=1)  # how exactly the last use is kept


@transaction.atomic
def token_create(
    *, owner: User, name: str, rights: Collection[str], facility_id: UUID, days: int
) -> tuple[ApiToken, str]:
    """A key and its text, which is never shown again. Raises Refused."""
    name = clean(name)
    if not name:
        raise Refused("Cần ghi phần mềm nào dùng mã này.", field="name")
    if not rights:
        raise Refused("Cần chọn ít nhất một quyền.", field="rights")
    if not 1 <= days <= LONGEST_DAYS:
        raise Refused(f"Thời hạn từ 1 đến {LONGEST_DAYS} ngày.", field="days")
    User.objects.select_for_update().get(pk=owner.pk)
    now = timezone.now()
    if ApiToken.objects.filter(owner=owner, revoked_at=None, expires_at__gt=now).count() >= MOST:
        raise Refused(f"Đã có {MOST} mã đang dùng; hãy thu hồi mã không cần nữa.")
    text = MARK + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        owner=owner,
        name=name,
        prefix=text[len(MARK) : len(MARK) + 6],
        digest=digest_of(text),
        rights=sorted(rights),
        facility_id=facility_id,
        expires_at=now + dt.timedelta(days=days),
    )
    audit.record(
        "api_token.created",
        object_id=token.pk,
        facility_id=facility_id,
        data={"prefix": token.prefix, "rights": token.rights},
    )
    return token, text


def digest_of(text: str) -> str:
    """256 random bits need no slow hash: nobody tries them all."""
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()


def find(text: str) -> ApiToken | None:
    """The key in force of that text, with its owner."""
    return (
        ApiToken.objects.filter(digest=digest_of(text), revoked_at=None, expires_at__gt=timezone.now())
        .select_related("owner")
        .first()
    )


def used(token: ApiToken, address: str | None) -> None:
    """Note the use, at most once a minute."""
    now = timezone.now()
    if token.last_used_at is None or now - token.last_used_at >= USED_EVERY:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now, last_address=address)


@transaction.atomic
def token_revoke(*, token: ApiToken) -> None:
    """From this moment the key opens nothing."""
    if ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now()):
        audit.record(
            "api_token.revoked",
            object_id=token.pk,
            facility_id=token.facility_id,
            data={"prefix": token.prefix},
        )


def revoke_all(owner: User) -> None:
    """Every key of an account that has ended, or that is opened anew by a slip."""
    for token in ApiToken.objects.filter(owner=owner, revoked_at=None):
        token_revoke(token=token)
