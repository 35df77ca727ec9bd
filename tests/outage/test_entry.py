"""Back-entry: a slip becomes a visit of its own day, once, whole or not at all."""

import datetime as dt
import threading
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from apps.care.models import Measurement
from apps.core.models import AuditEntry, Parameter
from apps.encounters import leaving as visits
from apps.encounters.models import Visit
from apps.facilities.models import Facility, Post, Practitioner
from apps.outage.models import BackEntry, Pack
from apps.patients.models import Allergy, Person
from apps.sync.models import OutboxRow, Receiver
from tests.encounters.conftest import signed_in
from tests.factories import encounters as make
from tests.factories.accounts import a_member, client_of
from tests.factories.catalogues import an_icd10
from tests.factories.patients import a_person, a_station, an_allergy
from tests.outage.conftest import a_pack, cells, send, slip_of


def errors(answer: Any) -> dict[str, str]:
    assert answer.status_code == 422, answer.content
    found: dict[str, str] = answer.json()["errors"]
    return found


def nothing_written() -> bool:
    return (
        not Visit.unscoped.exists() and not BackEntry.unscoped.exists() and not Measurement.unscoped.exists()
    )


def test_it_works(nurse: Client, pack: Pack, doctor: Practitioner, patient: Person) -> None:
    answer = send(nurse, cells(pack, doctor, patient))
    assert answer.status_code == 200, answer.content
    visit = Visit.unscoped.get()
    day = timezone.localdate() - dt.timedelta(days=1)
    assert answer.json()["done"] and answer.json()["url"] == f"/kham/{visit.pk}/"
    assert visit.entry_mode == "back_entered" and visit.performer == doctor
    assert (visit.on, timezone.localtime(visit.occurred_at).time()) == (day, dt.time(7, 30))
    assert visit.started_at == visit.occurred_at and visit.recorded_at > visit.occurred_at
    assert visit.number == f"{day.year}-000001" and visit.queue_no == 1
    assert visit.state == "awaiting_signature", "a nurse's visit waits for the doctor like any other"
    assert "J06.9" in visit.summary and visit.treatment_text == "Uống nhiều nước"
    assert {row.occurred_at for row in Measurement.unscoped.all()} == {visit.occurred_at}
    assert set(Measurement.unscoped.values_list("entry_mode", flat=True)) == {"back_entered"}
    entry = BackEntry.unscoped.get()
    assert (entry.object_id, entry.person_id, entry.slip) == (visit.pk, patient.pk, slip_of(pack))
    told = AuditEntry.objects.get(action="outage.back_entered")
    assert told.person_id == patient.pk and told.data["kind"] == "Lượt khám"
    assert {"giờ", "ngày"} & set(told.data["late"].split()), "since yesterday's 07:30, whatever o'clock it is"


def test_it_goes_to_receivers_like_any_visit(
    station: Facility, pack: Pack, doctor: Practitioner, patient: Person
) -> None:
    Receiver.objects.create(code="kho", name="Kho dữ liệu", base_url="https://kho.invalid")
    client = signed_in("doctor", doctor, "binh.tv")
    assert send(client, cells(pack, doctor, patient)).status_code == 200
    visit = Visit.unscoped.get()
    assert visit.state == "finalised" and visit.signed_at > visit.occurred_at
    assert OutboxRow.unscoped.get().aggregate_id == visit.pk
    from apps.core.scope import system

    with system("test"):
        travels = visits.visit_for_sync(visit.pk)
    assert travels.start == travels.end == visit.occurred_at


def test_medicines_may_still_be_prescribed(
    nurse: Client, pack: Pack, doctor: Practitioner, patient: Person
) -> None:
    assert "đang khám" in send(nurse, cells(pack, doctor, patient, after="open")).json()["message"]
    assert Visit.unscoped.get().state == "in_progress"


