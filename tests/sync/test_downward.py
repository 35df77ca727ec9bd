"""Newer catalogues are fetched and proposed; nothing is applied, and nothing hostile is taken."""

import datetime as dt
from uuid import uuid4

import pytest
from django.urls import reverse

from apps.catalogues import services as catalogues
from apps.catalogues.models import CatalogueUpload, Supply
from apps.catalogues.sheets import MAX_BYTES
from apps.core.scope import system
from apps.sync import downward
from apps.sync.admin import CatalogueSourceForm
from apps.sync.models import CatalogueSource
from apps.sync.receivers.base import Answer
from tests.factories.accounts import a_member, client_of
from tests.factories.catalogues import a_supply
from tests.factories.facilities import a_centre, a_department
from tests.factories.patients import a_station

pytestmark = pytest.mark.django_db
CSV = "code,name,unit\nVT001,Bông y tế,Gói\nVT002,Gạc,\nVT003,Kim tiêm,Cái\n".encode()
TODAY = dt.date(2026, 11, 30)


@pytest.fixture
def source(liar):
    for code, name in (("VT001", "Bông"), ("VT002", "Gạc")):
        a_supply(code, name)
    url = liar.base_url.removesuffix("/fhir") + "/files/vat-tu.csv"
    serve(liar)
    return CatalogueSource.objects.create(table="supplies", url=url, is_on=True, allow_private=True)


def serve(liar, content=CSV, kind="text/csv; charset=utf-8", status=200, **headers):
    liar.files["vat-tu.csv"] = (status, content, {"Content-Type": kind, **headers})


def night(source):
    with system("test"):
        told = downward.nightly(TODAY)
    source.refresh_from_db()
    return told


def test_it_works(source):
    assert night(source) == "Hỏi 1 nơi cấp danh mục, 1 bản mới chờ xem."
    upload = CatalogueUpload.objects.get()
    assert (upload.added, upload.changed, upload.withdrawn, upload.state) == (1, 1, 0, "compared")
    assert upload.uploaded_by.startswith("Tải từ 127.0.0.1")
    assert Supply.objects.get(code="VT001").name == "Bông"  # nothing is applied
    assert not Supply.objects.filter(code="VT003").exists()
    assert source.said == "Bản mới chờ xem: thêm 1, sửa 1, ngừng 0 dòng."


def test_the_same_file_is_proposed_once_and_what_was_put_aside_stays_so(source, liar):
    night(source)
    assert night(source).endswith("0 bản mới chờ xem.")
    assert CatalogueUpload.objects.count() == 1
    with system("test"):
        catalogues.upload_drop(upload=CatalogueUpload.objects.get())
    night(source)
    assert (CatalogueUpload.objects.count(), source.said) == (1, "Bản này đã được xem và bỏ.")
    serve(liar, CSV.replace(b"VT003", b"VT004"))
    night(source)
    assert [u.state for u in CatalogueUpload.objects.order_by("created_at")] == ["dropped", "compared"]


def test_a_newer_file_takes_the_place_of_one_that_waits(source, liar):
    night(source)
    serve(liar, CSV.replace(b"VT003", b"VT004"))
    night(source)
    assert [u.state for u in CatalogueUpload.objects.order_by("created_at")] == ["dropped", "compared"]
    assert CatalogueUpload.objects.get(state="compared").pk == source.upload_id


def test_a_proposal_is_compared_anew_when_the_catalogue_has_changed_or_a_week_has_passed(source):
    night(source)
    CatalogueUpload.objects.update(based_on=7)
    night(source)
    CatalogueUpload.objects.filter(state="compared").update(effective_on=dt.date(2026, 1, 1))
    night(source)
    assert CatalogueUpload.objects.filter(state="compared").count() == 1
    assert CatalogueUpload.objects.count() == 3


def test_what_was_applied_is_nothing_new(source):
    night(source)
    with system("test"):
        catalogues.upload_apply(upload=CatalogueUpload.objects.get())
    night(source)
    assert (source.said, source.upload_id) == ("Không có gì mới.", None)
    assert CatalogueUpload.objects.filter(state="compared").count() == 0


def test_a_file_that_breaks_off_is_not_proposed(source, liar):
    for code in ("VT004", "VT005"):
        a_supply(code, "Vật tư")
    serve(liar, b"code,name\nVT001,B\xc3\xb4ng\n")
    night(source)
    assert "có thể bị cụt" in source.said
    assert CatalogueUpload.objects.count() == 0


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"content": b"<html>", "kind": "text/html"}, "không phải tệp"),
        ({"content": b"{}", "kind": "application/json"}, "không phải tệp"),
        ({"content": b"", "status": 302, "Location": "http://127.0.0.1:9/"}, "chuyển sang nơi khác"),
        ({"content": b"", "status": 404}, "404"),
        ({"content": b"x" * 100, "Content-Encoding": "gzip"}, "nén"),
        ({"content": b"\xff\xfe\x00"}, "UTF-8"),
        ({"content": b"PK\x03\x04", "kind": downward.XLSX}, "Excel"),
        ({"content": b"ten,ma\n1,2\n"}, "thiếu cột"),
        ({"content": b" " * (MAX_BYTES + 1)}, "lớn quá 15 MB"),
    ],
)
def test_what_is_no_table_is_refused(source, liar, answer, said):
    serve(liar, **answer)
    night(source)
    assert said in source.said
    assert CatalogueUpload.objects.count() == 0


