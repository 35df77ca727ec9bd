"""The shipped files: every line is read, counts are those of the files, keys are unique."""

import csv
from pathlib import Path

import pytest
from django.conf import settings

from apps.catalogues.readers import ranges
from apps.catalogues.sheets import read_shipped
from apps.catalogues.shipped import SMALL_LISTS, TABLES
from apps.catalogues.tables import BadLine

FOLDER = Path(settings.BASE_DIR) / "fixtures" / "catalogues"

# As counted in the sources (fixtures/README.md).
COUNTS = {
    "banks": 33,
    "bhyt_objects": 43,
    "code_lists": 346,
    "care_programmes": 15,
    "certificates": 32,
    "stock_lists": 12,
    "communicable_diseases": 123,
    "drug_bhyt_codes": 259,
    "drug_routes": 65,
    "drugs_commune": 265,
    "drugs_products": 593,
    "ethnic_groups": 56,
    "exam_organs": 24,
    "imci_classes": 47,
    "icd10_age_rules": 1822,
    "icd10_chapters_groups": 296,
    "icd10_common": 270,
    "icd10_pairs": 2287,
    "icd10_qd4469": 12218,
    "icd10_spoken": 177,
    "icd10_tt06": 15841,
    "injury_causes": 13,
    "kcb_object_types": 33,
    "lab_tests": 50,
    "nationalities": 249,
    "occupations": 59,
    "practice_scope": 91,
    "reception": 60,
    "restricted_data": 43,
    "service_orders": 280,
    "service_prices": 15944,
    "service_prices_exam_bed": 5,
    "services": 9190,
    "services_exam_bed": 4,
    "supplies": 71,
    "yhct_diseases": 11,
}


def test_every_file_has_a_table():
    assert {table.file for table in TABLES.values()} == {path.name for path in FOLDER.glob("*.csv")}
    assert set(COUNTS) == set(TABLES)


@pytest.mark.parametrize("key", sorted(TABLES))
def test_it_works(key):
    table = TABLES[key]
    rows = table.parse(read_shipped(FOLDER / table.file))
    assert len(rows) == COUNTS[key]
    assert all(row["confidence"] in {"high", "medium", "low", "local"} for row in rows)
    assert all(row["source"] for row in rows)


def test_commune_drugs_come_from_186_ingredients():
    rows = read_shipped(FOLDER / "drugs_commune.csv")
    assert len({row["code"].split(".")[0] for row in rows}) == 186


def test_every_small_list_is_known():
    held = {row["list"] for row in read_shipped(FOLDER / "code_lists.csv")}
    assert held == set(SMALL_LISTS)


def test_drug_routes_of_all_drugs_exist():
    routes = {row["code"] for row in read_shipped(FOLDER / "drug_routes.csv")}
    for file in ("drugs_commune.csv", "drugs_products.csv"):
        assert {row["route_code"] for row in read_shipped(FOLDER / file)} <= routes


def test_prices_belong_to_services():
    services = {row["code"] for row in read_shipped(FOLDER / "services.csv")}
    assert {row["service_code"] for row in read_shipped(FOLDER / "service_prices.csv")} <= services


def test_communicable_diseases_of_both_regimes_have_clocks():
    table = TABLES["communicable_diseases"]
    rows = table.parse(read_shipped(FOLDER / table.file))
    assert {row["regime"] for row in rows} == {"QD97-2026", "TT54-2015"}
    dengue = next(row for row in rows if row["regime"] == "QD97-2026" and "A97" in row["icd"])
    assert dengue["valid_from"].isoformat() == "2026-07-01"
    assert all(row["deadline_hours"] == 24 for row in rows if row["report_class"] == "24h")
    assert all(row["deadline_hours"] == 48 for row in rows if row["report_class"] == "48h")


def test_files_are_plain():
    for path in FOLDER.glob("*.csv"):
        raw = path.read_bytes()
        assert not raw.startswith(b"\xef\xbb\xbf") and b"\r" not in raw, path.name
        heading = next(csv.reader([raw.decode().split("\n")[0]]))
        assert len(set(heading)) == len(heading), path.name


def test_ranges_by_sex_and_age():
    assert ranges("M 62..106; F 44..80; 6m-59m 110..140; any ..5.2") == [
        {"low": "62", "high": "106", "sex": "M"},
        {"low": "44", "high": "80", "sex": "F"},
        {"low": "110", "high": "140", "from_months": 6, "to_months": 59},
        {"high": "5.2"},
    ]


@pytest.mark.parametrize("text", ["M", "any ..", "X 1..2", "M 1-2", "any 1.2.3..4"])
def test_ranges_that_cannot_be_read(text):
    with pytest.raises(BadLine, match="ranges"):
        ranges(text)