def test_everything_that_the_slip_asks_for_has_its_place(
    nurse: Client, pack: Pack, doctor: Practitioner, patient: Person
) -> None:
    said = {"allergies": "Hải sản; Penicilin", "breathing": "22", "spo2": "97", "examination": "Họng đỏ"}
    answer = send(nurse, cells(pack, doctor, patient, follow_up_on="7", **said))
    assert answer.status_code == 200, answer.content
    visit = Visit.unscoped.get()
    assert visit.examination == "Họng đỏ" and visit.follow_up_on == visit.on + dt.timedelta(days=7)
    assert {row.substance: row.noted_on for row in Allergy.unscoped.all()} == {
        "Hải sản": visit.on,
        "Penicilin": visit.on,
    }
    values = dict(Measurement.unscoped.values_list("code", "value"))
    assert (values["9279-1"], values["59408-5"]) == (22, 97)


@pytest.mark.parametrize("written", ["Không", "không, ko", " ; ", "penicilin"])
def test_an_allergy_that_is_none_or_known_is_written_once(
    written: str, nurse: Client, pack: Pack, doctor: Practitioner, patient: Person
) -> None:
    an_allergy(patient, "Penicilin")
    assert send(nurse, cells(pack, doctor, patient, allergies=written)).status_code == 200
    assert Allergy.unscoped.count() == 1


def test_an_allergy_of_the_slip_is_asked_about_before_its_medicines(
    station: Facility, pack: Pack, doctor: Practitioner, patient: Person
) -> None:
    client = signed_in("doctor", doctor, "binh.tv")
    row = cells(pack, doctor, patient, allergies="Paracetamol", drug1="TD001.1", use1="1 x 2 x 5")
    assert "dị ứng Paracetamol" in errors(send(client, row))["keep"]
    assert not Allergy.unscoped.exists() and nothing_written()
    assert send(client, row | {"keep": "đã dùng nhiều lần, không sao"}).status_code == 200


@pytest.mark.parametrize(
    ("column", "written"), [("follow_up_on", "mai"), ("allergies", "x" * 151), ("spo2", "chín bảy")]
)
def test_what_cannot_be_read_is_said_at_its_cell(
    column: str, written: str, nurse: Client, pack: Pack, doctor: Practitioner, patient: Person
) -> None:
    assert column in errors(send(nurse, cells(pack, doctor, patient, **{column: written})))
    assert nothing_written() and not Allergy.unscoped.exists()


def test_the_number_is_of_the_events_year(
    nurse: Client, pack: Pack, doctor: Practitioner, patient: Person
) -> None:
    an_icd10("J06.9", edition="qd4469")
    last = f"31/12/{timezone.localdate().year - 1}"
    answer = send(nurse, cells(pack, doctor, patient, day=last, reason="Phiếu tìm thấy khi kiểm kê"))
    assert answer.status_code == 200, answer.content
    assert Visit.unscoped.get().number.startswith(f"{timezone.localdate().year - 1}-")


def test_the_same_row_again_is_the_same_visit(
    nurse: Client, pack: Pack, doctor: Practitioner, patient: Person
) -> None:
    data = cells(pack, doctor, patient)
    first, again = send(nurse, data), send(nurse, data)
    assert first.json() == again.json() and Visit.unscoped.count() == 1
    other = send(nurse, data | {"visit_reason": "Khác hẳn"})
    assert other.status_code == 409 and "đã lưu" in other.json()["message"].lower()
    assert Visit.unscoped.count() == 1


def test_the_key_of_another_stations_row_tells_nothing(
    nurse: Client, pack: Pack, doctor: Practitioner, patient: Person
) -> None:
    data = cells(pack, doctor, patient)
    send(nurse, data)
    number = Visit.unscoped.get().number
    BackEntry.unscoped.update(facility=a_station("21490", "Trạm Y tế xã Ba Vì"))
    answer = send(nurse, data)
    assert answer.status_code == 403 and number not in answer.content.decode()


def test_a_code_is_used_once(nurse: Client, pack: Pack, doctor: Practitioner, patient: Person) -> None:
    send(nurse, cells(pack, doctor, patient))
    wrong = errors(send(nurse, cells(pack, doctor, patient, time="9h")))
    assert "đã được" in wrong["slip"] and "nhập lúc" in wrong["slip"]
    assert Visit.unscoped.count() == 1


