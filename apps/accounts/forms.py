"""The sign-in form and the change of one's own password."""

from typing import Any

from django import forms

from apps.core.forms import FormKeyMixin

# A password is never longer; a huge one would only cost the hasher's time.
PASSWORD_MAX = 200


class SignInForm(forms.Form):
    username = forms.CharField(
        label="Tên đăng nhập",
        max_length=120,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "username",
                "autocapitalize": "none",
                "spellcheck": "false",
            }
        ),
        error_messages={"required": "Cần nhập tên đăng nhập."},
    )
    password = forms.CharField(
        label="Mật khẩu",
        max_length=PASSWORD_MAX,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "data-enter-submits": True}),
        error_messages={"required": "Cần nhập mật khẩu."},
    )
    next = forms.CharField(required=False, widget=forms.HiddenInput, max_length=500)


class PasswordForm(FormKeyMixin):
    old = forms.CharField(
        label="Mật khẩu đang dùng",
        max_length=PASSWORD_MAX,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "autofocus": True}),
        error_messages={"required": "Cần nhập mật khẩu đang dùng."},
    )
    new = forms.CharField(
        label="Mật khẩu mới",
        max_length=PASSWORD_MAX,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="Ít nhất 10 ký tự, không chỉ gồm chữ số, không giống tên của mình. "
        "Một câu ngắn không dấu dễ nhớ là tốt nhất.",
        error_messages={"required": "Cần nhập mật khẩu mới."},
    )
    again = forms.CharField(
        label="Nhập lại mật khẩu mới",
        max_length=PASSWORD_MAX,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "data-enter-submits": True}),
        error_messages={"required": "Cần nhập lại mật khẩu mới."},
    )

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if data.get("new") and data.get("again") and data["new"] != data["again"]:
            self.add_error("again", "Hai lần nhập mật khẩu mới không giống nhau.")
        return data


def _code(label: str, **attrs: Any) -> forms.CharField:
    """A box for a code of digits or a recovery code: numeric keys on a phone, no suggestions."""
    return forms.CharField(
        label=label,
        max_length=20,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "autocapitalize": "none", "spellcheck": "false", **attrs}
        ),
        error_messages={"required": "Cần nhập mã."},
    )


class CodeForm(forms.Form):
    """The second step of signing in."""

    code = _code("Mã xác thực", autofocus=True, **{"data-enter-submits": True})


class EnrolForm(forms.Form):
    code = _code("Mã 6 số đang hiện trên điện thoại", inputmode="numeric", **{"data-enter-submits": True})


class ProofForm(forms.Form):
    """Password and code, before something about the code app is changed."""

    password = forms.CharField(
        label="Mật khẩu đang dùng",
        max_length=PASSWORD_MAX,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        error_messages={"required": "Cần nhập mật khẩu đang dùng."},
    )
    code = _code("Mã xác thực hoặc mã dự phòng")


PIN_ATTRS = {
    "inputmode": "numeric",
    "autocomplete": "off",
    "maxlength": 6,
    "data-enter-submits": True,
    "class": "pin",
}


def _pin(label: str, **attrs: Any) -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=6,
        min_length=6,
        widget=forms.PasswordInput(attrs={**PIN_ATTRS, **attrs}),
        error_messages={
            "required": "Cần nhập mã PIN 6 số.",
            "min_length": "Mã PIN có đúng 6 số.",
            "max_length": "Mã PIN có đúng 6 số.",
        },
    )


class PinForm(forms.Form):
    """A PIN for this computer, twice, with the password."""

    password = forms.CharField(
        label="Mật khẩu đang dùng",
        max_length=PASSWORD_MAX,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "autofocus": True}),
        error_messages={"required": "Cần nhập mật khẩu đang dùng."},
    )
    pin = _pin("Mã PIN mới (6 số)")
    again = _pin("Nhập lại mã PIN")

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if data.get("pin") and data.get("again") and data["pin"] != data["again"]:
            self.add_error("again", "Hai lần nhập mã PIN không giống nhau.")
        return data


class UnlockForm(forms.Form):
    """Who goes on at this computer, and her PIN."""

    person = forms.UUIDField(error_messages={"required": "Cần chọn tên.", "invalid": "Cần chọn tên."})
    pin = _pin("Mã PIN", autofocus=True)
