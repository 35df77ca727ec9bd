"""A file of the province is compared before it is applied; hostile and broken files are refused."""

import datetime as dt
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from apps.catalogues.models import CatalogueState, CatalogueUpload, CodeEntry, Supply
from apps.core.models import AuditEntry, PendingChange
from tests.catalogues.test_sheets import workbook
from tests.factories.catalogues import a_code, a_supply

ON = dt.date(2026, 11, 22)


def send(client, content, name="vat-tu.csv", key="supplies", **fields):
    file = SimpleUploadedFile(name, content if isinstance(content, bytes) else content.encode())
    data = {"form_key": str(uuid4()), "effective_on": "22/11/2026", "file": file, **fields}
    return client.post(reverse("catalogues:upload", args=[key]), data)


def act(client, name, upload):
    return client.post(reverse(f"catalogues:{name}", args=[upload.id]), {"form_key": str(uuid4())})


@pytest.fixture
def two_supplies(db):
    a_supply("VT001", "Bông")
    a_supply("VT002", "Gạc")


def test_it_works(administrator, two_supplies):
    sent = send(administrator, "code,name,unit\nVT001,Bông y tế,Gói\nVT003,Kim tiêm,Cái\n")
    upload = CatalogueUpload.objects.get()
    assert sent.url == reverse("catalogues:compared", args=[upload.id])
    assert (upload.added, upload.changed, upload.withdrawn, upload.unchanged) == (1, 1, 1, 0)
    assert Supply.objects.get(code="VT001").name == "Bông"
    html = administrator.get(sent.url).content.decode()
    assert "Chưa có gì thay đổi" in html and "Bông y tế" in html and "VT003" in html
    only = administrator.get(sent.url, {"loai": "withdrawn"}).content.decode()
    assert "VT002" in only and "VT003" not in only
    act(administrator, "apply", upload)
    assert Supply.objects.get(code="VT001").name == "Bông y tế"
    assert Supply.objects.get(code="VT001").unit == "Gói"
    assert Supply.objects.get(code="VT002").valid_to == dt.date(2026, 11, 21)
    assert Supply.objects.get(code="VT003").valid_to is None
    assert CatalogueState.objects.get(key="supplies").origin == "uploaded"
    assert AuditEntry.objects.filter(action="catalogue.applied", object_id=upload.id).count() == 1
    assert "Đã áp dụng" in administrator.get(sent.url).content.decode()


def test_dated_rows_survive_the_journey(administrator):
    a_code("bhyt_object", "DN", "Doanh nghiệp", valid_from=dt.date(2015, 1, 1))
    text = (
        "list,code,name,valid_from,valid_to,benefit_percent\n"
        "bhyt_object,DN,Người lao động,01/01/2015,,80\nbhyt_object,TE,Trẻ em,2015-01-01,2026-12-31,100\n"
    )
    send(administrator, text, key="bhyt_objects")
    act(administrator, "apply", CatalogueUpload.objects.get())
    changed = CodeEntry.objects.get(code="DN")
    assert (changed.name, changed.valid_from) == ("Người lao động", dt.date(2015, 1, 1))
    assert changed.extra == {"benefit_percent": "80"}
    assert CodeEntry.objects.get(code="TE").valid_to == dt.date(2026, 12, 31)


def test_an_excel_file(administrator, two_supplies):
    rows = [["code", "name"], ["VT001", "Bông"], ["VT002", "Gạc"], ["VT9", 7.0]]
    send(administrator, workbook(rows), "a.xlsx")
    upload = CatalogueUpload.objects.get()
    assert (upload.added, upload.changed, upload.unchanged) == (1, 0, 2)


def test_applied_once(administrator, two_supplies):
    send(administrator, "code,name\nVT001,Bông y tế\nVT002,Gạc\n")
    upload = CatalogueUpload.objects.get()
    act(administrator, "apply", upload)
    again = act(administrator, "apply", upload)
    assert "đã được áp dụng" in administrator.get(again.url).content.decode()
    assert AuditEntry.objects.filter(action="catalogue.applied").count() == 1


def test_a_double_click_sends_once(administrator, two_supplies):
    key = str(uuid4())
    for _ in range(2):
        assert send(administrator, "code,name\nVT001,Bông\n", form_key=key).status_code == 302
    assert CatalogueUpload.objects.count() == 1


def test_a_catalogue_that_changed_meanwhile_is_compared_again(administrator, two_supplies):
    send(administrator, "code,name\nVT001,Bông A\nVT002,Gạc\n")
    first = CatalogueUpload.objects.get()
    send(administrator, "code,name\nVT001,Bông B\nVT002,Gạc\n")
    act(administrator, "apply", CatalogueUpload.objects.exclude(id=first.id).get())
    answer = act(administrator, "apply", first)
    assert "so sánh lần nữa" in administrator.get(answer.url).content.decode()
    assert Supply.objects.get(code="VT001").name == "Bông B"


def test_dropped_files_change_nothing(administrator, two_supplies):
    send(administrator, "code,name\nVT001,Bông y tế\n")
    upload = CatalogueUpload.objects.get()
    act(administrator, "drop", upload)
    act(administrator, "apply", upload)
    assert Supply.objects.get(code="VT001").name == "Bông"


def test_the_differences_are_paged(administrator, two_supplies):
    lines = "".join(f"VT{number:04d},Bông số {number}\n" for number in range(120))
    sent = send(administrator, "code,name\n" + lines)
    first = administrator.get(sent.url)
    assert b"VT0049" in first.content and b"VT0050" not in first.content
    second = administrator.get(sent.url, {"c": first.context["page"].next_cursor}).content
    assert b"VT0050" in second


