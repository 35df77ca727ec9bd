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
                "autofocus": True,
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
