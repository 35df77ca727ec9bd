"""Django's own HTML of the simple form widgets, written by Python, letter for letter what its templates give:
a page of fifty fields spends a third of its processor time in those otherwise.
"""

from collections.abc import Mapping
from typing import Any

from django.forms.renderers import DjangoTemplates
from django.utils.formats import localize
from django.utils.functional import Promise
from django.utils.html import conditional_escape

WIDGETS = "django/forms/widgets/"
INPUTS = frozenset(
    f"{WIDGETS}{name}.html"
    for name in ("input", "text", "number", "email", "url", "tel", "search", "hidden", "checkbox", "date")
)
OPTION = f"{WIDGETS}select_option.html"


class Renderer(DjangoTemplates):
    """The form renderer of the house: FORM_RENDERER in the settings."""

    def render(self, template_name: str, context: dict[str, Any], request: Any = None) -> str:
        """The HTML of a widget or form; whatever is not a simple widget goes through its template."""
        if template_name in INPUTS:
            return _input(context["widget"])
        if template_name == f"{WIDGETS}textarea.html":
            return _textarea(context["widget"])
        if template_name == f"{WIDGETS}select.html" and _plain(context["widget"]):
            return _select(context["widget"])
        return super().render(template_name, context, request)


def _input(widget: Mapping[str, Any]) -> str:
    value = widget["value"]
    shown = "" if value is None else f' value="{_formatted(value)}"'
    name = conditional_escape(widget["name"])
    return (
        f'<input type="{conditional_escape(widget["type"])}" name="{name}"{shown}{_attrs(widget["attrs"])}>'
    )


def _textarea(widget: Mapping[str, Any]) -> str:
    name, value = conditional_escape(widget["name"]), conditional_escape(widget["value"] or "")
    return f'<textarea name="{name}"{_attrs(widget["attrs"])}>\n{value}</textarea>'


def _plain(select: Mapping[str, Any]) -> bool:
    return all(option["template_name"] == OPTION for _, group, _ in select["optgroups"] for option in group)


def _select(widget: Mapping[str, Any]) -> str:
    parts = [f'<select name="{conditional_escape(widget["name"])}"{_attrs(widget["attrs"])}>']
    for title, group, _ in widget["optgroups"]:
        if title:
            parts.append(f'\n  <optgroup label="{_said(title)}">')
        parts.extend(
            f'\n  <option value="{_formatted(option["value"])}"{_attrs(option["attrs"])}>'
            f"{_said(option['label'])}</option>\n"
            for option in group
        )
        if title:
            parts.append("\n  </optgroup>")
    return "".join([*parts, "\n</select>"])


def _attrs(attrs: Mapping[str, Any]) -> str:
    return "".join(
        f" {conditional_escape(name)}"
        if value is True
        else f' {conditional_escape(name)}="{_formatted(value)}"'
        for name, value in attrs.items()
        if value is not False
    )


def _formatted(value: Any) -> str:
    """As the filter stringformat:'s': never localised."""
    return conditional_escape(value if isinstance(value, str) else str(value))


def _said(value: Any) -> str:
    """As a template shows a value: numbers localised."""
    return conditional_escape(str(value) if isinstance(value, Promise) else localize(value))
