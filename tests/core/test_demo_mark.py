"""Every page of invented people says that it is one, Django's own administration included."""

import pytest
from django.template.loader import render_to_string
from django.test import RequestFactory


@pytest.mark.parametrize("mark", ["DEMO", "TẬP HUẤN"])
@pytest.mark.parametrize("template", ["base.html", "base_plain.html", "admin/base_site.html"])
def test_the_frame_carries_the_mark_where_people_are_invented(template, mark, settings, db):
    request = RequestFactory().get("/")
    context = {"site_header": "Quản trị", "title": "Trang"}
    settings.MARK = mark
    assert mark in render_to_string(template, context, request)
    settings.MARK = ""
    assert mark not in render_to_string(template, context, request)


def test_training_says_so_across_the_page(settings, db):
    request = RequestFactory().get("/")
    settings.TRAINING = True
    assert "Không nhập người thật" in render_to_string("base.html", {}, request)
    settings.TRAINING = False
    assert "Không nhập người thật" not in render_to_string("base.html", {}, request)
