"""Two names under one act at one computer: the second person's scope, for what she then agrees to."""

from django import forms
from django.http import HttpRequest

from apps.accounts import second_person
from apps.core.errors import Refused
from apps.core.fields import CleanCharField
from apps.core.scope import Scope, current
from apps.facilities.posts import scope_for


class SecondPersonForm(forms.Form):
    """Who agrees at this computer, and her password or PIN; never shown again."""

    second_name = CleanCharField(
        label="Tên đăng nhập",
        max_length=60,
        widget=forms.TextInput({"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )
    second_secret = forms.CharField(
        label="Mật khẩu hoặc mã PIN của máy này",
        max_length=128,
        strip=False,
        widget=forms.PasswordInput({"autocomplete": "off"}),
    )


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
