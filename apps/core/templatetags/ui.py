"""Template tags and filters of the interface; docs/ui-kit.md shows each in use."""

import datetime as dt
from decimal import Decimal
from typing import Any

from django import forms, template
from django.conf import settings
from django.forms.boundfield import BoundField
from django.template.context import Context
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from apps.core import words
from apps.core.ids import uuid7

register = template.Library()

# State of a chip or a flag -> the icon that says it without colour.
STATE_ICONS = {
    "danger": "alert",
    "warning": "clock",
    "done": "check",
    "info": "info",
    "off": "minus",
}
# Words that rooms and Django's messages use for the same states.
STATE_ALIASES = {"grey": "off", "success": "done", "ok": "done", "error": "danger", "warn": "warning"}


def _kind(widget: forms.Widget) -> str:
    """How the field's template lays the widget out."""
    if isinstance(widget, forms.CheckboxInput):
        return "check"
    if isinstance(widget, forms.RadioSelect | forms.CheckboxSelectMultiple):
        return "choices"
    return "box"


@register.simple_tag
def field(
    bound: BoundField,
    *,
    span: int | str = "",
    label: str = "",
    help: str = "",
    unit: str = "",
    placeholder: str = "",
    autofocus: bool = False,
    readonly: bool = False,
) -> SafeString:
    """One field with label, help and errors. ``span``: its width in twelfths of the row (phones: full).

    Written here and not in a template: a visit's form has fifty of them.
    """
    if not isinstance(bound, BoundField):
        raise template.TemplateSyntaxError("{% field %} cần một trường của form")
    kind = _kind(bound.field.widget)
    described = []
    help_text = str(help or bound.help_text)
    if help_text:
        described.append(f"{bound.auto_id}_helptext")
    if bound.errors:
        described.append(f"{bound.auto_id}_error")
    attrs: dict[str, Any] = {}
    if described and kind != "choices":
        attrs["aria-describedby"] = " ".join(described)
    if isinstance(bound.field.widget, forms.FileInput):
        attrs["title"] = "Chọn tệp"  # else a browser says its own "no file chosen" over it
    if placeholder:
        attrs["placeholder"] = placeholder
    if readonly:
        attrs["readonly"] = True
    if autofocus or _is_first_wrong(bound):
        attrs["autofocus"] = True
    return _laid_out(
        bound,
        kind,
        bound.as_widget(attrs=attrs),
        title=_title(str(label or bound.label), bound.field.required),
        below=_below(bound, help_text),
        classes=f"{f' span-{span}' if span else ''}{' has-error' if bound.errors else ''}",
        described=" ".join(described),
        unit=unit,
    )


def _laid_out(
    bound: BoundField,
    kind: str,
    widget: SafeString,
    *,
    title: SafeString,
    below: SafeString,
    classes: str,
    described: str,
    unit: str,
) -> SafeString:
    if kind == "check":
        return format_html(
            '<div class="field field-check{}">\n  '
            '<label class="check" for="{}">{}<span>{}</span></label>{}\n</div>',
            classes,
            bound.id_for_label,
            widget,
            title,
            below,
        )
    if kind == "choices":
        return format_html(
            '<fieldset class="field field-choices{}"{}>\n  <legend>{}</legend>\n  {}{}\n</fieldset>',
            classes,
            format_html(' aria-describedby="{}"', described) if described else "",
            title,
            widget,
            below,
        )
    if isinstance(bound.field.widget, forms.FileInput):
        widget = file_box(widget)
    if unit:
        measured = '<div class="with-unit">{}<span class="unit" aria-hidden="true">{}</span></div>'
        widget = format_html(measured, widget, unit)
    return format_html(
        '<div class="field{}">\n  <label for="{}">{}</label>\n  {}{}\n</div>',
        classes,
        bound.id_for_label,
        title,
        widget,
        below,
    )


@register.simple_tag
def file_box(widget: SafeString) -> SafeString:
    """A file input under a button and a line in Vietnamese; its own words are in the browser's language.

    The input lies over both, unseen: mouse, keyboard and screen reader meet it as it is. form.js writes the
    chosen file's name.
    """
    none = "Chưa chọn tệp nào"
    return format_html(
        '<span class="file-box">{}<span class="button" aria-hidden="true">Chọn tệp</span>'
        '<span class="file-name" aria-hidden="true" data-none="{}">{}</span></span>',
        widget,
        none,
        none,
    )


@register.simple_tag
def file_input(name: str, label: str, accept: str = "") -> SafeString:
    """A file input that belongs to no Django form."""
    return file_box(
        format_html(
            '<input type="file" name="{}" accept="{}" aria-label="{}" title="Chọn tệp" required>',
            name,
            accept,
            label,
        )
    )


def _title(label: str, required: bool) -> SafeString:
    if required:
        return format_html('{} <span class="required">(bắt buộc)</span>', label)
    return format_html("{}", label)


def _below(bound: BoundField, help_text: str) -> SafeString:
    """The help and what is wrong, under the box."""
    parts = SafeString("")
    if help_text:
        parts += format_html('\n  <p class="help" id="{}_helptext">{}</p>', bound.auto_id, help_text)
    if bound.errors:
        said = format_html_join(" ", "<span>{}</span>", ((error,) for error in bound.errors))
        parts += format_html(
            '\n  <p class="error" id="{}_error">{}{}</p>', bound.auto_id, icon("alert"), said
        )
    return parts