def test_another_stations_code_and_an_unknown_one_are_refused(
    nurse: Client, doctor: Practitioner, patient: Person
) -> None:
    foreign = a_pack(a_station("21490", "Trạm Y tế xã Ba Vì"))
    code = slip_of(foreign).code
    unknown = "BCFG-HJKK-MN"
    said = [errors(send(nurse, cells(None, doctor, patient, slip=text)))["slip"] for text in (code, unknown)]
    assert said[0] == said[1], "a foreign code must not be told from one that is none"
    assert "không phải của phiếu nào do trạm in" in said[0]
    assert nothing_written()


def test_without_a_slip_one_says_from_which_paper(
    nurse: Client, doctor: Practitioner, patient: Person
) -> None:
    data = cells(None, doctor, patient)
    assert "từ giấy nào" in errors(send(nurse, data))["reason"]
    assert send(nurse, data | {"reason": "Sổ tay trực của hộ sinh"}).status_code == 200
    assert BackEntry.unscoped.get().slip is None


def test_the_future_is_refused(nurse: Client, pack: Pack, doctor: Practitioner, patient: Person) -> None:
    tomorrow = f"{timezone.localdate() + dt.timedelta(days=1):%d/%m/%Y}"
    assert "chưa tới" in errors(send(nurse, cells(pack, doctor, patient, day=tomorrow)))["day"]
    assert nothing_written()


def test_what_is_old_asks_for_a_reason(
    nurse: Client, pack: Pack, doctor: Practitioner, patient: Person
) -> None:
    old = f"{timezone.localdate() - dt.timedelta(days=4):%d/%m/%Y}"
    data = cells(pack, doctor, patient, day=old)
    assert "Muộn hơn 3 ngày" in errors(send(nurse, data))["reason"]
    Parameter.objects.filter(key="outage.reason_after_days").update(value=10)
    assert send(nurse, data).status_code == 200


@pytest.mark.parametrize("who", ["", "x", "00000000-0000-0000-0000-000000000000"])
def test_an_unknown_practitioner_is_refused(
    nurse: Client, pack: Pack, doctor: Practitioner, patient: Person, who: str
) -> None:
    assert errors(send(nurse, cells(pack, doctor, patient, who=who)))["who"]
    assert nothing_written()


def test_the_performer_must_have_been_there_and_licensed(
    nurse: Client, station: Facility, pack: Pack, doctor: Practitioner, patient: Person
) -> None:
    stranger = make.a_practitioner(a_station("21490", "Trạm Y tế xã Ba Vì"), "Người Trạm Khác")
    assert "Không có người hành nghề" in errors(send(nurse, cells(pack, stranger, patient)))["who"]
    Practitioner.objects.filter(pk=doctor.pk).update(valid_from=timezone.localdate())
    assert "không hành nghề tại trạm ngày" in errors(send(nurse, cells(pack, doctor, patient)))["who"]
    none = make.a_practitioner(station, "Chưa Có Phép", can_sign=False, grade="nurse", licence_no="")
    assert "giấy phép hay vị trí" in errors(send(nurse, cells(pack, none, patient)))["who"]
    pharmacist = make.a_practitioner(station, "Dược Sĩ", grade="pharmacist", can_sign=False, licence_no="9")
    assert "không được khám bệnh" in errors(send(nurse, cells(pack, pharmacist, patient)))["who"]
    assert nothing_written()
    post = a_member("nurse", station, "chua.cp").posts.get()
    Post.objects.filter(pk=post.pk).update(practitioner=none, valid_from=None)
    assert send(nurse, cells(pack, none, patient)).status_code == 200


@pytest.mark.parametrize(
    ("change", "column"),
    [
        ({"day": ""}, "day"),
        ({"day": "31/2/2026"}, "day"),
        ({"time": ""}, "time"),
        ({"time": "25h"}, "time"),
        ({"person": ""}, "person"),
        ({"person": "P9999999"}, "person"),
        ({"visit_reason": " "}, "visit_reason"),
        ({"temperature": "nóng"}, "temperature"),
        ({"temperature": "99"}, "temperature"),
        ({"pressure": "120"}, "pressure"),
        ({"weight": "9" * 30}, "weight"),
        ({"main": ""}, "main"),
        ({"main": "ZZZ"}, "main"),
        ({"row": "x"}, ""),
    ],
)
def test_bad_input_stands_in_its_cell_and_writes_nothing(
    nurse: Client, pack: Pack, doctor: Practitioner, patient: Person, change: dict[str, str], column: str
) -> None:
    assert column in errors(send(nurse, cells(pack, doctor, patient, **change)))
    assert nothing_written()


