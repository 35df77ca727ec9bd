"""What one has asked for and another agrees to at the same computer, by her password or PIN."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from apps.core import approvals, registry, scope
from apps.core.access import signed_in
from apps.core.errors import Refused
from apps.core.forms import FormKeyMixin, add_refusal
from apps.core.idempotency import idempotent
from apps.core.models import ChangeState
from apps.core.rates import limited
from apps.facilities import queries
from apps.facilities.second_name import SecondPersonForm, second_scope


class HereForm(SecondPersonForm, FormKeyMixin):
    """The second person's name and secret."""


@sensitive_post_parameters("second_secret")
@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
@limited("password")
@idempotent
def decide_here(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What she has asked for, once more; whoever is beside her agrees. Only kinds that say so."""
    here = scope.active()
    change = approvals.find(here, pk) if here is not None else None
    kind = registry.changes.get(change.kind) if change else None
    if here is None or change is None or kind is None or not kind.here or change.asked_by != here.user_id:
        raise Http404
    if change.state != ChangeState.WAITING or approvals.is_over(change):
        messages.error(request, "Yêu cầu này đã được giải quyết hoặc đã quá hạn.")
        return redirect("core:changes")
    form = HereForm(request.POST or None, right=kind.right)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            hers = second_scope(
                request=request,
                username=said["second_name"],
                secret=said["second_secret"],
                right=kind.right,
            )
            with scope.enter(hers):
                approvals.approve(change_id=pk)
        except Refused as refused:
            add_refusal(form, refused)
        else:
            messages.success(request, f"{hers.shown_name} đã xác nhận: {change.title}.")
            return redirect("core:changes")
    context = {"form": form, "change": change, "kind": kind}
    return render(request, "accounts/decide_here.html", context, status=422 if form.errors else 200)


MOST = 20  # as many lines as the list of a picker shows


@require_POST
@signed_in
@limited("look_up")
def colleagues(request: HttpRequest, right: str) -> HttpResponse:
    """Lines for the picker of the second person: who holds `right` at this workplace. POST `q` as typed."""
    here = scope.active()
    if here is None or here.workplace_id is None or here.hamlet_ids is not None or "\0" in right:
        raise Http404
    found = queries.colleagues(here, right, request.POST.get("q", ""))[:MOST]
    results = [{"code": each.username, "name": each.full_name} for each in found]
    return render(
        request,
        "components/picker_results.html",
        {"results": results, "empty_text": "Không có ai ở đây khớp tên này và làm được việc này."},
    )
