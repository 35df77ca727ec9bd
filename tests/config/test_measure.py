"""The header that tells how many statements a request cost is there for measurements only."""

import os
import subprocess
import sys

import pytest
from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse

from config.measure import HEADER, CountQueries


@pytest.mark.django_db
def test_it_counts_the_statements_of_a_request() -> None:
    def page(request: HttpRequest) -> HttpResponse:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.execute("SELECT 2")
        return HttpResponse()

    assert CountQueries(page)(HttpRequest())[HEADER] == "2"


def test_it_is_off_unless_asked_for() -> None:
    assert not [name for name in settings.MIDDLEWARE if name.startswith("config.measure")]


def test_production_refuses_it() -> None:
    env = {**os.environ, "TRAMYTE_ENV": "production", "TRAMYTE_BENCH": "1", "TRAMYTE_SECRET_KEY": "x" * 60}
    ran = subprocess.run(
        [sys.executable, "-c", "import config.settings"], env=env, capture_output=True, text=True, check=False
    )
    assert ran.returncode
    assert "TRAMYTE_BENCH" in ran.stderr
