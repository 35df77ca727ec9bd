"""Dispensing, papers of visits, chronic diseases, shifts, stock on paper, files: a stranger's ids in every
address and box, figures that no figure is, two acts of one.
"""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import Role
from apps.care.models import Enrolment
from apps.core.ids import uuid7
from apps.core.models import PendingChange
from apps.encounters.inputs import LineInput
from apps.encounters.models import Attachment, Certificate, Dispensing, Visit
from apps.facilities.models import Practitioner
from apps.ncd.models import FollowUp
from apps.shifts.models import ShiftHandover
from apps.stock.models import StockDocument, StockLocation
from tests.factories import certificates as papers
from tests.factories import dispensing as give
from tests.factories import encounters as make
from tests.factories import ncd
from tests.factories.accounts import PASSWORD, a_member, client_of
from tests.factories.catalogues import a_code
from tests.factories.patients import a_person
from tests.factories.stock import an_item
from tests.security.conftest import Attacker, Here

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate
NO_NUMBERS = ("NaN", "Infinity", "-1", "1e30", "9" * 40, "0x1", "1_0", "", " ", "١٠٠٠٠", "1\x000")
MARKUP = "<script>alert(1)</script>"


@pytest.fixture
def head(own: Here) -> Attacker:
    return Attacker(client_of(a_member("station_head", own.station)))


# --- giving medicines out


def a_shelf(here: Here) -> tuple[StockLocation, Any, Any]:
    """A desk with paracetamol, and its visit with ten tablets prescribed."""
    desk = give.a_desk(here.station)
    lot = give.a_stock(desk)
    here.finished.refresh_from_db()
    return desk, lot, here.finished


def asked(visit: Visit, desk: Any, lot: Any, quantity: Any = "1", code: str = "TD001.1", **line: Any) -> Any:
    said = {"line": str(give.line_of(visit, code).pk), "quantity": quantity, "item": str(lot.item_id)}
    return {
        "visit": str(visit.pk), "version": visit.version, "location": str(desk.pk), "lines": [said | line],
        "override": "thử",
    }  # fmt: skip


@pytest.fixture
def pharmacist(own: Here) -> Attacker:
    give.rules()
    who = make.a_practitioner(own.station, "Lê Thị Dược", grade="pharmacist", can_sign=False)
    user = a_member("pharmacist", own.station)
    user.posts.update(practitioner=who)
    return Attacker(client_of(user))


@pytest.mark.parametrize("quantity", NO_NUMBERS)
def test_no_quantity_moves_the_stock(own: Here, pharmacist: Attacker, quantity: str) -> None:
    desk, lot, visit = a_shelf(own)
    for line in ({"quantity": quantity}, {"quantity": "1", "taken": quantity or None}):
        answer = pharmacist.api("/api/dispensings/", asked(visit, desk, lot, **line))
        assert answer.status_code in (201, 400, 422), answer.status_code
    key = str(give.line_of(visit).pk)
    boxes = {f"{key}-give": quantity, f"{key}-item": str(lot.item_id), "location": str(desk.pk)}
    answer = pharmacist.post(reverse("encounters:dispense", args=[visit.pk]), version=visit.version, **boxes)
    assert answer.status_code in (302, 422), answer.status_code
    assert 90 <= give.at(lot) <= 100
    give.agrees()


def test_nothing_of_another_station_is_given_out(own: Here, foreign: Here, pharmacist: Attacker) -> None:
    desk, lot, visit = a_shelf(own)
    theirs, their_lot, their_visit = a_shelf(foreign)
    tries = [
        asked(visit, theirs, lot),
        asked(visit, desk, their_lot),
        asked(visit, theirs, their_lot),
        asked(their_visit, desk, lot),
        asked(visit, desk, lot) | {"lines": asked(their_visit, desk, lot)["lines"]},
        asked(visit, desk, lot) | {"location": str(uuid7())},
        asked(visit, desk, lot) | {"location": None},
        asked(visit, desk, lot) | {"version": visit.version + 1},
        asked(visit, desk, lot) | {"performer": str(uuid7())},
        asked(visit, desk, lot) | {"state": "completed"},
    ]
    for said in tries:
        answer = pharmacist.api("/api/dispensings/", said)
        assert answer.status_code in (400, 404, 422), answer.status_code
        assert "Đăk Cấm" not in answer.content.decode()
    assert not Dispensing.unscoped.exists() and give.at(lot) == give.at(their_lot) == 100


