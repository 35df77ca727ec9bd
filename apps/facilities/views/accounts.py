"""Accounts of the staff: list, new account, slip, posts."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render, resolve_url
from django.utils import timezone
from django.views.decorators.http import require_POST

from apps.accounts import second_factor
from apps.accounts.models import SignInEvent, User
from apps.core import approvals
from apps.core.access import needs
from apps.core.conflict import conflict_page
from apps.core.errors import Refused
from apps.core.idempotency import idempotent
from apps.core.models import PendingChange
from apps.core.paging import keyset
from apps.core.scope import current
from apps.facilities import posting, queries, staffing, village
from apps.facilities.forms.accounts import AccountEditForm, AccountForm, HamletsForm, PostForm, RevokeForm
from apps.facilities.models import Facility, Post
from apps.facilities.views.saving import WAITS, form_page, kept, refuse


@needs("users.view")
def account_list(request: HttpRequest) -> HttpResponse:
    """The accounts of the scope by name, 50 a page; a search is posted: no name stands in an address."""
    text = request.POST.get("q", "").strip()[:100]
    cursor = request.POST.get("c", "") or request.GET.get("c", "")
    rows = queries.user_list(current(), text=text)
    page = keyset(rows, order=("sort_key", "pk"), cursor=cursor)
    context = {"page": page, "q": text, "fields": [("q", text)], "may_enter": current().can("users.enter")}
    return render(request, "accounts/list.html", context)


def _account(pk: UUID) -> User:
    """The account if the scope reaches it, else the 404 of an account that does not exist."""
    return get_object_or_404(queries.visible_users(current()), pk=pk)


@needs("users.view")
def account_page(request: HttpRequest, pk: UUID) -> HttpResponse:
    user = _account(pk)
    today = timezone.localdate()
    posts = list(queries.visible_posts(current()).filter(user=user).order_by("-valid_from", "pk")[:50])
    hamlets = village.given(posts, today)
    context = {
        "account": user,
        "posts": [
            (
                post,
                post.revoked_at is None and post.role.is_active and post.in_force(today),
                hamlets.get(post),
            )
            for post in posts
        ],
        "totp": second_factor.of(user),
        "reset": second_factor.open_reset(user),
        "events": SignInEvent.objects.filter(user=user)[:10],
        "may_manage": staffing.may_manage(user),
        "may_enter": current().can("users.enter"),
        "waiting": approvals.waiting_on(posting.POST_CHANGE, pk)
        + approvals.waiting_on(staffing.SLIP_CHANGE, pk),
    }
    return render(request, "accounts/page.html", context)


@needs("users.enter")
@idempotent
def account_new(request: HttpRequest) -> HttpResponse:
    scope = current()
    facility = _asked_facility(request)
    form = AccountForm(request.POST or None, scope=scope, facility=facility)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            user = staffing.account_open(
                full_name=data["full_name"],
                username=data["username"],
                phone=data["phone"],
                role=data["role"],
                facility=data["facility"],
                practitioner=data.get("practitioner"),
            )
        except Refused as refused:
            refuse(form, refused)
        else:
            if approvals.waiting_on(posting.POST_CHANGE, user.pk):
                messages.info(request, f"Đã lập tài khoản. {WAITS}")
            else:
                messages.success(
                    request, "Đã lập tài khoản. Bấm «In phiếu đăng nhập» để giao cho người dùng."
                )
            return _hamlets_next(user) or redirect("accounts:page", pk=user.pk)
    return form_page(request, form, "Thêm tài khoản", resolve_url("accounts:list"))


def _asked_facility(request: HttpRequest) -> Facility | None:
    """The facility whose page the form was opened from (`?co-so=`), if it is within reach."""
    scope = current()
    if request.method != "GET":
        return None
    asked = request.GET.get("co-so", "")
    if not asked and scope.level != "station":
        return None
    try:
        pk = UUID(asked) if asked else scope.workplace_id
    except ValueError:
        raise Http404 from None
    return get_object_or_404(queries.visible_facilities(scope), pk=pk)


@needs("users.edit")
@conflict_page(["full_name", "phone"])
@idempotent
def account_edit(request: HttpRequest, pk: UUID) -> HttpResponse:
    user = _account(pk)
    initial = {"full_name": user.full_name, "phone": user.phone, "version": user.version}
    form = AccountEditForm(request.POST or None, initial=initial)

    def save(said: dict[str, Any]) -> None:
        staffing.account_update(
            user=user,
            full_name=said["full_name"],
            phone=said["phone"],
            expected_version=said["version"] or 0,
        )

    if kept(request, form, save, "Đã lưu."):
        return redirect("accounts:page", pk=pk)
    return form_page(request, form, f"Sửa tài khoản {user.full_name}", resolve_url("accounts:page", pk=pk))


@needs("users.edit")
@require_POST
def account_slip(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The one-time slip, shown by this answer alone: asking again makes another password."""
    user = _account(pk)
    try:
        slip = staffing.slip_issue(user=user)
    except Refused as refused:
        messages.error(request, refused.message)
        return redirect("accounts:page", pk=pk)
    if isinstance(slip, PendingChange):
        messages.info(request, f"{WAITS} Được duyệt rồi thì bấm «In phiếu đăng nhập» lần nữa, trong 24 giờ.")
        return redirect("accounts:page", pk=pk)
    password, ends = slip
    post = Post.objects.current(timezone.localdate()).filter(user=user).select_related("facility").first()
    context = {"account": user, "password": password, "ends": ends, "post": post, "made": timezone.now()}
    return render(request, "accounts/slip.html", context)


