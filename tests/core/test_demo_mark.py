"""Every page of the demo says that it is one, Django's own administration included."""

import pytest
from django.template.loader import render_to_string
from django.test import RequestFactory


@pytest.mark.parametrize("template", ["base.html", "base_plain.html", "admin/base_site.html"])
def test_the_frame_carries_the_mark_in_the_demo_only(template, db):
    request = RequestFactory().get("/")
    context = {"site_header": "Quản trị", "title": "Trang"}
    assert "DEMO" in render_to_string(template, {**context, "demo": True}, request)
    assert "DEMO" not in render_to_string(template, {**context, "demo": False}, request)
