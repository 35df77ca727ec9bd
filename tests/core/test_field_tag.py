"""{% field %}: label, box, help and errors, written without a template for each field."""

from django import forms
from django.template import Context, Template

PAGE = Template(
    '{% load ui %}{% field form.name span=6 unit="kg" %}{% field form.yes %}{% field form.one help=asked %}'
)


class Form(forms.Form):
    name = forms.CharField(label="Tên <họ>", help_text="Như trên giấy")
    yes = forms.BooleanField(label="Có", required=False)
    one = forms.ChoiceField(label="Một", choices=[("a", "A")], widget=forms.RadioSelect, required=False)


def shown(form: forms.Form) -> str:
    return PAGE.render(Context({"form": form, "asked": "<chọn>"}))


def test_it_works():
    html = shown(Form())
    assert '<div class="field span-6">' in html
    assert '<label for="id_name">Tên &lt;họ&gt; <span class="required">(bắt buộc)</span></label>' in html
    assert '<p class="help" id="id_name_helptext">Như trên giấy</p>' in html
    assert '<span class="unit" aria-hidden="true">kg</span>' in html
    assert 'aria-describedby="id_name_helptext"' in html
    assert '<div class="field field-check">\n  <label class="check" for="id_yes"><input' in html
    assert '<fieldset class="field field-choices" aria-describedby="id_one_helptext">' in html
    assert "&lt;chọn&gt;" in html


def test_what_is_wrong_stands_below_and_takes_the_focus():
    html = shown(Form({"name": "", "one": "a"}))
    assert '<div class="field span-6 has-error">' in html
    assert '<p class="error" id="id_name_error">' in html
    assert html.count("autofocus") == 1
    assert 'aria-describedby="id_name_helptext id_name_error"' in html


def test_forms_saved_together_have_one_summary():
    html = Template("{% load ui %}{% form_errors one two %}").render(
        Context({"one": Form({}), "two": Form({}, prefix="head")})
    )
    assert html.count("notice-danger") == 1
    assert "còn 2 chỗ cần sửa" in html
    assert 'href="#id_name"' in html and 'href="#id_head-name"' in html
    assert not Template("{% load ui %}{% form_errors one %}").render(Context({"one": Form()})).strip()