@needs("users.edit")
@require_POST
@idempotent
def account_toggle(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Take an account out of use, or into use again."""
    user = _account(pk)
    is_active = request.POST.get("is_active") == "1"
    staffing.account_set_active(user=user, is_active=is_active)
    messages.success(
        request,
        "Tài khoản đã hoạt động lại." if is_active else "Đã ngừng tài khoản; phiên đang mở đã kết thúc.",
    )
    return redirect("accounts:page", pk=pk)


@needs("users.enter")
@idempotent
def post_new(request: HttpRequest, pk: UUID) -> HttpResponse:
    user = _account(pk)
    form = PostForm(request.POST or None, scope=current(), facility=_asked_facility(request))

    def save(said: dict[str, Any]) -> Post | PendingChange:
        return posting.post_open(
            user=user,
            role=said["role"],
            facility=said["facility"],
            practitioner=said.get("practitioner"),
            valid_from=said["valid_from"],
            valid_to=said["valid_to"],
        )

    if kept(request, form, save, "Đã giao vị trí công tác."):
        return _hamlets_next(user) or redirect("accounts:page", pk=pk)
    title = f"Giao vị trí công tác cho {user.full_name}"
    return form_page(request, form, title, resolve_url("accounts:page", pk=pk))


def _hamlets_next(user: User) -> HttpResponse | None:
    """A post just given that sees only some hamlets, and has none yet: they are asked for at once."""
    posts = queries.visible_posts(current()).filter(user=user, role__by_hamlet=True, revoked_at=None)
    new = posts.filter(hamlets=None).order_by("-created_at").first()
    return redirect("accounts:post_hamlets", pk=new.pk) if new and village.may_give(new) else None


@needs("users.edit")
@conflict_page(["revoked_at"])
@idempotent
def post_hamlets(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Which hamlets a village worker sees."""
    post = get_object_or_404(queries.visible_posts(current()), pk=pk, role__by_hamlet=True)
    if not village.may_give(post):
        raise PermissionDenied("post")
    today = timezone.localdate()
    form = HamletsForm(
        request.POST or None,
        offered=village.offered(post, today),
        initial={
            "hamlets": [str(each.pk) for each in village.given([post], today)[post]],
            "version": post.version,
        },
    )

    def save(said: dict[str, Any]) -> Post:
        return village.hamlets_set(post=post, hamlets=said["hamlets"], expected_version=said["version"] or 0)

    if kept(request, form, save, "Đã lưu thôn phụ trách; có hiệu lực ngay."):
        return redirect("accounts:page", pk=post.user_id)
    back = resolve_url("accounts:page", pk=post.user_id)
    return form_page(request, form, f"Thôn phụ trách của {post.user.full_name}", back)


@needs("users.edit")
@require_POST
@conflict_page(["valid_to"])
@idempotent
def post_revoke(request: HttpRequest, pk: UUID) -> HttpResponse:
    """End a post at once."""
    post = get_object_or_404(queries.visible_posts(current()), pk=pk)
    form = RevokeForm(request.POST)
    if not form.is_valid():
        raise Http404
    try:
        posting.post_revoke(post=post, expected_version=form.cleaned_data["version"] or 0)
    except Refused as refused:
        messages.error(request, refused.message)
    else:
        messages.success(request, "Đã thu hồi vị trí công tác; có hiệu lực ngay.")
    return redirect("accounts:page", pk=post.user_id)
