"""Whoever sees a person stands in the read log, by whatever way she came to see her."""

import datetime as dt
from collections.abc import Callable
from uuid import UUID

import pytest
from django.http import HttpResponse
from django.utils import timezone

from apps.core.models import ReadEntry
from apps.encounters.models import Receipt, Visit
from apps.households.models import Membership, Transfer
from apps.patients.models import DuplicatePair, Identifier, MergeRecord, Person
from tests.factories.accounts import a_member, client_of
from tests.factories.care import a_measurement, an_appointment, an_enrolment
from tests.factories.catalogues import a_code
from tests.factories.certificates import a_referral
from tests.factories.deaths import a_death
from tests.factories.dispensing import an_act
from tests.factories.encounters import a_practitioner, a_visit, an_examined_visit
from tests.factories.households import a_person_status, an_ask, an_event
from tests.factories.money import a_till, till
from tests.factories.ncd import a_plain_form
from tests.factories.orders import one_of_everything
from tests.factories.patients import a_person
from tests.security.conftest import OWN, Attacker, Here

Look = Callable[[Attacker, Here], HttpResponse]
EDITED = {"full_name": "Tên Khác", "sex": "female", "hamlet": "outside", "life_status": "alive"}


def member(own: Here) -> str:
    row = Membership.unscoped.get(person=own.person)
    return f"/ho/{own.household.pk}/thanh-vien/{row.pk}"


def pair(own: Here) -> UUID:
    """Of her and of somebody who may be her."""
    a, b = sorted((own.person, a_person(own.station)), key=lambda each: each.pk)
    return DuplicatePair.unscoped.create(a=a, b=b, station=own.station, score=90, facts="").pk


def merged(own: Here) -> MergeRecord:
    """A record that was merged into hers."""
    old = a_person(own.station, merged_into=own.person)
    return MergeRecord.unscoped.create(old=old, kept=own.person, station=own.station, at=timezone.now())


def waiting(own: Here) -> Visit:
    """She waits in the queue."""
    doctor = own.visit.performer
    assert doctor is not None
    return a_visit(own.person, doctor)


def begun(own: Here) -> Visit:
    """Her visit is begun and not ended."""
    doctor = own.visit.performer
    assert doctor is not None
    return an_examined_visit(own.person, doctor)


def issued(own: Here) -> UUID:
    """A referral of hers that nobody has answered."""
    doctor = own.finished.performer
    assert doctor is not None
    return a_referral(own.finished, doctor).pk


def unpaid(own: Here) -> UUID:
    """Her receipt that is not paid yet."""
    receipt = a_till(own.visit)
    Receipt.unscoped.filter(pk=receipt.pk).update(state="waiting")
    return receipt.pk


def order(own: Here) -> UUID:
    """One that waits, of her visit."""
    return one_of_everything(own.visit, a_practitioner(own.station)).order.pk


