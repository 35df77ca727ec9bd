"""Papers as PDF: a template of templates/print/ rendered by WeasyPrint, with files of static/ only."""

from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import staticfiles_storage
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

MIME = {".css": "text/css", ".svg": "image/svg+xml", ".png": "image/png"}


def qr_svg(text: str) -> SafeString:
    """A QR code as SVG markup, for the place in the paper's head."""
    import segno

    picture = segno.make(text, error="m").svg_inline(scale=3, border=0, omitsize=True)
    return mark_safe(picture)  # noqa: S308 - squares by segno, no text  # nosec B308 B703


def pdf(template: str, context: dict[str, Any]) -> bytes:
    """The paper as PDF bytes. About 0.1 s for a prescription; long registers belong in a job."""
    from weasyprint import HTML

    html = render_to_string(template, {"demo": settings.MARK, **context})
    return HTML(string=html, base_url="http://paper.invalid/", url_fetcher=_static_files()).write_pdf()


def pdf_response(template: str, context: dict[str, Any], *, filename: str) -> HttpResponse:
    """The paper shown in the browser's own viewer. ``filename`` carries no personal data."""
    response = HttpResponse(pdf(template, context), content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{filename}"'
    response["Cache-Control"] = "no-store"
    return response


# Every letter with its tones, small and capital: what a font for Vietnamese must hold.
LETTERS = "aàảãáạăằẳẵắặâầẩẫấậeèẻẽéẹêềểễếệiìỉĩíịoòỏõóọôồổỗốộơờởỡớợuùủũúụưừửữứựyỳỷỹýỵđ"


def missing_letters() -> list[str]:
    """Letters of Vietnamese that papers would print as boxes. Draws one line: about 0.2 s."""
    from weasyprint import HTML

    html = render_to_string("print/letters.html", {"letters": LETTERS + LETTERS.upper()})
    document = HTML(string=html, base_url="http://paper.invalid/", url_fetcher=_static_files()).render()
    document.write_pdf()  # the fonts are chosen while drawing
    return sorted({chr(point) for font in document.fonts.values() for point in font.missing})


@cache
def _static_files() -> Any:
    """Fetches the project's own static files only: a paper never asks a network, never reads another file."""
    from weasyprint.urls import URLFetcher, URLFetcherResponse

    class StaticFiles(URLFetcher):
        def fetch(self, url: str, headers: Any = None) -> URLFetcherResponse:
            file = static_file(unquote(urlsplit(url).path))
            return URLFetcherResponse(url, file.read_bytes(), {"Content-Type": MIME[file.suffix]})

    # A paper without its layout is no paper: an error ends the rendering.
    return StaticFiles(fail_on_errors=True)


def static_file(path: str) -> Path:
    """The file behind a path under STATIC_URL. ValueError for any other path or kind of file."""
    prefix = urlsplit(settings.STATIC_URL).path
    name = path.removeprefix(prefix)
    if not path.startswith(prefix) or Path(name).suffix not in MIME or ".." in Path(name).parts:
        raise ValueError("papers use the project's static files only")
    found = finders.find(name)
    if found is None and staticfiles_storage.exists(name):
        found = staticfiles_storage.path(name)
    if not found:
        raise ValueError("no such static file")
    return Path(found)
