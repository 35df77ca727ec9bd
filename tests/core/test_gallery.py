"""The examples for developers: every part of a page is drawn where nobody real works, nowhere else."""

import pytest
from django.test import Client
from django.urls import reverse

PAGES = ("core:gallery", "core:gallery_errors")


@pytest.mark.parametrize("page", PAGES)
def test_it_works(page, settings):
    settings.DEMO = True
    answer = Client().get(reverse(page))
    assert answer.status_code == 200
    assert "Nguyễn Thị Kim Phượng" in answer.content.decode()


@pytest.mark.parametrize("page", PAGES)
def test_at_a_station_there_is_none(page, settings):
    settings.DEBUG = settings.DEMO = settings.TESTING = False
    assert Client().get(reverse(page)).status_code == 404
