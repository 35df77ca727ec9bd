"""The pages: packs, the pack as paper, the grid, the list, the scanned slip."""

import datetime as dt
import io
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from openpyxl import load_workbook

from apps.care.models import Appointment, Measurement
from apps.core import jobs, registry
from apps.core.ids import uuid7
from apps.core.models import AuditEntry, GuardedExport, ReadEntry
from apps.core.scope import enter, system
from apps.encounters import back_entry
from apps.encounters.models import Visit
from apps.facilities.models import Facility, Practitioner
from apps.outage.models import BackEntry, Pack, Slip
from apps.outage.services import packs_of_the_night
from apps.patients.models import Person
from tests.factories import encounters as make
from tests.factories.accounts import a_member, client_of
from tests.factories.facilities import a_centre
from tests.factories.patients import a_person, a_station, an_allergy
from tests.outage.conftest import PATIENT, a_pack, cells, send, slip_of


def an_appointment(person: Person, doctor: Practitioner, days: int = 0) -> Appointment:
    return Appointment.unscoped.create(
        person=person,
        facility=doctor.facility,
        performer=doctor,
        occurred_at=timezone.now(),
        on=timezone.localdate() + dt.timedelta(days=days),
        source_kind="visit",
        source_id=uuid7(),
    )


def test_a_pack_is_made_and_printed(
    nurse: Client, station: Facility, doctor: Practitioner, patient: Person
) -> None:
    an_appointment(patient, doctor)
    form = {"form_key": str(uuid7()), "on": f"{timezone.localdate():%d/%m/%Y}", "slips_kham": "2"}
    assert "Đã lập gói" in nurse.post("/du-phong/", form, follow=True).content.decode()
    assert nurse.post("/du-phong/", form).status_code == 302
    pack = Pack.unscoped.get()
    assert Slip.unscoped.filter(pack=pack).count() == 2 and pack.printed_at is None
    assert "Chưa in" in nurse.get("/du-phong/").content.decode()
    answer = nurse.get(f"/du-phong/{pack.pk}/goi.pdf")
    assert answer.content.startswith(b"%PDF") and "no-store" in answer["Cache-Control"]
    pack.refresh_from_db()
    assert (pack.made_by_name, pack.printed_by_name, pack.copies) == ("Lê Thị Thu", "Lê Thị Thu", 1)
    assert len(answer.content) < 120_000  # what is drawn dot by dot is a megabyte a sheet
    assert ReadEntry.objects.get(screen="outage.pack").person_ids == [patient.pk]
    assert AuditEntry.objects.filter(action="outage.pack_printed", facility_id=station.pk).exists()
    assert "Trạm còn <b>2</b> phiếu trắng" in nurse.get("/du-phong/").content.decode()
    first = pack.printed_at
    nurse.get(f"/du-phong/{pack.pk}/goi.pdf")
    pack.refresh_from_db()
    assert (pack.printed_at, pack.copies) == (first, 2)


@pytest.mark.parametrize(
    ("name", "value"),
    [("on", ""), ("on", "1/1/2020"), ("slips_kham", "-1"), ("slips_kham", "101"), ("slips_kham", "x")],
)
def test_a_pack_that_cannot_be(nurse: Client, name: str, value: str) -> None:
    form = {"form_key": str(uuid7()), "on": f"{timezone.localdate():%d/%m/%Y}", "slips_kham": "2"}
    form[name] = value
    assert nurse.post("/du-phong/", form).status_code == 422
    assert not Pack.unscoped.exists()


def test_the_paper_tells_what_must_be_known_and_no_diagnosis(doctor: Practitioner, patient: Person) -> None:
    an_allergy(patient, substance="Penicilin")
    visit = make.a_finished_visit(patient, doctor)
    an_appointment(patient, doctor, days=6)
    an_appointment(a_person(doctor.facility, "Đinh Văn Xa Xôi"), doctor, days=7)
    with enter(make.scope_of(doctor)) as scope:
        today = timezone.localdate()
        (line,) = back_entry.expected(scope, today, today + dt.timedelta(days=6))
        (sheet,) = back_entry.sheets(scope, today)
    assert (line.name, line.code, line.allergies) == (PATIENT, patient.code, "Penicilin")
    assert "52 kg" in line.last and "J06" not in str(line)
    assert visit.summary not in str(line)
    assert sheet.rows[0][0].startswith("Paracetamol")


