"""load_catalogues: idempotent, quick the second time, can be run again after a failure, says what it does."""

import datetime as dt
import shutil
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.utils import timezone

from apps.catalogues import services
from apps.catalogues.models import CatalogueState, CodeEntry, Drug, Icd10, Icd10Rule, ServicePrice
from apps.catalogues.services import load_shipped
from apps.catalogues.shipped import TABLES
from apps.core.registry import LoadReport

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system_scope")]

FIXTURES = Path(settings.BASE_DIR) / "fixtures"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "catalogues").mkdir()
    return tmp_path


def put(folder: Path, key: str, *lines: str) -> None:
    (folder / "catalogues" / TABLES[key].file).write_text("\n".join(lines) + "\n", encoding="utf-8")


def load(folder: Path, key: str) -> LoadReport:
    report = LoadReport()
    load_shipped(TABLES[key], folder, report)
    return report


def counts(report: LoadReport) -> tuple[int, int, int, int]:
    return report.added, report.changed, report.withdrawn, report.unchanged


def run(*keys: str, **options: bool) -> str:
    out = StringIO()
    call_command("load_catalogues", only=list(keys), stdout=out, **options)
    return out.getvalue()


def test_it_works():
    said = run("ethnic_groups", "drugs_commune", "lab_tests")
    assert "Dân tộc: thêm 56, sửa 0, ngừng 0, giữ nguyên 0" in said
    assert CodeEntry.objects.filter(list="ethnic_groups").count() == 56
    assert Drug.objects.filter(kind="commune", common=True).count() == 265
    assert CodeEntry.objects.get(list="ethnic_groups", code="01").name == "Kinh"
    assert "Đã thay đổi 371 dòng" in said


def test_second_run_changes_nothing():
    run("ethnic_groups", "code_lists")
    ids = set(CodeEntry.objects.values_list("id", flat=True))
    said = run("ethnic_groups", "code_lists")
    assert "Đã thay đổi 0 dòng" in said
    assert set(CodeEntry.objects.values_list("id", flat=True)) == ids


def test_dry_run_writes_nothing():
    said = run("ethnic_groups", dry_run=True)
    assert "Sẽ thay đổi 56 dòng" in said
    assert not CodeEntry.objects.exists() and not CatalogueState.objects.exists()


def test_unknown_catalogue():
    with pytest.raises(CommandError, match="Không có danh mục thuoc_la"):
        run("thuoc_la")


def test_half_way_failure_keeps_what_was_loaded_and_can_be_run_again(monkeypatch):
    def broken(*args, **kwargs):
        raise ValueError("đứt kết nối")

    whole = services._write
    monkeypatch.setattr(
        services, "_write", lambda table, rows: (broken if table.key == "occupations" else whole)(table, rows)
    )
    with pytest.raises(CommandError, match="Nghề nghiệp: không nạp được"):
        run("ethnic_groups", "occupations", "drug_routes")
    assert CodeEntry.objects.filter(list="ethnic_groups").count() == 56
    assert not CodeEntry.objects.filter(list="drug_routes").exists()
    monkeypatch.setattr(services, "_write", whole)
    said = run("ethnic_groups", "occupations", "drug_routes")
    assert "thêm 59" in said and "Đã thay đổi 124 dòng" in said


def test_a_line_that_cannot_be_read_names_its_place(folder):
    put(folder, "supplies", "code,name,unit", "VT001,Bông y tế,Gói", "VT002,,Gói")
    with pytest.raises(ValueError, match="Dòng 3: cột name bị trống"):
        load(folder, "supplies")
    put(folder, "supplies", "code,name", "VT001,Bông", "VT001,Gạc")
    with pytest.raises(ValueError, match="Dòng 3: trùng mã với dòng 2"):
        load(folder, "supplies")
    put(folder, "supplies", "code,unit", "VT001,Gói")
    with pytest.raises(ValueError, match="thiếu cột: name"):
        load(folder, "supplies")


def test_changed_added_and_withdrawn_rows(folder):
    put(folder, "supplies", "code,name", "VT001,Bông", "VT002,Gạc")
    assert counts(load(folder, "supplies")) == (2, 0, 0, 0)
    put(folder, "supplies", "code,name", "VT001,Bông y tế", "VT003,Kim")
    assert counts(load(folder, "supplies")) == (1, 1, 1, 0)
    gone = TABLES["supplies"].model.objects.get(code="VT002")
    assert gone.valid_to == timezone.localdate() - dt.timedelta(days=1)
    # A withdrawn row stays withdrawn; the file that no longer holds it changes nothing more.
    put(folder, "supplies", "code,name", "VT001,Bông y tế", "VT003,Kim", "VT004,Băng")
    assert counts(load(folder, "supplies")) == (1, 0, 0, 2)


