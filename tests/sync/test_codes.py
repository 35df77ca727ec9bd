"""A receiver's own codes: stopped where one is missing, entered by hand or from Excel, sent after."""

import io
from dataclasses import replace
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from openpyxl import Workbook, load_workbook

from apps.core.models import AuditEntry
from apps.core.scope import system
from apps.sync import codemaps, worker
from apps.sync.mappings import records
from apps.sync.mappings.systems import Options
from apps.sync.models import CodeMap, SyncAnswer
from tests.factories import encounters as make
from tests.factories.accounts import a_member, client_of
from tests.factories.facilities import a_department, a_station
from tests.factories.patients import a_person
from tests.factories.sync import row_of, visit, warehouse

pytestmark = pytest.mark.django_db
PARACETAMOL = records.Line("TD001.1", "Paracetamol", route_code="1.01", days=3)


@pytest.fixture
def picky(receiver):
    """The receiver wants medicines under its own codes."""
    receiver.settings = {**receiver.settings, "mapped": ["drug"]}
    receiver.save()
    return receiver


@pytest.fixture
def with_drug():
    return visit(prescriptions=(records.Prescription("", (PARACETAMOL,)),))


@pytest.fixture
def admin(db):
    department = a_department()
    return client_of(a_member("province_admin", department, "quan.tri"))


def take(receiver, *rows):
    names = codemaps.HEADINGS
    with system("test"):
        return codemaps.take(receiver=receiver, entries=[dict(zip(names, row, strict=False)) for row in rows])


def drug(remote, first="", last=""):
    return ("Thuốc", "TD001.1", "Paracetamol", remote, first, last)


def test_it_works(book, picky, liar, clock, with_drug):
    sent = book.save(with_drug)
    worker.run_once(clock=clock)
    row = row_of(sent)
    assert (row.state, row.need) == ("rejected", "admin")
    assert row.issues[0]["text"] == "Thuốc TD001.1 chưa có mã của nơi nhận."
    assert liar.requests == [], "nothing leaves under a code that the receiver does not know"
    taken = take(picky, drug("VN-PARA-500"))
    assert (taken.added, taken.sent_again) == (1, 1)
    worker.run_once(clock=clock)
    assert row_of(sent).state == "accepted"
    [medicine] = liar.store.of_type("MedicationRequest")
    assert medicine["medicationCodeableConcept"]["coding"][0]["code"] == "VN-PARA-500"


def test_a_receiver_that_takes_our_codes_asks_for_none(book, receiver, liar, clock, with_drug):
    book.save(with_drug)
    worker.run_once(clock=clock)
    [medicine] = liar.store.of_type("MedicationRequest")
    assert medicine["medicationCodeableConcept"]["coding"][0]["code"] == "TD001.1"


def test_a_new_code_changes_the_same_record_at_the_receiver(book, picky, liar, clock, with_drug):
    take(picky, drug("CŨ", "01/01/2026"))
    sent = book.save(with_drug)
    worker.run_once(clock=clock)
    take(picky, drug("MỚI", "01/06/2026"))
    book.amend(sent)
    worker.run_once(clock=clock)
    [medicine] = liar.store.of_type("MedicationRequest")
    assert medicine["medicationCodeableConcept"]["coding"][0]["code"] == "MỚI"
    assert medicine["status"] == "active"


def test_the_code_of_the_records_day_is_sent(book, picky, liar, clock, with_drug):
    take(picky, drug("CŨ"))
    take(picky, drug("MỚI", "21/11/2026"))
    book.save(with_drug)  # of 20 November
    worker.run_once(clock=clock)
    [medicine] = liar.store.of_type("MedicationRequest")
    assert medicine["medicationCodeableConcept"]["coding"][0]["code"] == "CŨ"


def test_every_kind_that_travels_is_watched(picky):
    picky.settings = {"mapped": ["facility", "icd10", "drug", "route", "discharge"]}
    record = visit(prescriptions=(records.Prescription("", (PARACETAMOL,)),), outcome_code="1")
    options = Options(mapped=frozenset(picky.settings["mapped"]))
    assert codemaps.codes.gaps(record, options) == [
        ("discharge", "1"),
        ("drug", "TD001.1"),
        ("facility", "99001"),
        ("icd10", "J06.9"),
        ("route", "1.01"),
    ]
    assert codemaps.codes.gaps(replace(record, outcome_code=""), replace(options, mapped=frozenset())) == []


def test_one_code_has_one_counterpart_on_a_day(picky):
    assert take(picky, drug("A")).added == 1
    assert take(picky, drug("A")).unchanged == 1
    assert take(picky, drug("B")).changed == 1
    today = timezone.localdate()
    assert [(row.remote, row.valid_from, row.valid_to) for row in CodeMap.objects.order_by("created_at")] == [
        ("A", None, today - timedelta(days=1)),
        ("B", today, None),
    ]
    assert take(picky, drug("C")).changed == 1, "what was entered wrongly today is corrected today"
    assert CodeMap.objects.on(today).get().remote == "C"


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (("Ma lạ", "X", "", "Y"), "loại mã"),
        (("Thuốc", "", "", "Y"), "từ 1 đến 60"),
        (("Thuốc", "X", "", "Y" * 61), "từ 1 đến 60"),
        (("Thuốc", "X", "", "Y", "31/02/2026"), "ngày không đọc được"),
        (("Thuốc", "X", "", "Y", "02/01/2026", "01/01/2026"), "Ngày kết thúc"),
    ],
)
def test_a_bad_line_is_told_and_the_others_are_taken(picky, row, said):
    taken = take(picky, row, drug("A"))
    assert said in taken.refused[0]
    assert taken.refused[0].startswith("Dòng 2:")
    assert CodeMap.objects.get().remote == "A"