def test_a_controlled_medicine_waits_at_no_place_of_elsewhere(
    own: Here, foreign: Here, pharmacist: Attacker
) -> None:
    """Nothing is taken before the second name; its place is asked for all the same."""
    make.a_drug("TD200.1", "Morphin", strength="10mg", unit="ống", controlled="narcotic")
    desk, _, _ = a_shelf(own)
    theirs = give.a_desk(foreign.station, "Tủ trực Đăk Cấm")
    store = give.a_place(own.station, "Kho chính")
    lot = give.a_stock(desk, 20, "TD200.1", "Morphin 10mg", unit="Ống", packs=[], controlled="narcotic")
    who = Practitioner.objects.get(facility=own.station, grade="doctor")
    visit = give.a_prescription(a_person(own.station), who, LineInput("TD200.1", Decimal(1), 1, 2))
    said = asked(visit, desk, lot, code="TD200.1") | {"recipient": "Đinh Văn A", "recipient_paper": "0511"}
    for place in (theirs.pk, store.pk, uuid7()):
        answer = pharmacist.api("/api/dispensings/", said | {"location": str(place)})
        assert answer.status_code == 422, answer.content
    assert not Dispensing.unscoped.exists() and not PendingChange.objects.exists()
    assert pharmacist.api("/api/dispensings/", said).status_code == 201
    assert pharmacist.api("/api/dispensings/", said).status_code == 422, "one waits already"
    Visit.unscoped.filter(pk=visit.pk).update(restricted=True)
    _nobody_else_agrees(own, foreign, pharmacist, PendingChange.objects.get())
    assert give.at(lot) == 20 and Dispensing.unscoped.get().state == "preparation"


def _nobody_else_agrees(own: Here, foreign: Here, asker: Attacker, change: PendingChange) -> None:
    """Neither the asker, nor who lacks the right, nor another station, nor who may not see the visit."""
    rights = ["dispensing.view", "dispensing.approve"]
    Role.objects.create(code="khong_kin", name="Không kín", level="station", rights=rights)
    others = [
        Attacker(client_of(a_member("nurse", own.station))),
        Attacker(client_of(a_member("station_head", foreign.station))),
        Attacker(client_of(a_member("khong_kin", own.station))),
    ]
    page = reverse("core:decide", args=[change.pk])
    for who in others:
        assert who.post(page, act="approve").status_code == 404
        assert change.title not in who.get(reverse("core:changes")).content.decode()
    asker.post(page, act="approve")
    change.refresh_from_db()
    assert change.state == "waiting"


def test_boxes_of_giving_back_take_no_other_lots(own: Here, foreign: Here, pharmacist: Attacker) -> None:
    desk, lot, visit = a_shelf(own)
    assert pharmacist.api("/api/dispensings/", asked(visit, desk, lot, "4")).status_code == 201
    mine = Dispensing.unscoped.get()
    theirs = give.an_act(foreign.finished)
    their_lot = give.rows(theirs)[0].lots(manager="unscoped").get()  # type: ignore[operator]
    page = reverse("encounters:dispensing_back", args=[mine.pk])
    my_lot = give.rows(mine)[0].lots(manager="unscoped").get()  # type: ignore[operator]
    for box, many in ((their_lot, "1"), (my_lot, "-1"), (my_lot, "5"), (my_lot, "9" * 30), (my_lot, "1.5")):
        answer = pharmacist.post(page, version=mine.version, reason=MARKUP, **{f"back-{box.pk}": many})
        assert answer.status_code == 422 and MARKUP not in answer.content.decode()
    for name in ("dispensing_back", "dispensing_cancel"):
        page = reverse(f"encounters:{name}", args=[theirs.pk])
        assert pharmacist.post(page, version=1, reason="x").status_code == 404
    assert give.at(lot) == 96
    give.agrees()


# --- papers of a visit


@pytest.fixture
def signed(own: Here) -> Visit:
    papers.lists()
    doctor = Practitioner.objects.get(facility=own.station)
    return papers.an_ended_visit(a_person(own.station, "Đinh Thị Đi"), doctor, outcome="2")


def signer_of(own: Here) -> Attacker:
    user = a_member("station_head", own.station)
    user.posts.update(practitioner=Practitioner.objects.get(facility=own.station))
    return Attacker(client_of(user))


