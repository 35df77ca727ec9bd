"""Register A1: the 14 columns of TT 23/2025/TT-BYT, on the screen, as a workbook, on paper."""

import datetime as dt
import io

import pytest
from django.db import connection
from django.template.loader import render_to_string
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from openpyxl import load_workbook

from apps.catalogues import codes
from apps.core import sealed_files
from apps.core.ids import uuid7
from apps.core.models import AuditEntry, GuardedExport, ReadEntry
from apps.encounters import register, services
from apps.encounters.inputs import DiagnosisInput, VisitInput
from apps.encounters.models import Visit
from apps.facilities import registers
from apps.patients.death_register import A6
from apps.patients.models import Identifier
from tests.factories import encounters as make
from tests.factories.accounts import a_member, client_of
from tests.factories.catalogues import a_code
from tests.factories.facilities import a_point
from tests.factories.patients import a_person

pytestmark = pytest.mark.django_db
BOOK = "/kham/so-a1/"


@pytest.fixture
def head(station):
    return client_of(a_member("station_head", station))


@pytest.fixture
def visit(hoa, doctor):
    return make.a_finished_visit(hoa, doctor)


def shown(client, query=""):
    response = client.get(f"{BOOK}{query}")
    assert response.status_code == 200
    return [line.cells for line in response.context["lines"]]


def test_it_works(head, hoa, doctor):
    a_code("ethnic_groups", "24", "Hrê")
    a_code("occupations", "6", "Nông dân")
    Identifier.unscoped.create(person=hoa, kind="cccd", value="051185000123")
    hoa.ethnicity, hoa.occupation = "24", "6"
    hoa.save()
    visit = make.a_finished_visit(hoa, doctor)
    (cells,) = shown(head)
    told = dict(zip(register.COLUMNS, cells, strict=True))
    assert list(told) == [
        "STT", "Họ và tên", "Giới", "Ngày sinh", "Giấy tờ tùy thân", "Số thẻ BHYT", "Địa chỉ", "Dân tộc",
        "Nghề nghiệp", "Triệu chứng", "Chẩn đoán", "Phương pháp điều trị", "Y, bác sĩ khám", "Ghi chú",
    ]  # fmt: skip
    assert (told["STT"], told["Họ và tên"]) == ("1", hoa.full_name)
    assert (told["Giấy tờ tùy thân"], told["Dân tộc"]) == ("051185000123", "Hrê")
    assert told["Nghề nghiệp"] == "Nông dân"
    assert told["Triệu chứng"] == "Ho, sốt 2 ngày"
    assert told["Chẩn đoán"].startswith("J06.9 - ")
    assert told["Phương pháp điều trị"] == "Paracetamol 500mg × 10 viên"
    assert told["Y, bác sĩ khám"] == doctor.full_name
    assert visit.pk == Visit.unscoped.get().pk


def test_only_what_is_finished_or_waits_for_a_signature(head, station, hoa, doctor, nurse):
    make.an_examined_visit(a_person(station, "Đinh Thị Chưa Xong"), doctor)
    make.a_finished_visit(a_person(station, "Phạm Văn Chờ"), nurse)
    mistaken = make.a_finished_visit(hoa, doctor)
    with make.enter(make.scope_of(doctor)):
        services.visit_entered_in_error(
            visit_id=mistaken.pk, expected_version=mistaken.version, reason="Nhầm người"
        )
    (cells,) = shown(head)
    assert cells[1] == "Phạm Văn Chờ" and cells[-1].endswith("chờ bác sĩ ký")


def test_the_days_asked_for(head, visit):
    today = timezone.localdate()
    tomorrow = today + dt.timedelta(days=1)
    assert len(shown(head, f"?tu={today:%d/%m/%Y}&den={today:%d/%m/%Y}")) == 1
    assert shown(head, f"?tu={tomorrow:%d/%m/%Y}&den={tomorrow:%d/%m/%Y}") == []
    assert len(shown(head, "?tu=31/02/2026&den=hom+qua&noi=khong&theo=ai")) == 1, "nonsense is today"


def test_each_day_stands_under_its_own_heading(head, station, hoa, doctor, visit):
    """As in the book on paper: on the screen, also where a page begins, and on the paper."""
    yesterday = timezone.now() - dt.timedelta(days=1)
    for name in ("Một", "Hai"):
        make.a_finished_visit(a_person(station, f"Đinh Văn {name}"), doctor, at=yesterday)
    response = head.get(f"{BOOK}?tu={visit.on - dt.timedelta(days=1):%d/%m/%Y}")
    assert [line.opens for line in response.context["lines"]] == [True, False, True]
    page = response.content.decode()
    for day in (visit.on - dt.timedelta(days=1), visit.on):
        assert page.count(f"Ngày {day:%d/%m/%Y}") == 1
    asked = response.context["asked"]
    with make.enter(make.scope_of(doctor, rights=make.scope_of(doctor).rights | {"visits.export"})):
        paper = render_to_string("print/register.html", registers.printed(register.A1, asked))
    assert paper.count('<tr class="day">') == 2
    assert shown(head) == [cells for cells in shown(head) if cells[1] == hoa.full_name], "today comes first"


def test_of_a_point_or_of_the_house(head, station, hoa, visit):
    point = a_point(station, "Điểm trạm Gò Da")
    Visit.unscoped.filter(pk=visit.pk).update(point=point)
    assert len(shown(head, f"?noi={point.pk}")) == 1
    assert shown(head, f"?noi={station.pk}") == []
    assert "Điểm trạm Gò Da" in head.get(BOOK).content.decode()