def test_an_empty_counterpart_is_passed_over(picky):
    taken = take(picky, drug(""), drug("  "))
    assert (taken.added, taken.refused) == (0, [])


@pytest.fixture
def used(db):
    """A visit of this station with a medicine."""
    make.catalogues()
    doctor = make.a_practitioner(a_station())
    return make.a_finished_visit(a_person(doctor.facility), doctor)


def test_the_page_shows_what_is_used_without_a_counterpart(admin, used):
    receiver = warehouse("https://kho.invalid", settings={"mapped": ["drug", "route", "icd10", "facility"]})
    page = admin.get(reverse("sync:codes", args=[receiver.pk]))
    found = {(line.kind, line.local): line.uses for line in page.context["gaps"]}
    assert found["drug", "TD001.1"] == found["icd10", "J06.9"] == found["route", "1.01"] == 1
    posted = {"form_key": page.context["form_key"], "kind": "drug", "local": "TD001.1", "remote": "VN1"}
    after = admin.post(reverse("sync:codes_enter", args=[receiver.pk]), posted, follow=True)
    assert ("drug", "TD001.1") not in {(line.kind, line.local) for line in after.context["gaps"]}
    assert AuditEntry.objects.filter(action="sync.codes_taken").exists()


def test_the_sheet_goes_out_and_comes_back(admin, used):
    receiver = warehouse("https://kho.invalid", settings={"mapped": ["drug"]})
    sheet = admin.get(reverse("sync:codes_download", args=[receiver.pk])).content
    book = load_workbook(io.BytesIO(sheet))
    rows = list(book.active.iter_rows(values_only=True))
    assert rows[0] == codemaps.HEADINGS
    assert rows[1][:3] == ("Thuốc", "TD001.1", "Paracetamol 500mg")
    book.active.cell(2, 4).value = "VN1"
    out = io.BytesIO()
    book.save(out)
    out.seek(0)
    out.name = "ma.xlsx"
    page = admin.get(reverse("sync:codes", args=[receiver.pk]))
    form = {"form_key": page.context["form_key"], "file": out}
    admin.post(reverse("sync:codes_upload", args=[receiver.pk]), form)
    assert CodeMap.objects.get().remote == "VN1"


@pytest.mark.parametrize("content", [b"", b"not a workbook", b"PK\x03\x04broken"])
def test_a_file_that_is_no_sheet_is_refused(admin, content):
    receiver = warehouse("https://kho.invalid")
    page = admin.get(reverse("sync:codes", args=[receiver.pk]))
    out = io.BytesIO(content)
    out.name = "ma.xlsx"
    form = {"form_key": page.context["form_key"], "file": out}
    answer = admin.post(reverse("sync:codes_upload", args=[receiver.pk]), form, follow=True)
    assert answer.status_code == 200
    assert not CodeMap.objects.exists()


def test_a_sheet_without_the_columns_is_refused(admin):
    receiver = warehouse("https://kho.invalid")
    book = Workbook()
    book.active.append(["a", "b"])
    book.active.append(["1", "2"])
    out = io.BytesIO()
    book.save(out)
    out.seek(0)
    out.name = "ma.xlsx"
    page = admin.get(reverse("sync:codes", args=[receiver.pk]))
    form = {"form_key": page.context["form_key"], "file": out}
    answer = admin.post(reverse("sync:codes_upload", args=[receiver.pk]), form, follow=True)
    assert "Tệp cần các cột" in answer.content.decode()


def test_a_stations_people_see_gaps_but_enter_nothing(used):
    receiver = warehouse("https://kho.invalid", settings={"mapped": ["drug"]})
    nurse = client_of(a_member("nurse", used.facility, "hoa.nt"))
    assert nurse.get(reverse("sync:codes", args=[receiver.pk])).status_code == 200
    for name in ("codes_enter", "codes_kinds", "codes_upload"):
        assert nurse.post(reverse(f"sync:{name}", args=[receiver.pk]), {}).status_code == 403
    assert nurse.get(reverse("sync:codes_download", args=[receiver.pk])).status_code == 403


def test_a_kind_that_needs_no_mapping_any_more_lets_go(book, picky, liar, clock, with_drug):
    sent = book.save(with_drug)
    worker.run_once(clock=clock)
    with system("test"):
        codemaps.kinds_set(receiver=picky, wanted=["route", "no-such"])
    picky.refresh_from_db()
    assert picky.settings["mapped"] == ["route"]
    worker.run_once(clock=clock)
    assert row_of(sent).issues[0]["text"].startswith("Đường dùng")


def test_the_clock_of_the_receiver_is_kept(book, receiver, liar, clock):
    book.save(visit())
    worker.run_once(clock=clock)
    receiver.refresh_from_db()
    assert SyncAnswer.unscoped.exists()
    assert abs(receiver.clock_offset) < 60


def test_gaps_cost_the_same_with_many_rows(used, django_assert_max_num_queries):
    receiver = warehouse("https://kho.invalid", settings={"mapped": ["drug", "icd10"]})
    with django_assert_max_num_queries(3):
        codemaps.gaps(receiver)
    for number in range(20):
        CodeMap.objects.create(receiver=receiver, kind="drug", local=f"X{number}", remote="Y")
    with django_assert_max_num_queries(3):
        assert codemaps.gaps(receiver)
