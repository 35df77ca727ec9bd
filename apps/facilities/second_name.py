"""Two names under one act at one computer: the second person's scope, for what she then agrees to."""

from typing import Any

from django import forms
from django.http import HttpRequest

from apps.accounts import second_person
from apps.core.errors import Refused
from apps.core.fields import CleanCharField
from apps.core.scope import Scope, current
from apps.core.widgets import CodePicker
from apps.facilities import queries
from apps.facilities.posts import scope_for


class SecondPersonForm(forms.Form):
    """Who agrees at this computer, picked by her name among those who hold `right` here, and her password or
    PIN; never shown again.
    """

    second_name = CleanCharField(
        label="Người thứ hai", max_length=60, error_messages={"required": "Chọn người thứ hai."}
    )
    second_secret = forms.CharField(
        label="Mật khẩu hoặc mã PIN của máy này",
        max_length=128,
        strip=False,
        widget=forms.PasswordInput({"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, right: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["second_name"].widget = CodePicker(
            "accounts:colleagues",
            names=lambda chosen: _names(right, chosen),
            placeholder="Gõ tên không dấu",
            url_kwargs={"right": right},
        )


def _names(right: str, chosen: list[str]) -> dict[str, str]:
    rows = queries.colleagues(current(), right).filter(
        username__in=[name for name in chosen if "\0" not in name]
    )
    return dict(rows.values_list("username", "full_name"))


def second_scope(*, request: HttpRequest, username: str, secret: str, right: str) -> Scope:
    """The scope at this workplace of somebody else who holds `right` by her own posts. Raises Refused.

    What she does is done inside `scope.enter` of it, so that the logs name her.
    """
    here = current()
    user = second_person.confirm(request=request, username=username, secret=secret)
    if user.pk == here.user_id:
        raise Refused(
            "Người thứ hai phải khác người đang đăng nhập.", field="second_name", code="same-person"
        )
    found = scope_for(user, here.workplace_id, point=here.point_id, lent=False)
    if found is None or not found.can(right):
        raise Refused(
            f"{user.full_name} không có quyền làm việc này ở đây.", field="second_name", code="no-right"
        )
    return found
