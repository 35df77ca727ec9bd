"""The simple widgets are written by Python: the same letters as Django's templates, none of their cost."""

import datetime as dt

import pytest
from django import forms
from django.forms.renderers import DjangoTemplates
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy

from apps.core.rendering import Renderer
from apps.core.widgets import DateInput, DecimalInput

CHOICES = [("", "---"), (1, "một & hai"), ("<b>", '"ba"'), ("Nhóm <1>", [(2, 1234567), (None, "trống")])]
ATTRS = {
    "id": "id_x",
    "required": True,
    "disabled": False,
    "maxlength": 2000,
    "data-x": "a\"b<c>&'d",
    "title": gettext_lazy("Yes"),
    "class": mark_safe("a &amp; b"),
}
WIDGETS = [
    forms.TextInput(),
    forms.NumberInput(),
    forms.EmailInput(),
    forms.URLInput(),
    forms.TelInput(),
    forms.SearchInput(),
    forms.HiddenInput(),
    forms.CheckboxInput(),
    forms.PasswordInput(),
    forms.Textarea(),
    forms.Select(choices=CHOICES),
    forms.SelectMultiple(choices=CHOICES),
    forms.NullBooleanSelect(),
    forms.RadioSelect(choices=CHOICES),
    forms.DateInput(),
    DateInput(),
    DecimalInput(),
]
VALUES = [
    None,
    "",
    0,
    1,
    1234.5,
    True,
    "<b>\"x\" & 'y'</b>",
    mark_safe("a &lt; b"),
    "1",
    dt.date(2026, 11, 22),
]


def test_it_works() -> None:
    written = forms.TextInput().render("ten", "Đinh <A>", {"id": "id_ten"}, Renderer())
    assert written == '<input type="text" name="ten" value="Đinh &lt;A&gt;" id="id_ten">'


@pytest.mark.parametrize("widget", WIDGETS, ids=lambda widget: type(widget).__name__)
def test_the_same_letters_as_the_templates(widget: forms.Widget) -> None:
    for value in VALUES:
        for attrs in (None, {}, ATTRS):
            ours = widget.render("a<b", value, attrs, Renderer())
            assert ours == widget.render("a<b", value, attrs, DjangoTemplates())


def test_simple_widgets_render_no_template(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Renderer, name: str) -> None:
        raise AssertionError(f"{name} was rendered")

    monkeypatch.setattr(Renderer, "get_template", refuse)
    for widget in (forms.TextInput(), forms.Textarea(), forms.HiddenInput(), forms.Select(choices=CHOICES)):
        assert widget.render("x", "1", ATTRS, Renderer())
