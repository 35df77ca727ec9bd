"""Papers as PDF: a template of templates/print/ rendered by WeasyPrint, with files of static/ only."""

from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import staticfiles_storage
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe


def qr_svg(text: str) -> SafeString:
    """A QR code as SVG markup, for the place in the paper's head."""
    import segno

    picture = segno.make(text, error="m").svg_inline(scale=3, border=0, omitsize=True)
    return mark_safe(picture)  # noqa: S308 - made of squares by segno, no text of ours inside


def pdf(template: str, context: dict[str, Any]) -> bytes:
    """The paper as PDF bytes. About 0.1 s for a prescription; long registers belong in a job."""
    from weasyprint import HTML

    html = render_to_string(template, {"demo": settings.DEMO, **context})
    return HTML(string=html, base_url="http://paper.invalid/", url_fetcher=_fetch).write_pdf()


def pdf_response(template: str, context: dict[str, Any], *, filename: str) -> HttpResponse:
    """The paper shown in the browser's own viewer. ``filename`` carries no personal data."""
    response = HttpResponse(pdf(template, context), content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{filename}"'
    response["Cache-Control"] = "no-store"
    return response


def _fetch(url: str, *args: Any, **kwargs: Any) -> dict[str, Any]:
    """Only the project's own static files: a paper never asks a network and never reads another file."""
    path = unquote(urlsplit(url).path)
    prefix = urlsplit(settings.STATIC_URL).path
    if not path.startswith(prefix):
        raise ValueError("papers use static files only")
    name = path.removeprefix(prefix)
    found = finders.find(name)
    if found is None and staticfiles_storage.exists(name):
        found = staticfiles_storage.path(name)
    if not found:
        raise ValueError("no such static file")
    mime = {".css": "text/css", ".svg": "image/svg+xml", ".png": "image/png"}
    return {"string": Path(found).read_bytes(), "mime_type": mime.get(Path(found).suffix, "text/plain")}