def test_an_inside_address_is_not_called(source):
    CatalogueSource.objects.update(allow_private=False)
    night(source)
    assert "địa chỉ nội bộ" in source.said


def test_plain_http_and_other_schemes_are_not_saved(settings, source):
    settings.TESTING = False
    for url in ("http://noi-cap.example.vn/a.csv", "file:///etc/passwd", "https://a:b@noi-cap.example.vn/"):
        assert CatalogueSourceForm({"table": "supplies", "url": url}, instance=source).errors["url"], url
    good = {"table": "supplies", "url": "https://noi-cap.example.vn/a.csv"}
    assert CatalogueSourceForm(good, instance=source).is_valid()
    assert "table" in CatalogueSourceForm({**good, "table": "khong-co"}).errors


def test_the_ending_is_believed_only_of_files_without_a_kind():
    def kind(type_, url="https://x.vn/a.xlsx"):
        return downward.taken(Answer(200, {"content-type": type_}, b"x"), url)[1]

    assert kind("application/octet-stream") == "xlsx"
    assert kind("text/csv; header=present") == "csv"
    with pytest.raises(downward.Unfit):
        kind("image/png")
    with pytest.raises(downward.Unfit):
        kind("application/octet-stream", "https://x.vn/a.exe")


def test_the_token_comes_from_the_environment(source, liar, monkeypatch):
    liar.token = "bi-mat"
    night(source)
    assert "401" in source.said
    monkeypatch.setenv("TRAMYTE_CATALOGUE_VAT_TU", "bi-mat")
    CatalogueSource.objects.update(token_key="TRAMYTE_CATALOGUE_VAT_TU")
    night(source)
    assert "chờ xem" in source.said


@pytest.mark.parametrize("name", ["TRAMYTE_RECEIVER_KHO_TINH", "TRAMYTE_SECRET_KEY", "TRAMYTE_CATALOGUE_A\n"])
def test_no_secret_of_a_receiver_is_named(source, liar, monkeypatch, name):
    """One administrator points a source anywhere; where receivers are spoken to takes two."""
    monkeypatch.setenv(name, "bi-mat-cua-kho")
    asked = {"table": "supplies", "url": "https://xau.example.vn/a.csv", "token_key": name}
    source_form = CatalogueSourceForm(asked, instance=CatalogueSource())
    assert "token_key" in source_form.errors or name.endswith("\n")  # a form takes blanks off the end
    CatalogueSource.objects.update(token_key=name)
    night(source)
    assert source.said == "Tên biến bắt đầu bằng TRAMYTE_CATALOGUE_."
    assert not CatalogueUpload.objects.exists()


def test_the_token_may_stand_in_a_file(source, liar, monkeypatch, tmp_path):
    liar.token = "bi-mat"
    CatalogueSource.objects.update(token_key="TRAMYTE_CATALOGUE_VAT_TU")
    file = tmp_path / "token"
    monkeypatch.setenv("TRAMYTE_CATALOGUE_VAT_TU_FILE", str(file))
    night(source)
    assert source.said == (
        "Thiết lập máy chủ sai: không đọc được tệp của biến TRAMYTE_CATALOGUE_VAT_TU_FILE."
    )
    assert not CatalogueUpload.objects.exists()
    file.write_text("bi-mat\n")
    night(source)
    assert "chờ xem" in source.said


def test_the_page_leads_to_the_comparison_and_asks_by_a_job(source, liar, django_capture_on_commit_callbacks):
    department = a_department(a_centre(a_station()))
    admin = client_of(a_member("province_admin", department, "quan.tri"))
    page = reverse("sync:catalogues")
    assert "chưa hỏi" in admin.get(page).content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        admin.post(reverse("sync:catalogues_ask"), {"form_key": str(uuid4())})
    upload = CatalogueUpload.objects.get()
    way = reverse("catalogues:compared", args=[upload.pk])
    assert way in admin.get(page).content.decode()
    assert way in admin.get("/").content.decode()
    with system("test"):
        catalogues.upload_apply(upload=upload)
    said = admin.get(page).content.decode()
    assert "chờ xem" not in said and "đã áp dụng" in said.lower()
    serve(liar, status=404)
    night(source)
    assert "Nơi cấp trả lời 404." in admin.get(page).content.decode(), "no trouble hides behind what was good"
    nurse = client_of(a_member("nurse", a_station("21490", "Trạm Y tế xã Khác")))
    assert nurse.get(page).status_code == 403
