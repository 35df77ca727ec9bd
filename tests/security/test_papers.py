"""A paper is made of the project's own static files: nothing else is opened, no network is asked."""

import pytest
from weasyprint.urls import FatalURLFetchingError

from apps.core import paper


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "file:///static/../../../etc/passwd",
        "/static/../config/settings.py",
        "/static/%2e%2e/config/settings.css",
        "http://127.0.0.1/",
        "http://127.0.0.1:5432/static/css/../../x.css",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::1]/khoe",
        "ftp://127.0.0.1/static/x.txt",
        "data:text/css,body{}",
        "data:image/png;base64,iVBORw0KGgo=",
        "/static/js/app.js",
        "/static/css/nothing.css",
        "",
    ],
)
def test_what_is_not_ours_is_not_fetched(url: str) -> None:
    with pytest.raises(ValueError):
        paper._static_files().fetch(url)


def test_our_own_layout_is(settings: object) -> None:
    assert paper._static_files().fetch("http://paper.invalid/static/css/paper.css").read()


def test_a_host_in_the_address_changes_nothing() -> None:
    """The path alone chooses the packaged file: a foreign host is never asked."""
    ours = paper._static_files().fetch("http://paper.invalid/static/css/paper.css").read()
    assert paper._static_files().fetch("http://10.0.0.1/static/css/paper.css").read() == ours


@pytest.mark.parametrize(
    "markup",
    [
        '<img src="file:///etc/passwd">',
        '<link rel="stylesheet" href="http://127.0.0.1:9/x.css">',
        '<link rel="attachment" href="file:///etc/passwd">',
        "<style>@import url(http://127.0.0.1:9/x.css)</style>",
        '<style>body{background:url("file:///etc/passwd")}</style>',
        '<object data="file:///etc/hostname"></object>',
    ],
)
def test_markup_that_slipped_in_reads_no_file(markup: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paper, "render_to_string", lambda template, context: f"<p>x</p>{markup}")
    with pytest.raises(FatalURLFetchingError):
        paper.pdf("none", {})
