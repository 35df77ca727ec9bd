"""One-time codes of a telephone app (RFC 6238): six digits, thirty seconds, one step early or late.

The secret is no column of any table: it is derived from the installation's key and a random number of the
account, so a stolen copy of the database opens nothing. After a change of TRAMYTE_SECRET_KEY the old key
stays in TRAMYTE_OLD_SECRET_KEYS until everybody has enrolled anew.
"""

import base64
import datetime as dt
import re
import secrets
from collections.abc import Iterator
from uuid import UUID

import pyotp
from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac

ISSUER = "Trạm Y Tế"
STEP_SECONDS = 30
DRIFT = 1  # steps: a telephone's clock may be half a minute wrong, and typing takes its time

# Without look-alikes; ten letters of thirty are 49 bits, tried at most five times in a quarter of an hour.
_LETTERS = "abcdefghjkmnpqrstuvwxyz2346789"
RECOVERY_CODES = 10


def fresh_nonce() -> str:
    return secrets.token_urlsafe(32)


def secret_of(user_id: UUID, nonce: str, key: str | None = None) -> str:
    """The secret as the app takes it: 160 bits in base32."""
    digest = salted_hmac("accounts.totp", f"{user_id}:{nonce}", secret=key, algorithm="sha256").digest()
    return base64.b32encode(digest[:20]).decode()


def address(user_id: UUID, username: str, nonce: str) -> str:
    """What the QR code says to the app."""
    totp = pyotp.TOTP(secret_of(user_id, nonce), interval=STEP_SECONDS)
    return totp.provisioning_uri(name=username, issuer_name=ISSUER)


def step_of(user_id: UUID, nonce: str, code: str, at: dt.datetime, *, after: int) -> int | None:
    """The step that `code` belongs to, if it is of now or one step beside it and later than `after`.

    A code that was taken once, and every one before it, is taken no more.
    """
    typed = re.sub(r"\s", "", code)
    if not re.fullmatch(r"[0-9]{6}", typed):
        return None
    now = int(at.timestamp()) // STEP_SECONDS
    for key in _keys():
        totp = pyotp.TOTP(secret_of(user_id, nonce, key), interval=STEP_SECONDS)
        for step in range(now - DRIFT, now + DRIFT + 1):
            if constant_time_compare(totp.generate_otp(step), typed) and step > after:
                return step
    return None


def _keys() -> Iterator[str]:
    yield settings.SECRET_KEY
    yield from settings.SECRET_KEY_FALLBACKS


def fresh_recovery_codes() -> list[str]:
    """Ten codes to be printed: 'h7kdm-2qxwp'."""
    return [
        "-".join("".join(secrets.choice(_LETTERS) for _ in range(5)) for _ in range(2))
        for _ in range(RECOVERY_CODES)
    ]


def recovery_digests(user_id: UUID, code: str) -> list[str]:
    """What may stand in the table for a recovery code: one for each key in use, the present one first."""
    plain = re.sub(r"[^a-z0-9]", "", code.lower())
    return [
        salted_hmac("accounts.recovery", f"{user_id}:{plain}", secret=key, algorithm="sha256").hexdigest()
        for key in _keys()
    ]
