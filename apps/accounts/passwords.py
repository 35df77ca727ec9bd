"""What an own password must be; each refusal is a Vietnamese sentence. Named in AUTH_PASSWORD_VALIDATORS."""

from difflib import SequenceMatcher
from typing import Any

from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError

from apps.core.text import fold

# Ten characters: with a lockout of five tries, a short sentence is both safe and easy to keep in mind.
SHORTEST = 10
# From this share of equal letters on, a password is somebody's name and not a password.
TOO_LIKE = 0.7


class LongEnough:
    def validate(self, password: str, user: Any = None) -> None:
        if len(password) < SHORTEST:
            raise ValidationError(f"Mật khẩu cần ít nhất {SHORTEST} ký tự.", code="too_short")
        if len(set(password)) < 4:
            raise ValidationError("Mật khẩu lặp lại quá ít ký tự khác nhau.", code="too_plain")

    def get_help_text(self) -> str:
        return f"Ít nhất {SHORTEST} ký tự."


class NotOnlyDigits:
    def validate(self, password: str, user: Any = None) -> None:
        if password.replace(" ", "").isdecimal():
            raise ValidationError("Mật khẩu không được chỉ gồm chữ số.", code="only_digits")

    def get_help_text(self) -> str:
        return "Không chỉ gồm chữ số."


class NotCommon(CommonPasswordValidator):
    """The 20,000 most used passwords of the world, Django's list."""

    def validate(self, password: str, user: Any = None) -> None:
        try:
            super().validate(password, user)
        except ValidationError as error:
            raise ValidationError("Mật khẩu này quá phổ biến, rất dễ đoán.", code="common") from error

    def get_help_text(self) -> str:
        return "Không phải mật khẩu phổ biến."


class NotLikeHer:
    """Not the account's own name, sign-in name or phone, with or without accents."""

    def validate(self, password: str, user: Any = None) -> None:
        typed = fold(password).replace(" ", "")
        for own in (getattr(user, field, "") for field in ("full_name", "username", "phone")):
            known = fold(own).replace(" ", "")
            if len(known) >= 3 and SequenceMatcher(None, typed, known).ratio() >= TOO_LIKE:
                raise ValidationError(
                    "Mật khẩu quá giống họ tên, tên đăng nhập hoặc số điện thoại của mình.", code="like_her"
                )

    def get_help_text(self) -> str:
        return "Không giống tên của mình."