def test_a_referral_takes_no_more_than_its_boxes(own: Here, foreign: Here, signed: Visit) -> None:
    """Posted twice, with columns of the row, with another station as destination, with markup."""
    signer = signer_of(own)
    page = reverse("encounters:certificate_issue", args=[signed.pk, "chuyen-co-so"])
    said = {name: str(value) for name, value in papers.REFERRED.items()} | {
        "left_at": "09:30", "signs": MARKUP, "destination": "=HYPERLINK(A1)", "override": "thử",
        "version": str(signed.version), "number": "2026-999999", "state": "cancelled", "answered": "on",
        "facility": str(foreign.station.pk), "person": str(foreign.person.pk), "holder": "1" * 10,
        "destination_id": str(foreign.station.pk), "said": "{}",
    }  # fmt: skip
    assert signer.post(page, **said).status_code == 302
    assert signer.post(page, **said).status_code == 302
    row = Certificate.unscoped.get()
    assert (row.facility_id, row.person_id, row.state) == (own.station.pk, signed.person_id, "final")
    assert (row.answered, row.holder, row.destination_id) == (False, "", None)
    assert row.number.endswith("-000001") and set(row.said) == set(papers.REFERRED)
    content = signer.get(reverse("encounters:certificate", args=[row.pk])).content.decode()
    assert MARKUP not in content and "&lt;script&gt;" in content


@pytest.mark.parametrize(
    "changes",
    [
        {"until": "31/12/9999"}, {"since": "01/01/0001"}, {"holder": "٥١٢٠١٢٣٤٥٦"}, {"holder": "1" * 11},
        {"since": "x"}, {"until": ""}, {"diagnosis": "\x00"}, {"version": "9" * 30}, {"version": "x"},
    ],
)  # fmt: skip
def test_a_sick_leave_takes_no_nonsense(own: Here, signed: Visit, changes: dict[str, str]) -> None:
    said = {name: str(value) for name, value in papers.leave(signed).items()}
    said |= {name: f"{papers.leave(signed)[name]:%d/%m/%Y}" for name in ("since", "until")}
    page = reverse("encounters:certificate_issue", args=[signed.pk, "nghi-viec"])
    answer = signer_of(own).post(page, **{"version": signed.version, "override": "thử"} | said | changes)
    assert answer.status_code in (302, 422), answer.status_code
    assert not Certificate.unscoped.exists()


def test_who_may_not_cancels_and_answers_nothing(own: Here, foreign: Here, signed: Visit) -> None:
    row = papers.a_referral(signed, Practitioner.objects.get(facility=own.station))
    page = reverse("encounters:certificate_cancel", args=[row.pk])
    nurse = Attacker(client_of(a_member("nurse", own.station)))
    stranger = Attacker(client_of(a_member("station_head", foreign.station)))
    assert nurse.post(page, version=1, reason="x").status_code == 403
    for name in ("cancel", "answer", "answer_wrong"):
        name = f"certificate_{name}" if name == "cancel" else f"referral_{name}"
        answer = stranger.post(reverse(f"encounters:{name}", args=[row.pk]), version=1, reason="x")
        assert answer.status_code == 404
    answer_page = reverse("encounters:referral_answer", args=[row.pk])
    said = {"version": 99, "kind": "answered", "on": f"{TODAY():%d/%m/%Y}", "diagnosis": "x"}
    assert nurse.post(answer_page, **said).status_code == 422
    assert nurse.post(answer_page, **said | {"version": 1, "on": "31/12/9999"}).status_code == 422
    assert nurse.post(answer_page, **said | {"version": 1}).status_code == 302
    assert nurse.post(answer_page, **said | {"version": 1}).status_code == 422
    assert stranger.get(reverse("encounters:certificate_pdf", args=[row.pk])).status_code == 404


# --- chronic diseases


@pytest.fixture
def followed(own: Here) -> tuple[Visit, Any]:
    give.rules()
    a_code("care_programme", "hypertension", "Tăng huyết áp")
    make.a_drug("TD060.1", "Amlodipin", strength="5mg")
    doctor = Practitioner.objects.get(facility=own.station)
    person = a_person(own.station, "Đinh Thị Áp")
    enrolment = ncd.an_old_enrolment(person)
    return ncd.a_pressed_visit(person, doctor), enrolment


NONSENSE: tuple[dict[str, Any], ...] = (
    {"next_on": "0001-01-01"}, {"next_on": "10000-01-01"}, {"medicine_days": 10**20}, {"medicine_days": -1},
    {"glucose": "NaN"}, {"glucose": "-5"}, {"glucose": "999.99"}, {"hba1c": "-1"}, {"hba1c": "999.9"},
    {"cholesterol": "Infinity"}, {"visit_version": 10**30}, {"target": 1},
    {"target": 7}, {"complications": [""] * 21}, {"complications": ["<b>"]}, {"side_effects": "x" * 201},
    {"programme": "hiv"}, {"person": str(uuid7())}, {"risk": 1}, {"smoker": "có"}, {"glucose_kind": "x"},
    {"side_effects": "\x00"}, {"reason": "\x00"},
)  # fmt: skip


