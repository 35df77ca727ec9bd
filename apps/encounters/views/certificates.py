"""Issued papers: the form of each kind, the paper's page, its PDF, lists. Thin: services do the work."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from apps.core import drafts, guarded, paper, papers, readlog
from apps.core.access import needs
from apps.core.drafts import keeps_draft
from apps.core.errors import NeedsReason, Refused, Warning
from apps.core.forms import add_refusal
from apps.core.idempotency import idempotent
from apps.core.models import Draft
from apps.core.rates import limited
from apps.core.scope import current
from apps.core.versions import StaleVersion
from apps.encounters import page
from apps.encounters.certificates import answering, exports, issuing, kinds, printing, queries
from apps.encounters.certificates.forms import AnswerForm, ExportForm, WhyForm
from apps.encounters.certificates.kinds import CertificateForm, Kind, Subject
from apps.encounters.models import AnswerKind, Certificate, CertificateKind, CertificateState
from apps.encounters.views.visit import visit_or_404
from apps.encounters.writing import Problems
from apps.patients.models import Death

CHANGED = "Giấy vừa được người khác sửa. Xem lại rồi làm lần nữa."
TABS = (("encounters:certificates", "Giấy đã cấp"), ("encounters:unanswered", "Chuyển đi chưa có phản hồi"))
STATES = {"hieu-luc": CertificateState.FINAL, "huy": CertificateState.CANCELLED}


def _certificate(pk: UUID) -> Certificate:
    found = queries.certificate_page(pk)
    if found is None:
        raise Http404
    return found


# ---- issuing


@require_http_methods(["GET", "HEAD", "POST"])
@needs("certificates.enter")
@idempotent
def issue(request: HttpRequest, pk: UUID, slug: str) -> HttpResponse:
    """The form of one kind for a visit; what asks nothing is issued by the button of the visit's page."""
    kind, visit = kinds.by_slug(slug), visit_or_404(pk)
    if kind is None or kind.key == CertificateKind.DEATH or not current().reaches(visit.facility_id):
        raise Http404
    subject = issuing.subject_of_visit(visit)
    back = reverse("encounters:visit", args=[pk])

    def save(form: CertificateForm) -> Certificate:
        return issuing.certificate_issue(
            kind=kind.key,
            visit_id=pk,
            expected_version=form.cleaned_data["version"] or 0,
            said=form.said(),
            override=form.cleaned_data["override"],
        )

    return _kept(request, pk=pk, kind=kind, subject=subject, version=visit.version, back=back, save=save)


