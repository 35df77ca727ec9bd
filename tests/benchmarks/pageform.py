"""The fields of a form on a page as a browser would send them, and the files a page asks for."""

from html.parser import HTMLParser
from typing import Any


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[tuple[dict[str, str], dict[str, list[str]]]] = []
        self.files: list[str] = []
        self._inside: dict[str, list[str]] | None = None
        self._select = self._area = ""
        self._chosen: list[str] = []
        self._first: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "link" and found.get("rel") in {"stylesheet", "icon", "preload"}:
            self.files.append(found["href"])
        elif tag in {"script", "img"} and found.get("src"):
            self.files.append(found["src"])
        elif tag == "form":
            self._inside = {}
            self.forms.append((found, self._inside))
        elif self._inside is None:
            return
        elif tag == "input" and found.get("name"):
            kind = found.get("type", "text")
            if (kind in {"checkbox", "radio"} and "checked" not in found) or kind in {
                "submit",
                "button",
                "file",
            }:
                return
            self._inside.setdefault(found["name"], []).append(found.get("value", ""))
        elif tag == "textarea":
            self._area = found.get("name", "")
            self._inside.setdefault(self._area, []).append("")
        elif tag == "select":
            self._select, self._chosen, self._first = found.get("name", ""), [], None
        elif tag == "option" and self._select:
            if self._first is None:
                self._first = found.get("value", "")
            if "selected" in found:
                self._chosen.append(found.get("value", ""))

    def handle_data(self, data: str) -> None:
        if self._area and self._inside is not None:
            self._inside[self._area][-1] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._area = ""
        elif tag == "select" and self._inside is not None and self._select:
            self._inside.setdefault(self._select, []).extend(self._chosen or [self._first or ""])
            self._select = ""
        elif tag == "form":
            self._inside = None


def form_with(html: str, field: str) -> dict[str, Any]:
    """The values of the first form that has `field`; a name that stands twice keeps all its values."""
    page = _Page()
    page.feed(html)
    for _, values in page.forms:
        if field in values:
            return {name: found if len(found) > 1 else found[0] for name, found in values.items()}
    raise AssertionError(f"no form of the page has {field}")


def files_of(html: str) -> list[str]:
    """The addresses of styles, scripts and pictures that the page loads, each once."""
    page = _Page()
    page.feed(html)
    return list(dict.fromkeys(page.files))