def test_a_day_of_measuring_is_told_once() -> None:
    first, later = dt.date(2026, 10, 2), dt.date(2026, 11, 1)
    figures = {
        "systolic": (Decimal(120), first),
        "diastolic": (Decimal(80), first),
        "weight": (Decimal(52), first),
    }
    assert back_entry._figures_words(figures) == "HA 120/80; 52 kg (02/10/2026)"
    figures["weight"] = (Decimal("51.5"), later)
    assert back_entry._figures_words(figures) == "HA 120/80 (02/10/2026); 51,5 kg (01/11/2026)"


def test_the_list_of_paper_costs_the_same_for_2_and_for_20(doctor: Practitioner) -> None:
    costs = []
    for upto in (2, 20):
        while Appointment.unscoped.count() < upto:
            an_appointment(a_person(doctor.facility, f"Đinh Văn {Appointment.unscoped.count()}"), doctor)
        with enter(make.scope_of(doctor)) as scope, CaptureQueriesContext(connection) as asked:
            back_entry.expected(scope, timezone.localdate(), timezone.localdate())
        costs.append(len(asked))
    assert costs[0] == costs[1] == 4


def test_the_night_makes_one_pack_a_station_and_sweeps_what_nobody_printed(station: Facility) -> None:
    today = timezone.localdate()
    printed = a_pack(station, on=today - dt.timedelta(days=1))
    assert registry.nightly.get("outage.packs")
    with system("test"):
        assert packs_of_the_night(today) == "Đã lập 1 gói dự phòng."
        assert packs_of_the_night(today) == "Đã lập 0 gói dự phòng."
        packs_of_the_night(today + dt.timedelta(days=1))
    left = Pack.unscoped.order_by("on")
    assert [pack.on for pack in left] == [printed.on, today + dt.timedelta(days=1)]
    assert Slip.unscoped.filter(pack=left[1]).count() == 24


def test_a_foreign_pack_and_slip_are_not_there(nurse: Client) -> None:
    foreign = a_pack(a_station("21490", "Trạm Y tế xã Ba Vì"))
    assert nurse.get(f"/du-phong/{foreign.pk}/goi.pdf").status_code == 404
    assert nurse.get(f"/nhap-bu/phieu/{slip_of(foreign).code}/").status_code == 404
    assert nurse.get("/nhap-bu/phieu/khong-co/").status_code == 404
    assert nurse.get("/nhap-bu/khong-co/").status_code == 404
    foreign.refresh_from_db()
    assert foreign.copies == 1


def test_a_scanned_slip_leads_to_its_row_and_later_to_its_visit(
    nurse: Client, pack: Pack, doctor: Practitioner, patient: Person
) -> None:
    slip = slip_of(pack)
    path = f"/nhap-bu/phieu/{slip.code}/"
    page = nurse.get(path, follow=True).content.decode()
    assert f'value="{slip.shown}"' in page
    send(nurse, cells(pack, doctor, patient))
    assert nurse.get(path).url == f"/kham/{Visit.unscoped.get().pk}/"


def test_the_grid_offers_the_stations_staff(nurse: Client, doctor: Practitioner) -> None:
    make.a_practitioner(a_station("21490", "Trạm Y tế xã Ba Vì"), "Võ Thị Trạm Khác")
    page = nurse.get("/nhap-bu/kham/").content.decode()
    assert doctor.full_name in page and "Võ Thị Trạm Khác" not in page
    assert page.count('<tr data-key="') == 10
    assert "/danh-muc/chon/person/" in page and "/danh-muc/chon/icd10/" in page


def test_it_stands_in_the_lists_as_back_entered(
    nurse: Client, pack: Pack, doctor: Practitioner, patient: Person
) -> None:
    send(nurse, cells(pack, doctor, patient))
    visit, entry = Visit.unscoped.get(), BackEntry.unscoped.get()
    page = nurse.get("/nhap-bu/").content.decode()
    for words in (visit.number, PATIENT, entry.late, entry.slip.shown, doctor.full_name, "Nhập bù"):
        assert words in page
    assert ReadEntry.objects.filter(screen="outage.list", person_ids=[patient.pk]).exists()
    assert "Nhập bù" in nurse.get(f"/kham/?on={visit.on:%d/%m/%Y}").content.decode().partition("<main")[2]
    record = nurse.get(f"/kham/{visit.pk}/").content.decode()
    assert "Nhập bù từ giấy" in record and entry.late in record