@pytest.mark.parametrize(
    ("content", "name", "sentence"),
    [
        ("code,name\nVT001,\n", "a.csv", "Dòng 2: cột name bị trống"),
        ("name\nBông\n", "a.csv", "Tệp thiếu cột: code"),
        ("code,name\n", "a.csv", "không có dòng nào"),
        ("code,name,valid_from\nVT1,Bông,31/02/2026\n", "a.csv", "không phải ngày"),
        ("code,name,valid_from,valid_to\nVT1,Bông,2/2/2026,1/2/2026\n", "a.csv", "trước ngày bắt đầu"),
        ("code,name,confidence\nVT1,Bông,chắc\n", "a.csv", "confidence chỉ nhận"),
        ("code,name\nVT1," + "x" * 301, "a.csv", "dài quá 300 ký tự"),
        (b"", "a.csv", "Tệp trống"),
        ("code,name\nVT1,Bông\n", "a.pdf", "Chỉ nhận tệp Excel"),
    ],
)
def test_a_bad_file_is_refused_by_a_sentence(administrator, content, name, sentence):
    answer = send(administrator, content, name)
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert not CatalogueUpload.objects.exists()


def test_no_file_and_no_day(administrator):
    data = {"form_key": str(uuid4()), "effective_on": "rác"}
    assert administrator.post(reverse("catalogues:upload", args=["supplies"]), data).status_code == 422


def test_the_sample_file(administrator):
    answer = administrator.get(reverse("catalogues:download", args=["supplies"]))
    assert answer.content.decode().startswith("code,name,unit")


def test_a_nurse_looks_but_does_not_change(nurse, two_supplies):
    upload = CatalogueUpload.objects.create(key="supplies", file_name="a.csv", effective_on=ON)
    assert "Nạp tệp mới" not in nurse.get(reverse("catalogues:browse", args=["supplies"])).content.decode()
    assert nurse.get(reverse("catalogues:upload", args=["supplies"])).status_code == 403
    assert send(nurse, "code,name\nVT001,Bông\n").status_code == 403
    assert nurse.get(reverse("catalogues:compared", args=[upload.id])).status_code == 403
    assert nurse.get(reverse("catalogues:download", args=["supplies"])).status_code == 403
    for name in ("apply", "drop"):
        assert act(nurse, name, upload).status_code == 403


# --- what only few may read is decided by two


@pytest.fixture
def second(administrator):
    from apps.accounts.models import Role
    from apps.facilities.models import Facility
    from tests.catalogues.conftest import signed_in

    role = Role.objects.get(code="province_admin")
    return signed_in("nguoi.hai", role, Facility.objects.get(kind="department"))


@pytest.fixture
def rule(db):
    return a_code("restricted_data", "B20", "Bệnh do HIV", scope="icd10", extra={"until": "B24"})


def decide(client, act="approve"):
    change = PendingChange.objects.get(state="waiting")
    return client.post(f"/cho-duyet/{change.pk}/", {"act": act, "form_key": str(uuid4())})


RULES = "list,code,scope,name,until,group,send\nrestricted_data,B20,icd10,Bệnh do HIV,B24,hiv,yes\n"


def test_a_file_of_restricted_data_waits_for_a_second_person(administrator, second, rule):
    send(administrator, RULES, key="restricted_data")
    upload = CatalogueUpload.objects.get()
    answer = act(administrator, "apply", upload)
    rule.refresh_from_db()
    assert rule.extra.get("send") != "yes", "one alone lets nothing leave the house"
    assert "Chờ người thứ hai duyệt" in administrator.get(answer.url).content.decode()
    assert "B20" in second.get("/cho-duyet/").content.decode()
    decide(administrator)
    rule.refresh_from_db()
    assert rule.extra.get("send") != "yes"
    decide(second)
    upload.refresh_from_db()
    assert (upload.state, upload.applied_by) == ("applied", "Trần Thị Mai")
    assert CodeEntry.objects.get(code="B20", valid_to=None).extra["send"] == "yes"


def test_it_is_of_what_was_compared(administrator, second, rule):
    send(administrator, RULES, key="restricted_data")
    act(administrator, "apply", CatalogueUpload.objects.get())
    CatalogueState.objects.update_or_create(key="restricted_data", defaults={"version": 99})
    decide(second)
    assert CatalogueUpload.objects.get().state == "compared"
    assert PendingChange.objects.get().state == "waiting"


def row_page(rule):
    return f"/quan-tri/catalogues/codeentry/{rule.pk}/change/"


END = {"valid_to": "31/12/2026", "source": "NQ 1", "confidence": "high"}


def test_nor_does_one_alone_end_a_rule(administrator, second, rule):
    administrator.post(row_page(rule), END)
    rule.refresh_from_db()
    assert rule.valid_to is None
    decide(second)
    rule.refresh_from_db()
    assert rule.valid_to == dt.date(2026, 12, 31)
    entry = AuditEntry.objects.get(action="catalogue.row_changed")
    assert (entry.username, "valid_to" in entry.data["fields"]) == ("nguoi.hai", True)


def test_a_rule_that_has_changed_meanwhile(administrator, second, rule):
    administrator.post(row_page(rule), END)
    CodeEntry.objects.filter(pk=rule.pk).update(valid_to=dt.date(2026, 11, 30))
    decide(second)
    rule.refresh_from_db()
    assert rule.valid_to == dt.date(2026, 11, 30)


def test_a_row_of_another_list_needs_no_second(administrator):
    other = a_code("bhyt_object", "DN", "Doanh nghiệp")
    administrator.post(row_page(other), END)
    other.refresh_from_db()
    assert other.valid_to == dt.date(2026, 12, 31) and not PendingChange.objects.exists()