WAYS: dict[str, Look] = {
    "picker": lambda who, own: who.post("/danh-muc/chon/person/", q="dinh"),
    "name of a chosen code": lambda who, own: who.post("/nguoi/moi/", mother=own.person.code),
    "chosen member": lambda who, own: who.post(f"/ho/{own.household.pk}/thanh-vien/", person=own.person.code),
    "home": lambda who, own: who.get("/"),
    "person": lambda who, own: who.get(f"/nguoi/{own.person.pk}/"),
    "refused edit": lambda who, own: who.post(f"/nguoi/{own.person.pk}/sua/"),
    "conflict": lambda who, own: who.post(f"/nguoi/{own.person.pk}/sua/", version=99, **EDITED),
    "refused number": lambda who, own: who.post(f"/nguoi/{own.person.pk}/giay-to/"),
    "refused card": lambda who, own: who.post(f"/nguoi/{own.person.pk}/the-bhyt/"),
    "health record": lambda who, own: who.get(f"/nguoi/{own.person.pk}/ho-so/"),
    "section of it": lambda who, own: who.get(f"/nguoi/{own.person.pk}/ho-so/luc-sinh/"),
    "line of it": lambda who, own: who.get(f"/nguoi/{own.person.pk}/ho-so/khac/them/"),
    "refused section": lambda who, own: who.post(f"/nguoi/{own.person.pk}/ho-so/luc-sinh/", weight_g="35"),
    "its versions": lambda who, own: who.get(f"/nguoi/{own.person.pk}/ho-so/cac-ban/"),
    "due for review": lambda who, own: who.get("/nguoi/ho-so/den-han/"),
    "household": lambda who, own: who.get(f"/ho/{own.household.pk}/"),
    "splitting": lambda who, own: who.get(f"/ho/{own.household.pk}/tach/"),
    "merging families": lambda who, own: who.get(f"/ho/{own.household.pk}/nhap-vao/"),
    "moving away": lambda who, own: who.get(f"/ho/{own.household.pk}/chuyen-di/"),
    "refused absence": lambda who, own: who.post(f"/ho/{own.household.pk}/tam-vang/"),
    "marriage": lambda who, own: who.get(f"{member(own)}/ket-hon/"),
    "divorce": lambda who, own: who.get(f"{member(own)}/ly-hon/"),
    "household picker": lambda who, own: who.post("/danh-muc/chon/household/", q="dinh"),
    "history of a household": lambda who, own: (
        an_event(own.household, "head", own.person) and who.get(f"/ho/{own.household.pk}/lich-su/")
    ),
    "statuses": lambda who, own: who.get(f"/ho/{own.household.pk}/dien/"),
    "status of a person": lambda who, own: who.get(f"/ho/{own.household.pk}/dien/nguoi/"),
    "end of a status": lambda who, own: who.get(
        f"/ho/{own.household.pk}/dien/{a_person_status(own.person).pk}/"
    ),
    "withdrawal": lambda who, own: who.get(
        f"/ho/{own.household.pk}/lich-su/{an_event(own.household, 'absent', own.person).pk}/rut-lai/"
    ),
    "leaving": lambda who, own: who.get(f"{member(own)}/roi/"),
    "relation": lambda who, own: who.get(f"{member(own)}/quan-he/"),
    "reception": lambda who, own: who.get(f"/kham/tiep-nhan/{own.person.pk}/"),
    "refused reception": lambda who, own: who.post(f"/kham/tiep-nhan/{own.person.pk}/", payer="x"),
    "reception of a family": lambda who, own: who.get(f"/kham/tiep-nhan/ho/{own.household.pk}/"),
    "number": lambda who, own: who.get(f"/kham/{own.visit.pk}/so/"),
    "numbers of a family": lambda who, own: who.get(f"/kham/so/?luot={own.visit.pk}"),
    "reception changed": lambda who, own: who.get(f"/kham/{own.visit.pk}/tiep-nhan/"),
    "queue": lambda who, own: waiting(own) and who.get("/kham/hang-cho/"),
    "leaving unseen": lambda who, own: who.get(f"/kham/{waiting(own).pk}/bo-ve/"),
    "visits that are not over": lambda who, own: begun(own) and who.get("/kham/con-do/"),
    "visit": lambda who, own: who.get(f"/kham/{own.visit.pk}/"),
    "bill": lambda who, own: who.get(f"/kham/{own.visit.pk}/thu-tien/"),
    "refused payment": lambda who, own: who.post(f"/kham/{own.visit.pk}/thu-tien/thu/"),
    "refused line of a bill": lambda who, own: who.post(f"/kham/{own.visit.pk}/thu-tien/khoan/"),
    "refused terms of a bill": lambda who, own: who.post(f"/kham/{own.visit.pk}/thu-tien/cach-tinh/"),
    "receipt": lambda who, own: who.get(f"/kham/bien-lai/{a_till(own.visit).pk}/"),
    "refused paying of a receipt": lambda who, own: who.post(
        f"/kham/bien-lai/{a_till(own.visit).pk}/da-thu/", given="nhiều"
    ),
    "voiding a receipt": lambda who, own: who.get(f"/kham/bien-lai/{a_till(own.visit).pk}/huy/"),
    "cash book": lambda who, own: a_till(own.visit) and who.get("/kham/so-quy/"),
    "refused closing": lambda who, own: a_till(own.visit) and who.post("/kham/so-quy/khoa/"),
    "unpaid visits": lambda who, own: till() or who.get("/kham/so-quy/chua-thu/"),
    "waiting receipts": lambda who, own: unpaid(own) and who.get("/kham/so-quy/cho-thu/"),
    "refused visit": lambda who, own: who.post(f"/kham/{own.visit.pk}/", version="x"),
    "refused amendment": lambda who, own: who.post(f"/kham/{own.finished.pk}/sua-doi/", version="x"),
    "entered in error": lambda who, own: who.get(f"/kham/{own.finished.pk}/nhap-nham/"),
    "refused error": lambda who, own: who.post(f"/kham/{own.finished.pk}/nhap-nham/"),
    "form of a paper": lambda who, own: who.get(f"/kham/{own.finished.pk}/giay/tom-tat/"),
    "refused paper": lambda who, own: who.post(f"/kham/{own.finished.pk}/giay/tom-tat/"),
    "issued paper": lambda who, own: who.get(f"/kham/giay/{issued(own)}/"),
    "issued papers": lambda who, own: issued(own) and who.get("/kham/giay/"),
    "unanswered referrals": lambda who, own: issued(own) and who.get("/kham/giay/chua-phan-hoi/"),
    "answer to a referral": lambda who, own: who.get(f"/kham/giay/{issued(own)}/phan-hoi/"),
    "measurements": lambda who, own: who.get(f"/nguoi/{own.person.pk}/chi-so/"),
    "one series": lambda who, own: who.get(f"/nguoi/{own.person.pk}/chi-so/can-nang/"),
    "growth": lambda who, own: who.get(f"/nguoi/{own.person.pk}/tang-truong/"),
    "refused measuring": lambda who, own: who.post(f"/nguoi/{own.person.pk}/chi-so/them/"),
    "taking into a programme": lambda who, own: who.get(f"/nguoi/{own.person.pk}/quan-ly/"),
    "making an appointment": lambda who, own: who.get(f"/nguoi/{own.person.pk}/hen/"),
    "wrong person": lambda who, own: who.get(f"/kham/{own.finished.pk}/nham-nguoi/"),
    "refused wrong person": lambda who, own: who.post(f"/kham/{own.finished.pk}/nham-nguoi/"),
    "versions": lambda who, own: who.get(f"/kham/{own.finished.pk}/cac-ban/"),
    "orders of a visit": lambda who, own: who.get(f"/kham/{own.visit.pk}/chi-dinh/"),
    "one order": lambda who, own: who.get(f"/kham/chi-dinh/{order(own)}/"),
    "refused result": lambda who, own: who.post(f"/kham/chi-dinh/{order(own)}/ket-qua/", version="1"),
    "refused file": lambda who, own: who.post(f"/kham/{own.visit.pk}/tep/", title=""),
    "what waits to be done": lambda who, own: order(own) and who.get("/kham/cho-thuc-hien/"),
    "giving out": lambda who, own: who.get(f"/kham/{own.finished.pk}/cap-phat/"),
    "an act of giving": lambda who, own: who.get(f"/kham/cap-phat/{an_act(own.finished).pk}/"),
    "what came back": lambda who, own: who.get(f"/kham/cap-phat/{an_act(own.finished).pk}/tra-lai/"),
    "who waits for medicines": lambda who, own: who.get("/kham/cap-phat/?ngay=tat-ca"),
    "newborn": lambda who, own: who.get(f"/nguoi/{own.person.pk}/tre-moi-sinh/"),
    "missing": lambda who, own: who.get(f"/nguoi/{own.person.pk}/mat-tich/"),
    "refused newborn": lambda who, own: who.post(f"/nguoi/{own.person.pk}/tre-moi-sinh/"),
    "number's change": lambda who, own: who.get(
        f"/nguoi/{own.person.pk}/giay-to/{Identifier.unscoped.get(person=own.person).pk}/"
    ),
    "register A1": lambda who, own: who.get("/kham/so-a1/"),
    "death form": lambda who, own: who.get(f"/nguoi/{own.person.pk}/tu-vong/"),
    "refused death": lambda who, own: who.post(f"/nguoi/{own.person.pk}/tu-vong/"),
    "API": lambda who, own: who.get("/api/people/"),
    "possible duplicates": lambda who, own: pair(own) and who.get("/nguoi/trung/"),
    "two records side by side": lambda who, own: who.get(f"/nguoi/trung/{pair(own)}/"),
    "a merge refused": lambda who, own: who.post(f"/nguoi/trung/{pair(own)}/"),
    "looking for duplicates": lambda who, own: who.get(f"/nguoi/{own.person.pk}/trung/"),
    "a record that was merged": lambda who, own: who.get(f"/nguoi/{merged(own).old_id}/"),
    "a merge to be taken back": lambda who, own: who.get(f"/nguoi/lan-gop/{merged(own).pk}/"),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_look_is_logged(own: Here, nurse: Attacker, way: str) -> None:
    response = WAYS[way](nurse, own)
    assert OWN in response.content.decode(), "this way shows nobody any more"
    assert ReadEntry.objects.filter(person_ids__contains=[own.person.pk]).exists()


DEATH_WAYS: dict[str, str] = {
    "death": "",
    "amending a death": "sua-doi/",
    "taking back a death": "ghi-nham/",
    "versions of a death": "cac-ban/",
    "review of a death": "tham-dinh/",
}


@pytest.mark.parametrize("way", DEATH_WAYS)
def test_a_look_at_a_death_is_logged(own: Here, way: str) -> None:
    death = a_death(own.person, maternal="pregnant")
    head = client_of(a_member("station_head", own.station))
    assert OWN in head.get(f"/tu-vong/{death.pk}/{DEATH_WAYS[way]}").content.decode()
    assert ReadEntry.objects.filter(person_ids=[own.person.pk], screen__startswith="death.").exists()


def test_the_register_of_deaths_is_logged(own: Here, nurse: Attacker) -> None:
    a_death(own.person)
    assert OWN in nurse.get("/tu-vong/?tu=1/1/2020").content.decode()
    assert ReadEntry.objects.filter(person_ids=[own.person.pk], screen="deaths.a6.page").exists()


def test_who_stands_in_no_register_is_logged(own: Here, nurse: Attacker) -> None:
    Person.unscoped.filter(pk=own.person.pk).update(life_status="dead")
    assert OWN in nurse.get("/tu-vong/chua-ghi/").content.decode()
    assert ReadEntry.objects.filter(person_ids=[own.person.pk], screen="death.unrecorded").exists()


def test_who_waits_to_be_taken_in_is_logged(own: Here, nurse: Attacker) -> None:
    event = an_event(own.household, "departed", own.person)
    part = event.people(manager="unscoped").get()
    Transfer.unscoped.create(part=part, from_station=own.station, station=own.station)
    for path in ("", f"{event.pk}/", f"{event.pk}/khong-ve/"):
        assert OWN in nurse.get(f"/ho/chuyen-den/{path}").content.decode()
    looks = ReadEntry.objects.filter(person_ids=[own.person.pk], screen="household.newcomers")
    assert looks.count() == 3


def test_who_is_asked_for_is_logged(own: Here, nurse: Attacker) -> None:
    ask = an_ask(own.person, own.station)
    for path in ("", f"{ask.pk}/", f"{ask.pk}/khong-cho/"):
        assert OWN in nurse.get(f"/ho/xin-chuyen/{path}").content.decode()
    looks = ReadEntry.objects.filter(person_ids=[own.person.pk], screen="household.asks")
    assert looks.count() == 3


def test_a_conflict_of_a_visit_is_logged(own: Here, nurse: Attacker) -> None:
    response = nurse.post(f"/kham/{own.visit.pk}/", version="77", reason="khác")
    assert response.status_code == 409
    assert ReadEntry.objects.filter(screen="visit.page", person_ids=[own.person.pk]).exists()


def test_papers_of_the_till_and_its_receipts_over_the_api_are_logged(own: Here) -> None:
    receipt = a_till(own.visit)
    head = client_of(a_member("station_head", own.station))
    for way, screen in (
        (f"/kham/bien-lai/{receipt.pk}/bien-lai.pdf", "money.paper"),
        (f"/kham/bien-lai/{receipt.pk}/hoan-tien/", "money.receipt"),
        ("/kham/so-quy/so-quy.pdf", "money.cash_paper"),
        ("/api/receipts/", "money.api"),
    ):
        assert head.get(way).status_code == 200, way
        assert ReadEntry.objects.filter(person_ids=[own.person.pk], screen=screen).exists(), way


def test_figures_over_the_api_are_logged(own: Here, nurse: Attacker) -> None:
    a_measurement(own.person)
    for way in ("/api/measurements/", f"/api/measurements/growth/?person={own.person.pk}"):
        before = ReadEntry.objects.count()
        assert nurse.get(way).status_code == 200, way
        entry = ReadEntry.objects.order_by("at").last()
        assert ReadEntry.objects.count() == before + 1 and entry is not None, way
        assert entry.screen == "care.api" and own.person.pk in entry.person_ids, way


def test_issued_papers_their_prints_and_the_api_are_logged(own: Here) -> None:
    pk = issued(own)
    head = client_of(a_member("station_head", own.station))
    for way, screen in (
        (f"/kham/giay/{pk}/giay.pdf", "certificate.paper"),
        (f"/kham/giay/{pk}/huy/", "certificate.page"),
        ("/api/certificates/", "certificate.api"),
    ):
        assert head.get(way).status_code == 200, way
        assert ReadEntry.objects.filter(person_ids=[own.person.pk], screen=screen).exists(), way


def test_the_diary_and_the_recall_list_are_logged(own: Here, nurse: Attacker) -> None:
    today = timezone.localdate()
    row = an_appointment(own.person, today - dt.timedelta(days=1))
    yesterday = f"{row.on:%d/%m/%Y}"
    ways = (
        f"/lich-hen/?ngay={yesterday}",
        f"/lich-hen/?ngay={yesterday}&xem=tuan",
        "/lich-hen/chua-den/",
        f"/lich-hen/{row.pk}/doi/",
        f"/lich-hen/{row.pk}/huy/",
        f"/lich-hen/{row.pk}/goi/",
    )
    for way in ways:
        before = ReadEntry.objects.count()
        assert OWN in nurse.get(way).content.decode(), way
        assert ReadEntry.objects.count() == before + 1, way
    assert nurse.get("/lich-hen/chua-den/in/").status_code == 200
    assert ReadEntry.objects.order_by("seq").last().person_ids == [own.person.pk]


def test_programmes_are_logged(own: Here, nurse: Attacker) -> None:
    row = an_enrolment(own.person, "hypertension")
    a_code("care_programme", "hypertension", "Tăng huyết áp")
    for way in ("/chuong-trinh/", f"/chuong-trinh/{row.pk}/", f"/chuong-trinh/{row.pk}/ket-thuc/"):
        before = ReadEntry.objects.count()
        assert OWN in nurse.get(way).content.decode(), way
        assert ReadEntry.objects.count() == before + 1, way


def test_chronic_diseases_are_logged(own: Here) -> None:
    row = an_enrolment(own.person, "hypertension")
    form = a_plain_form(own.visit, row)
    head = client_of(a_member("station_head", own.station))
    for way in (
        "/man-tinh/?muc=tat-ca",
        f"/man-tinh/kham/{own.visit.pk}/{row.pk}/",
        f"/man-tinh/phieu/{form.pk}/",
        "/man-tinh/so-a/",
        "/api/follow-ups/",
    ):
        before = ReadEntry.objects.count()
        assert head.get(way).status_code == 200, way
        assert ReadEntry.objects.count() == before + 1, way
        assert own.person.pk in ReadEntry.objects.order_by("seq").last().person_ids, way
    for way in ("/man-tinh/danh-sach.pdf?muc=tat-ca", "/man-tinh/so-a/so.pdf"):
        assert head.get(way)["content-type"] == "application/pdf"
        assert own.person.pk in ReadEntry.objects.order_by("seq").last().person_ids, way


def test_a_list_of_a_target_group_is_logged(own: Here, nurse: Attacker) -> None:
    for way in ("/doi-tuong/?nhom=women_15_49", "/doi-tuong/in/?nhom=women_15_49"):
        before = ReadEntry.objects.count()
        assert nurse.get(way).status_code == 200
        assert ReadEntry.objects.filter(person_ids__contains=[own.person.pk]).exists()
        assert ReadEntry.objects.count() == before + 1, way
    assert OWN not in nurse.get("/doi-tuong/").content.decode()