@require_http_methods(["GET", "HEAD", "POST"])
@needs("certificates.enter")
@idempotent
def death_notice(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The notice of a recorded death."""
    death = (
        Death.objects.select_related("person__hamlet__commune__parent", "facility__unit")
        .defer("person__tokens", "person__search")
        .filter(pk=pk)
        .first()
    )
    if death is None or not current().reaches(death.facility_id):
        raise Http404
    kind = kinds.registry.get(CertificateKind.DEATH)
    assert kind is not None  # noqa: S101 - plugs have registered it

    def save(form: CertificateForm) -> Certificate:
        return issuing.death_notice_issue(
            death_id=pk,
            expected_version=form.cleaned_data["version"] or 0,
            said=form.said(),
            override=form.cleaned_data["override"],
        )

    back = reverse("patients:death", args=[pk])
    subject = issuing.subject_of_death(death)
    return _kept(request, pk=pk, kind=kind, subject=subject, version=death.version, back=back, save=save)


def _kept(request: HttpRequest, *, kind: Kind, **about: Any) -> HttpResponse:
    """The form of a kind in which something is typed keeps its draft."""
    view = keeps_draft(kind.draft, of="pk")(_issue) if kind.draft else _issue
    return view(request, kind=kind, **about)


def _issue(
    request: HttpRequest,
    *,
    pk: UUID,
    kind: Kind,
    subject: Subject,
    version: int,
    back: str,
    save: Callable[[CertificateForm], Certificate],
) -> HttpResponse:
    if sentence := kind.why_not(subject) or issuing.why_not_sign(kind):
        messages.error(request, sentence)
        return redirect(back)
    asked: list[Warning] = []
    draft: Draft | None = None
    if request.method == "POST":
        form = kind.form(request.POST, subject=subject)
        if form.is_valid():
            try:
                made = save(form)
            except Problems as problems:
                for problem in problems.problems:
                    add_refusal(form, Refused(problem.sentence, field=problem.field))
            except NeedsReason as needed:
                asked = needed.warnings
            except Refused as refused:
                if refused.code in ("once", "moved", "none"):
                    messages.error(request, refused.message)
                    if refused.code == "moved" and kind.draft:  # what was typed is read again beside it
                        began = drafts.version_in(request)
                        drafts.keep(kind.draft, pk, drafts.typed_in(request), version=began)
                        return redirect(request.path)
                    return redirect(back)
                add_refusal(form, refused)
            else:
                if kind.draft:
                    drafts.drop(kind.draft, pk)
                messages.success(request, f"Đã cấp {kinds.small(kind.title)} số {made.number}.")
                return redirect("encounters:certificate", made.pk)
    else:
        draft = drafts.take(kind.draft, pk) if kind.draft else None
        begun = {"version": version, **kind.begin(subject), **drafts.initial_of(draft)}
        form = kind.form(subject=subject, initial=begun)
    readlog.record("certificate.form", [subject.person.pk])
    context = page.banner(current(), subject.person) | {
        "kind": kind,
        "subject": subject,
        "form": form,
        "fields": [(bound, getattr(form, "WIDTHS", {}).get(bound.name, 12)) for bound in form.own],
        "suggestions": getattr(form, "suggestions", {}).items(),
        "asked": asked,
        "back": back,
        "object_id": pk,
        "draft": draft,
        "outrun": draft is not None and draft.of_version != version,
    }
    refused_now = bool(form.errors or asked)
    return render(request, "encounters/certificates/issue.html", context, status=422 if refused_now else 200)


# ---- one paper


@require_safe
@needs("certificates.view")
def certificate(request: HttpRequest, pk: UUID) -> HttpResponse:
    """An issued paper: what it says, whether it still holds, what became of it. A scanned QR leads here."""
    found, scope = _certificate(pk), current()
    readlog.record("certificate.page", [found.person_id])
    own = scope.reaches(found.facility_id)
    referral = found.kind == CertificateKind.REFERRAL
    context = page.banner(scope, found.person) | {
        "certificate": found,
        "written": _written(found),
        "answer": queries.answer_of(found) if referral else None,
        "copies": queries.printed(found),
        "may_print": own and found.is_final,
        "may_cancel": own and found.is_final and scope.can("certificates.edit"),
        "may_answer": own and referral and found.is_final and scope.can("certificates.enter"),
    }
    return render(request, "encounters/certificates/certificate.html", context)


def _written(found: Certificate) -> list[tuple[str, Any]]:
    """What was typed into the form, by its labels and in its order; choices as the paper words them."""
    kind = kinds.registry.get(found.kind)
    fields = kind.form.base_fields if kind else {}
    rows = []
    for name, field in fields.items():
        value = found.paper.get(name, found.said.get(name))
        if name not in CertificateForm.HOUSE and value:
            rows.append((field.label, value))
    return rows


@require_safe
@needs("certificates.view")
def paper_of(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The paper as it was issued. Every print is logged; a reprint says so."""
    found = _certificate(pk)
    kind = kinds.registry.get(found.kind)
    if kind is None or not found.is_final or not current().reaches(found.facility_id):
        raise Http404
    readlog.record("certificate.paper", [found.person_id])
    code = papers.code_for(queries.PAPER, found.pk)
    copy = papers.count_copy(code, person_id=found.person_id, facility_id=found.facility_id)
    address = request.build_absolute_uri(reverse("core:paper", args=[code.code]))
    context = printing.context(found, kind) | {"qr": paper.qr_svg(address), "copy": copy}
    return paper.pdf_response(kind.template, context, filename=f"{kind.slug}.pdf")


@require_http_methods(["GET", "HEAD", "POST"])
@needs("certificates.edit")
@idempotent
def cancel(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The paper holds no more, and why."""
    return _why(
        request,
        pk,
        issuing.certificate_cancel,
        title="Hủy {title} số {number}",
        lead="Số giấy vẫn nằm trong sổ cùng lý do. Giấy đã đưa cho người bệnh phải thu lại; ai quét mã trên "
        "giấy sẽ thấy giấy đã hủy.",
        yes="Hủy giấy",
        done="Đã hủy giấy.",
    )


@require_http_methods(["GET", "HEAD", "POST"])
@needs("certificates.enter")
@idempotent
def answer_wrong(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The answer was noted by mistake: the referral waits again."""
    return _why(
        request,
        pk,
        answering.answer_in_error,
        title="Bỏ phản hồi của {title} số {number}",
        lead="Phản hồi được giữ lại là nhập nhầm; giấy chuyển trở lại danh sách chờ phản hồi.",
        yes="Bỏ phản hồi",
        done="Đã bỏ phản hồi ghi nhầm.",
    )


def _why(request: HttpRequest, pk: UUID, service: Callable[..., Any], **words: str) -> HttpResponse:
    found = _certificate(pk)
    if not current().reaches(found.facility_id):
        raise Http404
    form = WhyForm(request.POST or None, initial={"version": found.version})
    if form.is_bound and form.is_valid():
        try:
            service(
                certificate_id=pk,
                expected_version=form.cleaned_data["version"] or 0,
                reason=form.cleaned_data["reason"],
            )
        except StaleVersion:
            form.add_error(None, CHANGED)
        except Refused as refused:
            add_refusal(form, refused)
        else:
            messages.success(request, words["done"])
            return redirect("encounters:certificate", pk)
    readlog.record("certificate.page", [found.person_id])
    title = words["title"].format(title=kinds.small(found.get_kind_display()), number=found.number)
    context = page.banner(current(), found.person) | words
    context |= {"title": title, "certificate": found, "form": form}
    return render(request, "encounters/certificates/why.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@needs("certificates.enter")
@idempotent
@keeps_draft(answering.DRAFT, of="pk")
def answer(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What came back of a referral."""
    found = _certificate(pk)
    if found.kind != CertificateKind.REFERRAL or not current().reaches(found.facility_id):
        raise Http404
    draft = None if request.method == "POST" else drafts.take(answering.DRAFT, pk)
    begun = {"version": found.version, "on": timezone.localdate(), "kind": AnswerKind.ANSWERED}
    begun |= drafts.initial_of(draft)
    form = AnswerForm(request.POST or None, initial=begun)
    if form.is_bound and form.is_valid():
        try:
            answering.answer_record(
                certificate_id=pk,
                expected_version=form.cleaned_data["version"] or 0,
                data=form.answer(),
            )
        except StaleVersion:
            form.add_error(None, CHANGED)
        except Refused as refused:
            add_refusal(form, refused)
        else:
            drafts.drop(answering.DRAFT, pk)
            messages.success(request, "Đã ghi phản hồi.")
            return redirect("encounters:certificate", pk)
    readlog.record("certificate.page", [found.person_id])
    context = page.banner(current(), found.person) | {"certificate": found, "form": form, "draft": draft}
    return render(request, "encounters/certificates/answer.html", context, status=422 if form.errors else 200)


# ---- lists


def _tabs(here: str) -> list[dict[str, Any]]:
    return [{"title": title, "url": reverse(name), "active": name == here} for name, title in TABS]


@require_http_methods(["GET", "HEAD", "POST"])
@needs("certificates.view")
@limited("search")
def index(request: HttpRequest) -> HttpResponse:
    """What the station has issued, by kind, newest first; looked for by a post, so that no name stands in an
    address.
    """
    scope = current()
    asked = request.POST if request.method == "POST" else request.GET
    text = asked.get("q", "").strip()[:100] if request.method == "POST" else ""
    slug, state = asked.get("loai", ""), asked.get("trang-thai", "")
    kind = kinds.by_slug(slug)
    found, rows = queries.issued(
        scope,
        text=text,
        kind=kind.key if kind else "",
        state=STATES.get(state, ""),
        cursor=asked.get("c", ""),
    )
    readlog.record("certificate.list", [row.certificate.person_id for row in rows])
    context = {
        "tabs": _tabs("encounters:certificates"),
        "page": found,
        "rows": rows,
        "kinds": kinds.registry.all(),
        "kind": kind,
        "state": state,
        "q": text,
        "fields": [("q", text), ("loai", kind.slug if kind else ""), ("trang-thai", state)],
        "may_export": scope.can("certificates.export"),
    }
    return render(request, "encounters/certificates/index.html", context)


@require_safe
@needs("certificates.view")
def unanswered(request: HttpRequest) -> HttpResponse:
    """Referrals of which nothing is known yet, oldest first."""
    found, rows = queries.unanswered(current(), cursor=request.GET.get("c", ""))
    readlog.record("certificate.list", [row.certificate.person_id for row in rows])
    context = {"tabs": _tabs("encounters:unanswered"), "page": found, "rows": rows}
    return render(request, "encounters/certificates/unanswered.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@needs("certificates.export")
@idempotent
def export(request: HttpRequest) -> HttpResponse:
    """The papers of a span as a guarded file, against a reason."""
    today = timezone.localdate()
    form = ExportForm(request.POST or None, initial={"since": today.replace(day=1), "until": today})
    if form.is_bound and form.is_valid():
        data = form.cleaned_data
        try:
            guarded.export(
                exports.KEY,
                reason=data["reason"],
                args={
                    "kind": data["kind"],
                    "since": data["since"].isoformat(),
                    "until": data["until"].isoformat(),
                },
                title=f"Giấy đã cấp từ {data['since']:%d/%m/%Y} đến {data['until']:%d/%m/%Y}",
            )
        except Refused as refused:
            add_refusal(form, refused)
        else:
            return redirect("core:exports")
    context = {"form": form}
    return render(request, "encounters/certificates/export.html", context, status=422 if form.errors else 200)
