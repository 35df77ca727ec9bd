"""Exports of catalogues: headings, values, sheet and file in words; as many queries for 2 rows as for 20."""

import datetime as dt
import io
import re
from typing import Any

import openpyxl
import pytest
from django.contrib import admin
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.catalogues.models import CatalogueRow, CommunicableDisease, ServicePrice
from apps.catalogues.resources import resource_for
from tests.factories.accounts import a_member, client_of
from tests.factories.catalogues import a_drug, a_service
from tests.factories.facilities import a_centre, a_department, a_station

pytestmark = pytest.mark.django_db


def a_price(number: int) -> ServicePrice:
    return ServicePrice.objects.create(
        service=a_service(f"DV{number:03}", f"Dịch vụ {number}"), price=1000, payer="bhyt"
    )


def queries_of(act: Any) -> int:
    with CaptureQueriesContext(connection) as found:
        act()
    return len(found)


def test_it_works() -> None:
    admin_of = client_of(a_member("province_admin", a_department(a_centre(a_station())), "quan.tri"))
    a_drug("TD001")
    answer = admin_of.post("/quan-tri/catalogues/drug/export/", {"format": "0"})
    assert re.search(r'filename="thuoc-\d{4}-\d\d-\d\d\.xlsx"', answer.headers["Content-Disposition"])
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    assert sheet is not None and sheet.title == "Thuốc"
    row = dict(zip(*[[cell.value for cell in cells] for cells in sheet.iter_rows(max_row=2)], strict=True))
    assert (row["Mã"], row["Kháng sinh"]) == ("TD001", "không")


@pytest.mark.parametrize("model", CatalogueRow.__subclasses__(), ids=lambda model: model.__name__)
def test_headings_are_the_words_of_the_pages(model: type[CatalogueRow]) -> None:
    headings = resource_for(model)().get_export_headers()
    assert model in admin.site._registry and len(set(headings)) == len(headings)
    technical = {field.name for field in model._meta.concrete_fields}
    assert not technical & set(headings)
    assert all(heading[0].isupper() and "_" not in heading for heading in headings)


def test_values_are_words() -> None:
    CommunicableDisease.objects.create(
        regime="TT54-2015", key="soi", name="Sởi", icd=["B05", "B05.9"], valid_from=dt.date(2016, 7, 1)
    )
    row = resource_for(CommunicableDisease)().export().dict[0]
    assert (row["Mã ICD-10"], row["Từ ngày"]) == ("B05, B05.9", "01/07/2016")
    assert row["Độ tin cậy"] not in ("high", "medium", "low", "local")


def test_prices_cost_the_same_at_2_and_20() -> None:
    for number in range(2):
        a_price(number)
    few = queries_of(lambda: resource_for(ServicePrice)().export())
    for number in range(2, 20):
        a_price(number)
    assert queries_of(lambda: resource_for(ServicePrice)().export()) == few
    assert resource_for(ServicePrice)().export().dict[0]["Dịch vụ"].startswith("DV0")
