"""The pages of catalogues: the list of all, the rows of one, and who may look."""

from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from apps.catalogues.compare import apply, compare
from apps.catalogues.models import CatalogueState
from apps.catalogues.queries import overview
from apps.catalogues.sheets import read_shipped
from apps.catalogues.shipped import TABLES
from tests.factories.catalogues import a_code, a_supply, an_icd10


def test_it_works(nurse):
    CatalogueState.objects.create(key="supplies", rows=71, confidences={"low": 71})
    html = nurse.get(reverse("catalogues:index")).content.decode()
    assert "Vật tư y tế" in html and "71 dòng cần đối chiếu" in html and "Chưa nạp" in html


def test_every_catalogue_stands_on_the_index_once(db):
    shown = [row.table.key for _, rows in overview() for row in rows]
    assert sorted(shown) == sorted(TABLES)


def test_search_by_post(nurse):
    an_icd10("J02.9", "Viêm họng cấp tính", confidence="low")
    an_icd10("B86", "Bệnh ghẻ")
    address = reverse("catalogues:browse", args=["icd10_tt06"])
    html = nurse.post(address, {"q": "viem hong"}).content.decode()
    assert "J02.9" in html and "B86" not in html and "Cần đối chiếu" in html
    assert b"B86" not in nurse.post(address, {"show": "doubtful"}).content


def test_small_lists_of_one_file_are_parted(nurse):
    a_code("gender", "1", "Nam giới")
    a_code("payer", "bhyt", "Quỹ bảo hiểm")
    address = reverse("catalogues:browse", args=["code_lists"])
    html = nurse.post(address, {"list": "gender"}).content.decode()
    assert "Nam giới" in html and "Quỹ bảo hiểm" not in html
    assert nurse.post(address, {"list": "lạ"}).status_code == 200


@pytest.mark.parametrize(
    "key",
    [
        "icd10_tt06",
        "icd10_pairs",
        "icd10_age_rules",
        "lab_tests",
        "services",
        "service_prices",
        "drugs_commune",
        "communicable_diseases",
        "kcb_object_types",
        "bhyt_objects",
    ],
)
def test_every_kind_of_table_is_shown(nurse, key, system_scope):
    folder = Path(settings.BASE_DIR) / "fixtures" / "catalogues"
    for each in dict.fromkeys(("services", key)):
        table = TABLES[each]
        rows = table.parse(read_shipped(folder / table.file)[:3])
        apply(table, compare(table, rows, effective_on=timezone.localdate()).differences)
    page = nurse.get(reverse("catalogues:browse", args=[key]))
    assert page.status_code == 200 and page.content.count(b"<tr") == 4


def test_pages_follow_each_other(nurse):
    address = reverse("catalogues:browse", args=["supplies"])
    for number in range(60):
        a_supply(f"VT{number:03d}", "Bông")
    first = nurse.get(address)
    assert b"VT049" in first.content and b"VT050" not in first.content
    second = nurse.post(address, {"c": first.context["page"].next_cursor}).content
    assert b"VT050" in second and b"VT049" not in second


def test_same_queries_at_2_and_20_rows(nurse, django_assert_num_queries):
    address = reverse("catalogues:browse", args=["supplies"])
    for number in range(2):
        a_supply(f"VT{number:03d}", "Bông")
    nurse.get(address)
    with CaptureQueriesContext(connection) as few:
        nurse.get(address)
    for number in range(2, 20):
        a_supply(f"VT{number:03d}", "Bông")
    with django_assert_num_queries(len(few)):
        nurse.get(address)


def test_an_unknown_catalogue(nurse):
    assert nurse.get(reverse("catalogues:browse", args=["la"])).status_code == 404


@pytest.mark.django_db
def test_nobody_is_sent_to_sign_in():
    for address in (reverse("catalogues:index"), reverse("catalogues:browse", args=["supplies"])):
        assert Client().get(address).status_code == 302


# --- administration


@pytest.fixture
def cotton(db):
    return a_supply("VT001", "Bông")


def test_the_administration_lists_and_searches(administrator, cotton):
    assert "Bông" in administrator.get("/quan-tri/catalogues/supply/", {"q": "bông"}).content.decode()
    assert administrator.get(f"/quan-tri/catalogues/supply/{cotton.id}/change/").status_code == 200


def test_the_administration_changes_validity_only_and_audits(administrator, cotton):
    from apps.core.models import AuditEntry

    data = {"valid_to": "31/12/2026", "source": "NQ 1", "confidence": "high", "name": "Khác"}
    administrator.post(f"/quan-tri/catalogues/supply/{cotton.id}/change/", data)
    cotton.refresh_from_db()
    assert (str(cotton.valid_to), cotton.confidence, cotton.name) == ("2026-12-31", "high", "Bông")
    assert "confidence" in AuditEntry.objects.get(action="catalogue.row_changed").data["fields"]


def test_the_administration_neither_adds_nor_deletes(administrator, cotton):
    assert administrator.get("/quan-tri/catalogues/supply/add/").status_code == 403
    assert administrator.get(f"/quan-tri/catalogues/supply/{cotton.id}/delete/").status_code == 403


def test_a_nurse_does_not_enter_the_administration(nurse, cotton):
    assert nurse.get("/quan-tri/catalogues/supply/").status_code == 302