def test_the_list_by_days(nurse: Client, pack: Pack, doctor: Practitioner, patient: Person) -> None:
    send(nurse, cells(pack, doctor, patient))
    number = Visit.unscoped.get().number
    today = timezone.localdate()
    day = today - dt.timedelta(days=1)
    for query, there in (
        ("", True),
        (f"?tu={day:%d/%m/%Y}&den={day:%d/%m/%Y}", True),
        (f"?tu={today:%d/%m/%Y}&den={today:%d/%m/%Y}", False),
        ("?tu=x&den=y&tram=z&c=w", True),
        (f"?tram={uuid7()}", True),
        ("?tu=1/1/1900", True),
    ):
        page = nurse.get(f"/nhap-bu/{query}").content.decode()
        assert (number in page) is there, query


def test_a_restricted_visit_is_not_told(
    nurse: Client, pack: Pack, doctor: Practitioner, patient: Person
) -> None:
    send(nurse, cells(pack, doctor, patient, reason="chuyện kín"))
    Visit.unscoped.update(restricted=True, recorded_by=None)
    page = nurse.get("/nhap-bu/").content.decode()
    assert "nội dung không xem được" in page
    for words in (PATIENT, "chuyện kín", Visit.unscoped.get().number):
        assert words not in page


def test_above_the_station_it_is_seen_by_stations_without_people(
    station: Facility, nurse: Client, pack: Pack, doctor: Practitioner, patient: Person
) -> None:
    send(nurse, cells(pack, doctor, patient, reason="chuyện riêng"))
    head = client_of(a_member("region_head", a_centre(station)))
    page = head.get("/nhap-bu/").content.decode()
    assert station.name in page and BackEntry.unscoped.get().late in page
    assert PATIENT not in page and "chuyện riêng" not in page
    assert "do từng trạm in" in head.get("/du-phong/").content.decode()
    assert head.get(f"/du-phong/{pack.pk}/goi.pdf").status_code == 403
    told = " ".join(" ".join(row) for row in exported(head))
    assert BackEntry.unscoped.get().late in told and PATIENT not in told


def exported(who: Client, query: str = "") -> list[Sequence[str]]:
    """The rows of the file that she asks for and takes."""
    answer = who.post(f"/nhap-bu/xuat/{query}", {"form_key": str(uuid7()), "reason": "Báo cáo muộn"})
    assert answer.status_code == 302, answer.content.decode()[-2000:]
    made = GuardedExport.unscoped.get()
    jobs.run_one()
    file = who.get(f"/tep-da-xuat/{made.pk}/")
    sheet: Any = load_workbook(io.BytesIO(file.content)).active
    return [[str(cell) for cell in row] for row in sheet.iter_rows(values_only=True, min_row=2)]


def test_the_workbook_of_the_head(
    station: Facility, nurse: Client, pack: Pack, doctor: Practitioner, patient: Person
) -> None:
    send(nurse, cells(pack, doctor, patient, reason="=1+1"))
    head = client_of(a_member("station_head", station, "truong.tram"))
    (row,) = exported(head)
    assert PATIENT in row and "'=1+1" in row
    assert {"export.asked", "export.made", "export.taken"} <= set(
        AuditEntry.objects.values_list("action", flat=True)
    )
    looks = ReadEntry.objects.filter(screen__in=["outage.export", "export.taken"])
    assert [look.person_ids for look in looks] == [[patient.pk]] * 2
    assert nurse.get("/nhap-bu/xuat/").status_code == 403


def test_the_workbook_holds_the_days_that_were_asked_for(
    station: Facility, nurse: Client, pack: Pack, doctor: Practitioner, patient: Person
) -> None:
    send(nurse, cells(pack, doctor, patient))
    head = client_of(a_member("station_head", station, "truong.tram"))
    answer = head.post("/nhap-bu/xuat/?tu=1/1/2020&den=2/1/2020", {"form_key": str(uuid7()), "reason": "x"})
    assert answer.status_code == 422 and not GuardedExport.unscoped.exists()
    assert head.post("/nhap-bu/xuat/", {"form_key": str(uuid7()), "reason": " "}).status_code == 422


def test_the_list_costs_the_same_at_2_and_at_20(
    nurse: Client, station: Facility, doctor: Practitioner
) -> None:
    pack, costs = a_pack(station, slips=20), []
    codes = [slip_of(pack, number).code for number in range(1, 21)]
    for upto in (2, 20):
        while (n := BackEntry.unscoped.count()) < upto:
            row = cells(None, doctor, a_person(station, f"Đinh Văn {n}"), slip=codes[n])
            assert send(nurse, row).status_code == 200
        nurse.get("/nhap-bu/")
        with CaptureQueriesContext(connection) as asked:
            nurse.get("/nhap-bu/")
        costs.append(len(asked))
    assert costs[0] == costs[1]
    assert Measurement.unscoped.count() == 20 * 5