def test_odd_figures_and_a_second_visit_that_day_ask_for_a_reason_of_their_own(
    nurse: Client, pack: Pack, doctor: Practitioner, patient: Person
) -> None:
    day = timezone.now() - dt.timedelta(days=1)
    make.a_visit(patient, doctor, at=day)
    data = cells(pack, doctor, patient, reason="Mất điện cả ngày")
    assert "đã có lượt khám" in errors(send(nurse, data))["keep"]
    assert send(nurse, data | {"keep": "Đến lần nữa buổi chiều"}).status_code == 200


def test_before_birth_and_after_death(
    nurse: Client, pack: Pack, doctor: Practitioner, patient: Person
) -> None:
    Person.unscoped.filter(pk=patient.pk).update(birth_date=timezone.localdate())
    assert "sau ngày trên phiếu" in errors(send(nurse, cells(pack, doctor, patient)))["person"]
    Person.unscoped.filter(pk=patient.pk).update(
        birth_date=dt.date(1990, 1, 1), life_status="dead", died_on=dt.date(2025, 1, 1)
    )
    assert "đã mất" in errors(send(nurse, cells(pack, doctor, patient)))["person"]
    assert nothing_written()


def test_a_stranger_to_the_catchment_is_not_found(nurse: Client, pack: Pack, doctor: Practitioner) -> None:
    foreigner = a_person(a_station("21490", "Trạm Y tế xã Ba Vì"), "Hồ Thị Bảy Lạ")
    assert "Không có người" in errors(send(nurse, cells(pack, doctor, foreigner)))["person"]


def test_who_may_not_enter_visits_may_not_back_enter(
    station: Facility, pack: Pack, doctor: Practitioner, patient: Person
) -> None:
    for role, status in (("pharmacist", 404), ("population", 403), ("village_worker", 403)):
        client = client_of(a_member(role, station))
        assert send(client, cells(pack, doctor, patient)).status_code == status
        assert client.get("/nhap-bu/kham/").status_code == status
    assert nothing_written()


@pytest.mark.django_db(transaction=True)
def test_two_nurses_enter_one_slip_at_once() -> None:
    make.catalogues()
    station = a_station()
    doctor, patient = make.a_practitioner(station), a_person(station)
    pack, clients = a_pack(station, slips=1), []
    for name in ("thu.lt", "hoa.nt"):
        hers = make.a_practitioner(station, name, grade="nurse", can_sign=False, licence_no=name)
        clients.append(signed_in("nurse", hers, name))
    answers: list[int] = []
    ready = threading.Barrier(2)

    def enter(client: Client, time: str) -> None:
        ready.wait()
        answers.append(send(client, cells(pack, doctor, patient, time=time)).status_code)
        connection.close()

    threads = [
        threading.Thread(target=enter, args=(client, time))
        for client, time in zip(clients, ("7h", "8h"), strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200, 422]
    assert Visit.unscoped.count() == BackEntry.unscoped.count() == 1


@pytest.mark.django_db(transaction=True)
def test_one_row_sent_twice_at_once() -> None:
    make.catalogues()
    station = a_station()
    doctor, patient = make.a_practitioner(station), a_person(station)
    nurse = make.a_practitioner(station, "Thu", grade="nurse", can_sign=False, licence_no="7")
    signed_in("nurse", nurse, "thu.lt")
    from apps.accounts.models import User

    data, user = (
        cells(a_pack(station), doctor, patient),
        User.objects.get(username="thu.lt"),
    )
    answers: list[Any] = []
    clients = [client_of(user), client_of(user)]
    ready = threading.Barrier(2)

    def enter(client: Client) -> None:
        ready.wait()
        answers.append(send(client, data))
        connection.close()

    threads = [threading.Thread(target=enter, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.status_code for answer in answers] == [200, 200]
    assert Visit.unscoped.count() == 1