@pytest.mark.parametrize("number", range(len(NONSENSE)))
def test_a_form_takes_no_nonsense_over_the_api(own: Here, followed: Any, number: int) -> None:
    visit, _ = followed
    user = a_member("doctor", own.station)
    user.posts.update(practitioner=Practitioner.objects.get(facility=own.station))
    said = {"visit": str(visit.pk), "programme": "hypertension", "visit_version": visit.version}
    answer = Attacker(client_of(user)).api("/api/follow-ups/", said | NONSENSE[number])
    assert answer.status_code in (400, 409, 422), (NONSENSE[number], answer.status_code, answer.content)
    assert not FollowUp.unscoped.exists()


def test_forms_hang_on_their_own_person_alone(own: Here, foreign: Here, followed: Any) -> None:
    visit, enrolment = followed
    doctor = Attacker(client_of(a_member("doctor", own.station)))
    theirs = ncd.an_old_enrolment(foreign.person)
    for at, of in ((own.visit, enrolment), (visit, theirs), (foreign.visit, theirs)):
        for page in ("follow", "said", "refill"):
            path = reverse(f"ncd:{page}", args=[at.pk, of.pk])
            assert doctor.post(path, visit_version=at.version).status_code == 404
    take_in = reverse("ncd:take_in", args=[own.visit.pk])
    for programme in ("hiv", "tb", "", "hypertension' --"):
        doctor.post(take_in, programme=programme)
    assert not Enrolment.unscoped.filter(person=own.person).exists()
    assert not FollowUp.unscoped.exists()


# --- shifts


def a_handover(here: Here, giver: Any) -> ShiftHandover:
    return ShiftHandover.unscoped.create(
        facility=here.station, on=TODAY(), note="Tủ lạnh hỏng", given_at=timezone.now(), given_by=giver.pk,
        given_by_name=giver.full_name,
    )  # fmt: skip


def test_a_shift_is_taken_once_by_another_of_the_same_station(own: Here, foreign: Here) -> None:
    giver, taker = (a_member("nurse", own.station, name) for name in ("giao", "nhan"))
    stranger = a_member("nurse", foreign.station, "la")
    worker = a_member("village_worker", own.station, "thon")
    row = a_handover(own, giver)
    at_hers = Attacker(client_of(giver))
    here = reverse("shifts:take_here", args=[row.pk])
    for name in ("giao", "la", "thon", "khong.co", "NHAN' --"):
        answer = at_hers.post(here, second_name=name, second_secret=PASSWORD, version=1)
        assert answer.status_code == 422, name
    assert at_hers.post(here, second_name="nhan", second_secret="sai", version=1).status_code == 422
    for page in ("take", "take_here", "change", "withdraw"):
        path = reverse(f"shifts:{page}", args=[row.pk])
        said = {"version": 1, "reason": "x", "note": "x", "second_name": "la", "second_secret": PASSWORD}
        assert Attacker(client_of(stranger)).post(path, **said).status_code == 404
        assert Attacker(client_of(worker)).post(path, **said).status_code == 403
    other = Attacker(client_of(taker))
    for page in ("change", "withdraw"):
        answer = other.post(reverse(f"shifts:{page}", args=[row.pk]), version=1, reason="x", note="của tôi")
        assert answer.status_code == 422
    assert at_hers.post(reverse("shifts:take", args=[row.pk]), version=1).status_code == 422
    assert ShiftHandover.unscoped.get().state == "waiting"
    assert other.post(reverse("shifts:take", args=[row.pk]), version=1, remark=MARKUP).status_code == 302
    assert other.post(reverse("shifts:take", args=[row.pk]), version=1).status_code == 422
    assert MARKUP not in other.get(reverse("shifts:handover", args=[row.pk])).content.decode()


# --- stock on paper