def test_the_paper_of_the_day(head, hoa, doctor):
    """The number that held on the day of the visit, not today's."""
    today = timezone.localdate()
    Identifier.unscoped.create(person=hoa, kind="cmnd", value="212345678", valid_to=today)
    Identifier.unscoped.create(
        person=hoa, kind="cccd", value="051185000123", valid_from=today + dt.timedelta(days=1)
    )
    make.a_finished_visit(hoa, doctor)
    assert shown(head)[0][4] == "212345678"


def test_pages_follow_each_other_and_numbers_run_on(head, station, doctor, monkeypatch):
    monkeypatch.setattr(registers, "PAGE", 2)
    for number in range(5):
        make.a_finished_visit(a_person(station, f"Đinh Văn {number}"), doctor)
    seen, cursor = [], ""
    for _ in range(3):
        response = head.get(f"{BOOK}?c={cursor}")
        seen += [line.cells[0] for line in response.context["lines"]]
        cursor = response.context["page"].next_cursor
    assert seen == ["1", "2", "3", "4", "5"]
    back = head.get(f"{BOOK}?c={response.context['page'].previous_cursor}").context["lines"]
    assert [line.cells[0] for line in back] == ["3", "4"]


def test_the_number_of_queries_does_not_grow(head, station, doctor):
    def queries():
        with CaptureQueriesContext(
            connection,
        ) as counted:
            shown(head)
        return len(counted)

    for number in range(2):
        make.a_finished_visit(a_person(station, f"Đinh Văn {number}"), doctor)
    shown(head)  # the process keeps the small lists
    few = queries()
    for number in range(2, 20):
        make.a_finished_visit(a_person(station, f"Đinh Văn {number}"), doctor)
    assert queries() == few


def test_who_is_looked_at_stands_in_the_read_log(head, hoa, visit):
    shown(head)
    assert ReadEntry.objects.get(screen="visits.a1.page").person_ids == [hoa.pk]


def test_another_stations_book_is_empty(elsewhere, visit):
    assert shown(elsewhere) == []


def test_a_village_worker_has_no_book(station, visit):
    assert client_of(a_member("village_worker", station)).get(BOOK).status_code == 403


def test_a_restricted_visit_is_in_the_book_of_who_may_read_it(station, hoa, doctor):
    make.an_icd10("B20.9", "Bệnh do HIV giả định")
    a_code("restricted_data", "B20", "HIV", scope="icd10", extra={"until": "B24", "group": "hiv"})
    codes.forget()
    data = VisitInput(fields={"reason": "Tái khám"}, diagnoses=[DiagnosisInput("B20.9", "main")])
    make.a_finished_visit(hoa, doctor, data=data)
    nurse = client_of(a_member("nurse", station))
    assert shown(nurse) == []
    assert len(shown(client_of(a_member("station_head", station)))) == 1


def test_the_book_leaves_as_a_guarded_file(head, hoa, visit, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        response = head.post(f"{BOOK}xuat/", {"form_key": str(uuid7()), "reason": "Gửi trung tâm y tế"})
    assert response.status_code == 302
    made = GuardedExport.unscoped.get()
    book = load_workbook(io.BytesIO(sealed_files.get(made.pk, made.key)))
    rows = list(book.active.iter_rows(values_only=True))
    assert book.active.title == "Sổ A1" and book.active.freeze_panes == "A3"
    said = f"Sổ khám bệnh (A1) – {visit.facility.name} – Khám từ {visit.on:%d/%m/%Y} đến {visit.on:%d/%m/%Y}"
    assert rows[0][0] == said
    assert rows[1] == ("Ngày", *register.COLUMNS)
    assert rows[2][:3] == (f"{visit.on:%d/%m/%Y}", "1", hoa.full_name)


def test_without_a_reason_nothing_leaves(head, visit):
    response = head.post(f"{BOOK}xuat/", {"form_key": str(uuid7()), "reason": " "})
    assert response.status_code == 422 and not GuardedExport.unscoped.exists()


def test_a_nurse_reads_and_takes_nothing_out(station, visit):
    nurse = client_of(a_member("nurse", station))
    assert len(shown(nurse)) == 1
    assert nurse.get(f"{BOOK}xuat/").status_code == 403
    assert nurse.get(f"{BOOK}so-a1.pdf").status_code == 403


def test_the_paper_is_a_pdf(head, hoa, visit):
    response = head.get(f"{BOOK}so-a1.pdf")
    assert response.content.startswith(b"%PDF") and "no-store" in response["Cache-Control"]
    assert AuditEntry.objects.get(action="visits.a1.printed").data == {"rows": 1}
    assert ReadEntry.objects.get(screen="visits.a1.paper").person_ids == [hoa.pk]


def test_too_many_rows_are_told(head, station, doctor, monkeypatch):
    monkeypatch.setattr(registers, "MOST_PRINTED", 1)
    for number in range(2):
        make.a_finished_visit(a_person(station, f"Đinh Văn {number}"), doctor)
    response = head.get(f"{BOOK}so-a1.pdf", follow=True)
    assert "Hãy thu hẹp số ngày" in response.content.decode()


def test_the_columns_of_a_paper_fill_the_sheet_and_no_more():
    for book in (register.A1, A6):
        rooms = registers.rooms_on_paper(book.room())
        assert sum(rooms) == 100 and all(1 <= room <= 20 for room in rooms)
