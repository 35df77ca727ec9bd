"""The catalogue's pages and its picker in a browser, by keyboard."""

import pytest
from django.urls import reverse

from apps.catalogues.models import CatalogueState
from apps.facilities.models import Facility
from tests.factories.accounts import a_member, client_of
from tests.factories.catalogues import a_supply, an_icd10
from tests.factories.facilities import a_department

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def administrator_page(page, live_server):
    department: Facility = a_department()
    client = client_of(a_member("province_admin", department, "quan.tri"))
    session = client.cookies["tramyte"].value
    page.context.add_cookies([{"name": "tramyte", "value": session, "url": live_server.url}])
    return page


def test_it_works(administrator_page, live_server, axe_clean, photograph):
    page = administrator_page
    CatalogueState.objects.create(key="icd10_tt06", rows=2, confidences={"low": 1, "medium": 1})
    an_icd10("J02.9", "Viêm họng cấp tính, không xác định", confidence="low", common=True)
    an_icd10("B86", "Bệnh ghẻ")
    page.goto(live_server.url + reverse("catalogues:index"))
    axe_clean(page)
    photograph(page, "danh-muc")
    page.click("text=Mã bệnh ICD-10 theo TT 06/2026")
    axe_clean(page)
    page.fill("#q", "viem hong")
    page.press("#q", "Enter")
    page.wait_for_function("document.querySelectorAll('tbody tr').length === 1")
    assert "viem" not in page.url
    assert page.locator("text=Bệnh ghẻ").count() == 0
    axe_clean(page)
    photograph(page, "danh-muc-tim")


def test_a_file_is_compared_and_applied(administrator_page, live_server, axe_clean, photograph, tmp_path):
    page = administrator_page
    a_supply("VT001", "Bông")
    a_supply("VT002", "Gạc")
    file = tmp_path / "vat-tu.csv"
    file.write_text("code,name\nVT001,Bông y tế\nVT003,Kim tiêm\n", encoding="utf-8")
    page.goto(live_server.url + reverse("catalogues:upload", args=["supplies"]))
    axe_clean(page)
    page.set_input_files("input[type=file]", str(file))
    page.click("button[form=upload]")
    page.wait_for_selector("button:has-text('Áp dụng')")
    axe_clean(page)
    photograph(page, "danh-muc-so-sanh")
    page.click("button:has-text('Áp dụng')")
    page.wait_for_selector("text=Đã áp dụng: thêm 1, sửa 1, ngừng dùng 1 dòng.")