@pytest.mark.parametrize("count", [*NO_NUMBERS, "1 hộp 99999999999999999999", "2 Hộp 0", "2 <b>x</b> 5"])
def test_a_slip_of_the_store_takes_what_a_store_can_hold(own: Here, count: str) -> None:
    give.rules()
    item, place = an_item(own.station, label="PARA"), give.a_place(own.station)
    keeper = make.a_practitioner(own.station, "Lê Thị Dược", grade="pharmacist", can_sign=False)
    answer = _slip(own, keeper, item1="PARA", place=str(place.pk), count1=count)
    assert answer.status_code in (200, 422), (count, answer.content)
    item.refresh_from_db()
    assert all(0 < factor < 10**7 for _, factor in item.packs)
    give.agrees()


def test_a_slip_of_the_store_reaches_no_other_store(own: Here, foreign: Here) -> None:
    give.rules()
    an_item(own.station, label="PARA")
    theirs, place = an_item(foreign.station, label="LA77"), give.a_place(own.station)
    there = give.a_place(foreign.station, "Kho Đăk Cấm")
    keeper = make.a_practitioner(own.station, "Lê Thị Dược", grade="pharmacist", can_sign=False)
    their_keeper = make.a_practitioner(foreign.station, "Người Khác", grade="pharmacist", can_sign=False)
    tries = (
        (keeper, {"item1": "PARA", "place": str(there.pk)}),
        (keeper, {"item1": "LA77", "place": str(place.pk)}),
        (keeper, {"item1": str(theirs.pk), "place": str(place.pk)}),
        (their_keeper, {"item1": "PARA", "place": str(place.pk)}),
        (keeper, {"item1": "PARA", "place": "x"}),
        (keeper, {"item1": "PARA", "place": str(place.pk), "move": "opening"}),
        (keeper, {"item1": "PARA", "place": str(place.pk), "lot1": "A 99/9999"}),
        (keeper, {"item1": "PARA", "place": str(place.pk), "row": "x"}),
    )
    for who, cells in tries:
        answer = _slip(own, who, **cells)
        assert answer.status_code in (400, 422), (cells, answer.content)
        assert "Đăk Cấm" not in answer.content.decode()
    assert not StockDocument.unscoped.exists()


def _slip(own: Here, who: Practitioner, **cells: str) -> Any:
    user = a_member("pharmacist", own.station, f"d{uuid7().hex[-8:]}")
    usual = {
        "row": str(uuid7()), "day": f"{TODAY() - dt.timedelta(days=1):%d/%m/%Y}", "time": "9h",
        "who": str(who.pk), "move": "nhap", "partner": MARKUP, "why": "=1+1", "count1": "2",
        "lot1": "A12 06/2031", "after": "post", "reason": "chép từ sổ giấy",
    }  # fmt: skip
    return Attacker(client_of(user)).post("/nhap-bu/kho/dong/", **usual | cells)


# --- files of a visit


PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000"
    "0500015e3fb9cb0000000049454e44ae426082"
)


@pytest.mark.parametrize(
    "name", ["../../../etc/passwd.png", "..\\x.png", "/etc/x.png", "a\r\nX-Evil: 1.png", "x" * 900 + ".png"]
)
def test_the_name_of_a_file_leads_nowhere(own: Here, name: str) -> None:
    give.rules()
    client = client_of(a_member("doctor", own.station))
    file = SimpleUploadedFile("x.png", PNG, "image/png")
    file._name = name  # type: ignore[attr-defined]  # as a program sends it
    said = {"form_key": str(uuid7()), "title": MARKUP, "file": file}
    answer = client.post(reverse("encounters:attach", args=[own.visit.pk]), said)
    assert answer.status_code in (302, 422), answer.status_code
    for row in Attachment.unscoped.all():
        assert ".." not in row.file.name and row.file.name.startswith("dinh-kem/"), row.file.name
        taken = client.get(reverse("encounters:attachment", args=[row.pk]))
        assert "tai-lieu-" in taken["Content-Disposition"] and "X-Evil" not in taken
        row.file.delete(save=False)


def test_a_file_hangs_on_no_order_of_another_visit(own: Here, foreign: Here) -> None:
    give.rules()
    client = client_of(a_member("doctor", own.station))
    for order in (str(uuid7()), "x", str(foreign.visit.pk)):
        file = SimpleUploadedFile("x.png", PNG, "image/png")
        said = {"form_key": str(uuid7()), "title": "x", "file": file, "order": order}
        assert client.post(reverse("encounters:attach", args=[own.visit.pk]), said).status_code == 404
    said = {"form_key": str(uuid7()), "title": "x", "file": SimpleUploadedFile("x.png", PNG)}
    assert client.post(reverse("encounters:attach", args=[foreign.visit.pk]), said).status_code == 404
    assert not Attachment.unscoped.exists()
