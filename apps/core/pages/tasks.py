"""'Việc cần làm': the list, the paper, and one task with its two ends."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from apps.core import inbox, paper, registry, todo
from apps.core.access import needs
from apps.core.conflict import conflict_page
from apps.core.errors import Refused
from apps.core.fields import CleanCharField
from apps.core.forms import FormKeyMixin, VersionMixin, add_refusal
from apps.core.idempotency import idempotent
from apps.core.scope import current

STATES = {
    "": "Chưa làm",
    "overdue": "Quá hạn",
    "escalated": "Đã báo trưởng trạm",
    "done": "Đã làm",
    "cancelled": "Không cần làm",
}


class CloseForm(FormKeyMixin, VersionMixin):
    """How a task ended."""

    outcome = CleanCharField(label="Đã làm gì, hoặc vì sao không cần làm", max_length=300, required=False)


@require_GET
@needs("tasks.view")
def tasks(request: HttpRequest) -> HttpResponse:
    """All tasks of a filter, soonest due first."""
    scope = current()
    state, kind = request.GET.get("muc", ""), request.GET.get("loai", "")
    state = state if state in STATES else ""
    kinds = [each for each in registry.task_kinds if scope.can(each.right)]
    kind = kind if kind in {each.key for each in kinds} else ""
    page = inbox.page(scope, state=state, kind=kind, cursor=request.GET.get("c", ""))
    counts = inbox.counts(scope)
    shown = {"": counts["open"], "overdue": counts["overdue"], "escalated": counts["escalated"]}
    context = {
        "page": page,
        "lines": inbox.lines(scope, page.items),
        "tabs": [{"key": key, "title": title, "count": shown.get(key)} for key, title in STATES.items()],
        "kinds": kinds,
        "state": state,
        "kind": kind,
    }
    return render(request, "core/tasks.html", context)


@require_GET
@needs("tasks.view")
def printed(request: HttpRequest) -> HttpResponse:
    """The open tasks on A4, to tick off by hand."""
    scope = current()
    context = {
        "title": "Việc cần làm",
        "facility_name": scope.label,
        "lines": inbox.lines(scope, inbox.printed(scope)),
        "at": timezone.now(),
        "most": inbox.PRINTED,
    }
    return paper.pdf_response("print/tasks.html", context, filename="viec-can-lam.pdf")


@require_http_methods(["GET", "POST"])
@needs("tasks.view")
@idempotent
@conflict_page(("state", "outcome"), screen="task.list")
def task(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One task; `action` done or cancel closes it with the words of the form."""
    scope = current()
    found = inbox.visible(scope, timezone.now()).filter(pk=pk).first()
    if found is None:
        raise Http404
    form = CloseForm(request.POST or None, initial={"version": found.version})
    if request.method == "POST" and form.is_valid():
        if not todo.may_act(found):
            raise Http404
        cancel = request.POST.get("action") == "cancel"
        version, words = form.cleaned_data["version"] or 0, form.cleaned_data["outcome"]
        try:
            if cancel:
                todo.task_cancel(task_id=pk, expected_version=version, reason=words)
            else:
                todo.task_done(task_id=pk, expected_version=version, result=words)
        except Refused as refused:
            if refused.code == "closed":
                messages.warning(request, refused.message)
                return redirect("core:task", pk)
            add_refusal(form, refused)
        else:
            messages.success(request, "Đã ghi: không cần làm." if cancel else "Đã ghi: đã làm xong.")
            return redirect("core:tasks")
    (line,) = inbox.lines(scope, [found])
    context = {"line": line, "task": found, "form": form, "may_act": todo.may_act(found)}
    return render(request, "core/task.html", context, status=422 if form.errors else 200)
