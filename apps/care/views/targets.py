"""'Danh sách đối tượng': all groups with their counts, one group with its people, its paper and its file."""

from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from apps.care import targets
from apps.care.forms.targets import Asked, ExportForm
from apps.core import guarded, paper, readlog
from apps.core.access import needs
from apps.core.errors import Refused
from apps.core.forms import add_refusal
from apps.core.idempotency import idempotent
from apps.core.scope import Scope, current
from apps.facilities.letterheads import letterhead
from apps.facilities.queries import hamlets_of


def _asked(request: HttpRequest, scope: Scope) -> Asked:
    today = timezone.localdate()
    hamlets = hamlets_of(scope.facility_ids, today)
    if scope.hamlet_ids is not None:
        hamlets = hamlets.filter(pk__in=scope.hamlet_ids)
    return Asked(request.GET, groups=targets.offered(scope), hamlets=hamlets, today=today)


def _address(name: str, asked: Asked, **more: str) -> str:
    return f"{reverse(name)}?{urlencode(asked.query | more)}"


@require_safe
@needs("targets.view")
def show(request: HttpRequest) -> HttpResponse:
    """Without a group: all of them with their counts. With one: its people, and how many in each hamlet."""
    scope = current()
    asked = _asked(request, scope)
    choice = asked.choice
    context: dict[str, Any] = {"asked": asked}
    if choice is None:
        context["groups"] = [
            {
                "group": group,
                "sure": sure,
                "maybe": maybe,
                "url": _address("care:targets", asked, nhom=group.key),
            }
            for group, sure, maybe in targets.overview(scope, asked.on)
        ]
        return render(request, "care/targets.html", context)
    page = targets.page(scope, choice, request.GET.get("c", ""))
    readlog.record(targets.SCREEN, [person.pk for person in page.items])
    hamlets = targets.by_hamlet(scope, choice)
    may_export = scope.can("targets.export") and scope.can("people.export")
    context |= {
        "page": page,
        "lines": targets.lines(choice, page.items),
        "is_free_check": choice.group.key == targets.FREE_KEY,
        "hamlets": hamlets,
        "sure": sum(row.sure for row in hamlets),
        "maybe": sum(row.maybe for row in hamlets),
        "without_birth": targets.without_birth(scope, choice) if choice.group.sure else 0,
        "all_url": _address("care:targets", asked, nhom=""),
        "print_url": _address("care:targets_paper", asked),
        "export_url": _address("care:targets_export", asked) if may_export else "",
    }
    return render(request, "care/target_list.html", context)


@require_safe
@needs("targets.view")
def printed(request: HttpRequest) -> HttpResponse:
    """The list on A4, by hamlet."""
    scope = current()
    asked = _asked(request, scope)
    choice = asked.choice
    if choice is None:
        raise Http404
    people = targets.printed(scope, choice)
    shown = people[: targets.PRINTED]
    readlog.record(targets.SCREEN, [person.pk for person in shown])
    context = {
        "title": "Danh sách đối tượng",
        "landscape": True,
        **letterhead(scope, asked.on, hamlet=asked.hamlet),
        "about": targets.title_of(choice, asked.hamlet),
        "asked": asked,
        "lines": targets.lines(choice, shown),
        "is_free_check": choice.group.key == targets.FREE_KEY,
        "more": len(people) > targets.PRINTED,
        "most": targets.PRINTED,
        "at": timezone.now(),
    }
    return paper.pdf_response("print/targets.html", context, filename="danh-sach-doi-tuong.pdf")


@require_http_methods(["GET", "HEAD", "POST"])
@needs("targets.export")
@idempotent
def export(request: HttpRequest) -> HttpResponse:
    """The list as a guarded file, against a reason."""
    scope = current()
    asked = _asked(request, scope)
    choice = asked.choice
    if choice is None:
        raise Http404
    form = ExportForm(request.POST or None)
    if form.is_bound and form.is_valid():
        try:
            guarded.export(
                targets.EXPORT.key,
                reason=form.cleaned_data["reason"],
                args=choice.args,
                title=targets.title_of(choice, asked.hamlet),
            )
        except Refused as refused:
            add_refusal(form, refused)
        else:
            return redirect("core:exports")
    context = {
        "form": form,
        "about": targets.title_of(choice, asked.hamlet),
        "back": _address("care:targets", asked),
    }
    return render(request, "care/target_export.html", context, status=422 if form.errors else 200)
