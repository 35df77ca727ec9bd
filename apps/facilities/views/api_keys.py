"""Keys of the API: the list of the unit, a new one, the end of one."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from apps.accounts import api_tokens
from apps.accounts.models import ApiToken
from apps.accounts.rights import ACTION_WORDS
from apps.core import registry
from apps.core.access import needs
from apps.core.errors import Refused
from apps.core.forms import add_refusal
from apps.core.idempotency import idempotent
from apps.core.paging import keyset
from apps.core.scope import Scope, current
from apps.facilities.models import Facility
from apps.facilities.posts import held_posts

NOTHING_TO_GIVE = (
    "Mã truy cập chỉ mở hồ sơ của trạm, mà tại nơi làm việc này bạn không có quyền nào như vậy để giao. "
    "Trưởng trạm nào cần nối phần mềm thì lập mã tại trạm của mình."
)
# What a program may be given. It signs nothing and manages nobody.
SECTIONS = ("people", "households", "visits", "prescriptions")
ACTIONS = {action: ACTION_WORDS[action] for action in ("view", "enter", "edit")}


def offered(scope: Scope) -> list[tuple[str, str]]:
    """The rights of the scope that a program may have, in words."""
    titles = {section.key: section.title for section in registry.sections}
    return [
        (f"{section}.{action}", f"{titles[section]}: {word}")
        for section in SECTIONS
        for action, word in ACTIONS.items()
        if scope.can(f"{section}.{action}")
    ]


class TokenForm(forms.Form):
    name = forms.CharField(
        label="Phần mềm dùng mã",
        max_length=80,
        help_text="Ví dụ: máy xét nghiệm, cổng đặt lịch của xã.",
        error_messages={"required": "Cần ghi phần mềm nào dùng mã này."},
    )
    rights = forms.MultipleChoiceField(
        label="Được làm gì",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Cần chọn ít nhất một quyền."},
    )
    days = forms.TypedChoiceField(
        label="Thời hạn",
        choices=[(30, "30 ngày"), (90, "90 ngày"), (180, "180 ngày"), (365, "365 ngày")],
        initial=90,
        coerce=int,
    )

    def __init__(self, *args: Any, scope: Scope, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["rights"].choices = offered(scope)


@needs("users.view")
def token_list(request: HttpRequest) -> HttpResponse:
    """The keys of the scope's facilities, newest first."""
    rows = _visible(current()).select_related("owner")
    page = keyset(rows, order=("-created_at", "-id"), cursor=request.GET.get("c", ""))
    names = dict(Facility.objects.filter(pk__in={row.facility_id for row in page}).values_list("pk", "name"))
    words = dict(_all_words())
    now = timezone.now()
    lines = [
        {
            "token": row,
            "place": names.get(row.facility_id, ""),
            "rights": [words.get(right, right) for right in row.rights],
            "state": "revoked" if row.revoked_at else "over" if row.expires_at <= now else "open",
        }
        for row in page
    ]
    scope = current()
    context = {
        "page": page,
        "lines": lines,
        "may_enter": scope.can("users.enter") and bool(offered(scope)),
        "may_edit": scope.can("users.edit"),
    }
    return render(request, "accounts/tokens.html", context)


def _all_words() -> list[tuple[str, str]]:
    return offered(Scope(None, "", "", everything=True))


def _visible(scope: Scope) -> Any:
    if scope.everything or scope.level == "system":
        return ApiToken.objects.all()
    return ApiToken.objects.filter(facility_id__in=scope.facility_ids)


@needs("users.enter")
def token_new(request: HttpRequest) -> HttpResponse:
    """A new key with one's own name, for one's own workplace; its text is this answer's alone."""
    scope = current()
    if not offered(scope):
        messages.error(request, NOTHING_TO_GIVE)
        return redirect("accounts:tokens")
    form = TokenForm(request.POST or None, scope=scope)
    if request.method == "POST" and form.is_valid():
        data, owner = form.cleaned_data, request.user
        # A post at a point alone has the point for its workplace, and the station for the scope's.
        held = {post.facility_id for post in held_posts(owner)}
        place = scope.workplace_id if scope.workplace_id in held else scope.point_id
        try:
            token, text = api_tokens.token_create(
                owner=owner,
                name=data["name"],
                rights=data["rights"],
                facility_id=place,
                days=data["days"],
            )
        except Refused as refused:
            add_refusal(form, refused)
        else:
            return render(request, "accounts/token_shown.html", {"token": token, "text": text})
    status = 422 if form.is_bound else 200
    return render(request, "accounts/token_new.html", {"form": form}, status=status)


@needs("users.edit")
@require_POST
@idempotent
def token_revoke(request: HttpRequest, pk: UUID) -> HttpResponse:
    """From this click on the key opens nothing."""
    api_tokens.token_revoke(token=get_object_or_404(_visible(current()), pk=pk))
    messages.success(request, "Đã thu hồi mã truy cập; có hiệu lực ngay.")
    return redirect("accounts:tokens")