def _is_first_wrong(bound: BoundField) -> bool:
    """Whether this is the first field of its form that was refused: it takes the focus."""
    if not bound.errors:
        return False
    return next((name for name in bound.form.fields if name in bound.form.errors), None) == bound.name


@register.inclusion_tag("components/form_head.html", takes_context=True)
def form_head(context: Context, form: forms.BaseForm | None = None, version: Any = None) -> dict[str, Any]:
    """The hidden beginning of every form that saves: CSRF token, form key, version of what is edited.

    A form with FormKeyMixin brings its key, so that a corrected form keeps it; else each gets a fresh one.
    A form with VersionMixin brings the version; else it is the argument.
    """
    own = form.fields if form is not None else {}
    return {
        "csrf_token": context.get("csrf_token"),
        "form_key": None if "form_key" in own else uuid7(),
        "version": None if "version" in own else version,
        "form": form,
    }


@register.inclusion_tag("components/form_errors.html")
def form_errors(*several: forms.BaseForm) -> dict[str, Any]:
    """One summary above what is saved together: each wrong field with a link to it."""
    wrong = [form[name] for form in several for name in form.errors if name in form.fields]
    other = [sentence for form in several for sentence in form.non_field_errors()]
    return {"wrong": wrong, "other": other, "count": len(wrong) + len(other)}


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """An icon of static/icons/icons.svg; silent for screen readers unless a label is given."""
    href = f"{static('icons/icons.svg')}#{name}"
    if label:
        return format_html(
            '<svg class="icon" role="img" aria-label="{}"><use href="{}"></use></svg>', label, href
        )
    return format_html('<svg class="icon" aria-hidden="true"><use href="{}"></use></svg>', href)


@register.simple_tag
def paper_file(name: str) -> str:
    """The address of a static file for a paper (core/paper.py): under its plain name, so that papers are made
    where `collectstatic` has not run, like the key of a province that is only being set up.
    """
    return f"{settings.STATIC_URL}{name}"


@register.simple_tag
def guide_picture(name: str, words: str) -> SafeString:
    """A picture of the handbook with what it shows: taken by a browser test, kept by `make guide`. '-phone'
    at its end: as it looks on a phone.
    """
    return format_html(
        '<figure class="guide-picture{}"><img src="{}" alt="" loading="lazy">'
        "<figcaption>{}</figcaption></figure>",
        " guide-phone" if name.endswith("-phone") else "",
        static(f"guide/{name}.png"),
        words,
    )


@register.simple_tag
def chip(state: str, text: str, title: str = "") -> SafeString:
    """A state in a word, an icon and a colour: danger, warning, done, info or off."""
    state = STATE_ALIASES.get(state, state)
    state = state if state in STATE_ICONS else "off"
    picture = icon(STATE_ICONS[state])
    if title:
        return format_html('<span class="chip chip-{}" title="{}">{}{}</span>', state, title, picture, text)
    return format_html('<span class="chip chip-{}">{}{}</span>', state, picture, text)


@register.filter
def age_words(born: dt.date | None, on: dt.date | None = None) -> str:
    """'5 ngày', '12 tháng' or '5 tuổi' on a date (today where none is given)."""
    return words.age_words(born, _as_date(on) or timezone.localdate())


@register.simple_tag
def age(born: dt.date | None, on: dt.date | None = None, precision: str = "day") -> str:
    """As the filter age_words, for a birth date known only to the month or year."""
    return words.age_words(born, _as_date(on) or timezone.localdate(), precision)


def _as_date(value: dt.date | dt.datetime | None) -> dt.date | None:
    if isinstance(value, dt.datetime):
        return (timezone.localtime(value) if timezone.is_aware(value) else value).date()
    return value or None


@register.filter
def vndate(value: dt.date | dt.datetime | None) -> str:
    """dd/mm/yyyy in local time; empty for nothing."""
    return words.date_words(_as_date(value))


@register.filter
def vndatetime(value: dt.datetime | None) -> str:
    """'08:05 03/02/1990' in local time; empty for nothing."""
    if not value:
        return ""
    return words.datetime_words(timezone.localtime(value) if timezone.is_aware(value) else value)


@register.filter
def vntime(value: dt.datetime | dt.time | None) -> str:
    """'08:05' in local time; empty for nothing."""
    if not value:
        return ""
    if isinstance(value, dt.datetime) and timezone.is_aware(value):
        value = timezone.localtime(value)
    return f"{value.hour:02}:{value.minute:02}"


@register.filter
def partial_date(value: dt.date | tuple | None, precision: str = "day") -> str:
    """'03/02/1990', '02/1990' or '1990': of a PartialDate, or of a date and its precision."""
    if isinstance(value, tuple):
        return words.partial_date_words(*value)
    return words.partial_date_words(value, precision)


@register.filter
def money(value: Decimal | int | None) -> str:
    """'1.234.000 đ'."""
    return words.money_words(value)


@register.filter
def quantity(value: Decimal | int | float | None, places: int | None = None) -> str:
    """'1.234,5': decimal comma, dots between thousands."""
    return words.quantity_words(value, places)


@register.filter
def phone(value: str | None) -> str:
    """'0912 345 678'."""
    return words.phone_words(value)


@register.filter
def sex_word(value: object) -> str:
    """'Nam' or 'Nữ'."""
    return words.sex_word(value)


@register.filter
def at(row: Any, key: str) -> Any:
    """The value of a row's column: a mapping's key or an object's attribute; empty where absent."""
    if isinstance(row, dict):
        return row.get(key, "")
    return getattr(row, key, "")