def test_a_row_that_comes_back_is_opened_again(folder):
    put(folder, "supplies", "code,name", "VT001,Bông", "VT002,Gạc")
    load(folder, "supplies")
    put(folder, "supplies", "code,name", "VT001,Bông")
    load(folder, "supplies")
    put(folder, "supplies", "code,name", "VT001,Bông", "VT002,Gạc")
    assert counts(load(folder, "supplies")) == (0, 1, 0, 1)
    assert TABLES["supplies"].model.objects.get(code="VT002").valid_to is None


def test_files_that_share_a_table_leave_each_other_alone(folder):
    put(folder, "drugs_commune", "code,ingredient,name", "TD1,Paracetamol,Paracetamol")
    put(folder, "drugs_products", "code,ingredient,name", "VD-1,Paracetamol,Hapacol")
    load(folder, "drugs_commune")
    assert counts(load(folder, "drugs_products")) == (1, 0, 0, 0)
    assert Drug.objects.get(code="TD1").valid_to is None


def test_rows_of_two_dates_stand_beside_each_other(folder):
    shutil.copy(FIXTURES / "catalogues" / "services_exam_bed.csv", folder / "catalogues")
    shutil.copy(FIXTURES / "catalogues" / "service_prices_exam_bed.csv", folder / "catalogues")
    load(folder, "services_exam_bed")
    load(folder, "service_prices_exam_bed")
    prices = ServicePrice.objects.filter(service="KB.TYT")
    assert [row.price for row in prices.on(dt.date(2023, 11, 16))] == [27500]
    assert [row.price for row in prices.on(dt.date(2023, 11, 17))] == [30100]
    assert [row.price for row in prices.on(dt.date(2026, 11, 22))] == [36500]


def test_common_diseases_are_marked_in_both_editions(folder):
    put(folder, "icd10_tt06", "code,name_vi", "J02.9,Viêm họng", "J02,Viêm họng cấp")
    put(folder, "icd10_qd4469", "code,name_vi", "J02.9,Viêm họng")
    put(folder, "icd10_common", "code,name_vi", "J02.9,Viêm họng")
    for key in ("icd10_tt06", "icd10_common", "icd10_qd4469"):
        load(folder, key)
    assert set(Icd10.objects.filter(common=True).values_list("edition", "code")) == {
        ("tt06", "J02.9"),
        ("qd4469", "J02.9"),
    }
    put(folder, "icd10_common", "code,name_vi", "J02,Viêm họng")
    load(folder, "icd10_common")
    assert set(Icd10.objects.filter(common=True).values_list("code", flat=True)) == {"J02"}


def test_age_limits_are_kept_in_days(folder):
    shutil.copy(FIXTURES / "catalogues" / "icd10_age_rules.csv", folder / "catalogues")
    load(folder, "icd10_age_rules")
    newborn = Icd10Rule.objects.filter(other="A3.1").first()
    toddler = Icd10Rule.objects.filter(other="A3.2").first()
    adult = Icd10Rule.objects.filter(other="A3.9").first()
    assert (newborn.data["min_days"], newborn.data["max_days"]) == (None, 365)
    assert (toddler.data["min_days"], toddler.data["max_days"]) == (None, 1095)
    assert (adult.data["min_days"], adult.data["max_days"]) == (5478, None)


def test_the_file_of_the_province_is_not_overwritten(folder):
    put(folder, "supplies", "code,name", "VT001,Bông")
    load(folder, "supplies")
    CatalogueState.objects.update(origin="uploaded")
    put(folder, "supplies", "code,name", "VT001,Bông mới")
    report = load(folder, "supplies")
    assert counts(report) == (0, 0, 0, 1) and "giữ tệp của tỉnh" in report.notes[0]
    assert TABLES["supplies"].model.objects.get(code="VT001").name == "Bông"


@pytest.mark.slow
def test_everything_loads_and_a_second_time_changes_nothing():
    out = StringIO()
    call_command("load_catalogues", stdout=out)
    assert Icd10.objects.filter(edition="tt06").count() == 15841
    assert Icd10.objects.filter(edition="qd4469").count() == 12218
    out = StringIO()
    call_command("load_catalogues", stdout=out)
    assert "Đã thay đổi 0 dòng" in out.getvalue()
