"""The pages of dispensing as a browser uses them."""

import re
from dataclasses import replace
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts.models import User
from apps.core import registry
from apps.core.models import PendingChange, ReadEntry
from apps.core.scope import enter
from apps.encounters import printing as papers
from apps.encounters import queries as visit_queries
from apps.encounters import services as visits
from apps.encounters.dispensing import printing, queries
from apps.encounters.inputs import LineInput, VisitInput
from apps.encounters.models import Dispensing, DispensingLot, Visit
from tests.encounters.conftest import signed_in
from tests.encounters.dispensing.test_controlled import morphine  # noqa: F401 - a fixture
from tests.encounters.test_pages import at
from tests.factories import dispensing as give
from tests.factories import encounters as make
from tests.factories.dispensing import given, part
from tests.factories.patients import a_person, a_station, an_allergy


@pytest.fixture
def client(pharmacist):
    return signed_in("pharmacist", pharmacist, "duoc.lt")


def words(answer):
    return answer.content.decode()


def typed(visit, desk, lot, give_="10", **fields):
    key = str(give.line_of(visit).pk)
    boxes = {"give": give_, "item": str(lot.item_id) if lot else "", "outside": "", "taken": "", "reason": ""}
    boxes |= {"agreed_by": ""}
    boxes |= {name: fields.pop(name) for name in list(fields) if name in boxes}
    return {
        "form_key": str(uuid4()),
        "version": visit.version,
        "location": str(desk.pk),
        "on": "",
        **{f"{key}-{name}": value for name, value in boxes.items()},
        **fields,
    }


def test_it_works(client, visit, desk, lot):
    page = words(client.get(at("dispense", visit.pk)))
    assert "Paracetamol" in page and 'value="10"' in page and "sớm nhất trong số còn lại" in page
    answer = client.post(at("dispense", visit.pk), typed(visit, desk, lot))
    act = Dispensing.unscoped.get()
    assert answer.url == at("dispensing", act.pk)
    page = words(client.get(answer.url))
    assert "Lê Thị Dược cấp từ Quầy cấp phát" in page and "Cấp phần còn lại" not in page
    assert "đã cấp đủ" in words(client.get(at("dispense", visit.pk)))
    assert set(ReadEntry.objects.values_list("screen", flat=True)) >= {"dispensing.visit", "dispensing.act"}


def test_sent_twice_is_given_once(client, visit, desk, lot):
    said = typed(visit, desk, lot)
    answers = [client.post(at("dispense", visit.pk), said) for _ in range(2)]
    assert answers[0].url == answers[1].url
    assert (Dispensing.unscoped.count(), give.at(lot)) == (1, 90)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"give_": "11"}, "chỉ còn 10 viên"),
        ({"give_": ""}, "Ghi số lượng cấp"),
        ({"give_": "0"}, "Ghi số lượng cấp"),
        ({"give_": "mười"}, "Hãy nhập một số"),
        ({"give_": "-1"}, "lớn hơn"),
        ({"on": "32/13/2026"}, "ngày"),
    ],
)
def test_what_was_typed_comes_back_with_a_sentence(client, visit, desk, lot, fields, sentence):
    answer = client.post(at("dispense", visit.pk), typed(visit, desk, lot, **fields))
    assert answer.status_code == 422 and sentence.lower() in words(answer).lower()
    assert give.at(lot) == 100


def test_another_medicine_on_the_page(client, visit, desk, lot):
    make.a_drug("TD001.9", "Paracetamol", strength="250mg")
    other = give.a_stock(desk, 50, "TD001.9", "Hapacol 250mg")
    assert "Thay bằng Hapacol 250mg" in words(client.get(at("dispense", visit.pk)))
    said = typed(visit, desk, other, taken="20", reason="Hết", agreed_by="")
    answer = client.post(at("dispense", visit.pk), said)
    assert answer.status_code == 422 and "ai đồng ý" in words(answer)
    said = typed(visit, desk, other, taken="20", reason="Hết", agreed_by="Bình")
    assert client.post(at("dispense", visit.pk), said).status_code == 302
    assert give.at(other) == 30


def test_nothing_on_the_shelf(client, visit, desk):
    page = words(client.get(at("dispense", visit.pk)))
    assert "Không có trong kho" in page
    said = typed(visit, desk, None, give_="5")
    assert "Mua ngoài" in words(client.post(at("dispense", visit.pk), said))
    said = typed(visit, desk, None, give_="", outside="10")
    assert client.post(at("dispense", visit.pk), said).status_code == 302


def test_another_place_shows_its_own_shelf(client, visit, desk, lot, station):
    other = give.a_desk(station, "Điểm trạm Làng Teng")
    answer = client.post(
        at("dispense", visit.pk), {"location": str(other.pk), "action": "place", "form_key": uuid4()}
    )
    assert "Không có trong kho" in words(client.get(answer.url))


def test_back_and_cancel(client, visit, desk, lot):
    client.post(at("dispense", visit.pk), typed(visit, desk, lot, give_="4"))
    client.post(at("dispense", visit.pk), typed(visit, desk, lot, give_="6"))
    first, second = Dispensing.unscoped.order_by("occurred_at")
    row = DispensingLot.unscoped.get(line__dispensing=first)
    said = {"form_key": uuid4(), "version": first.version, f"back-{row.pk}": "5", "reason": "Dị ứng"}
    answer = client.post(at("dispensing_back", first.pk), said)
    assert answer.status_code == 422 and "Chỉ còn 4" in words(answer)
    said = said | {"form_key": uuid4(), f"back-{row.pk}": "4"}
    assert client.post(at("dispensing_back", first.pk), said).url == at("dispensing", first.pk)
    said = {"form_key": uuid4(), "version": second.version, "reason": ""}
    assert client.post(at("dispensing_cancel", second.pk), said).status_code == 422
    said = said | {"form_key": uuid4(), "reason": "Nhầm"}
    assert client.post(at("dispensing_cancel", second.pk), said).url == at("dispense", visit.pk)
    assert give.at(lot) == 100
    assert "Đã hủy lúc" in words(client.get(at("dispensing", second.pk)))


def test_who_looks_only(visit, desk, lot, pharmacist, station):
    act = given(pharmacist, visit, desk, part(visit, 4, lot.item))
    far = a_station("21490", "Trạm Y tế xã Ba Vì")
    for role, place, codes in (("population", station, 403), ("pharmacist", far, 404)):
        who = make.a_practitioner(place, f"Người {role}", grade="pharmacist", can_sign=False)
        browser = signed_in(role, who, f"{role}.x")
        for name, pk in (("dispense", visit.pk), ("dispensing", act.pk), ("dispensing_back", act.pk)):
            assert browser.get(at(name, pk)).status_code == codes
    herbalist = make.a_practitioner(station, "Lương y", grade="traditional", can_sign=False)
    browser = signed_in("nurse", herbalist, "luong.y")
    assert "phạm vi hành nghề" in words(browser.get(at("dispense", visit.pk)))
    assert browser.post(at("dispense", visit.pk), typed(visit, desk, lot)).status_code == 403
    assert give.at(lot) == 96


def test_an_amended_prescription_shows_both(client, visit, desk, lot, pharmacist, doctor):
    given(pharmacist, visit, desk, part(visit, 10, lot.item))
    with enter(make.scope_of(doctor)):
        visits.visit_amend(
            visit_id=visit.pk,
            expected_version=visit.version,
            data=VisitInput(lines=[give.SIX_TABLETS]),
            reason="Đổi thuốc",
        )
    page = words(client.get(at("dispense", visit.pk)))
    assert "Đã cấp 10 viên Paracetamol" in page and "nay không còn trong đơn" in page
    assert "đơn đã sửa sau khi cấp" in words(client.get(at("dispensing_waiting")))


def test_the_papers(client, visit, desk, lot, pharmacist):
    act = given(pharmacist, visit, desk, part(visit, 4, lot.item))
    answer = client.get(at("dispensing_slip", act.pk))
    assert answer["Content-Type"] == "application/pdf"
    with enter(give.a_scope(pharmacist)):
        found = queries.act_page(give.a_scope(pharmacist), act.pk)
        context = printing.slip(queries.shown([found])[0])
    assert (context["title"], len(context["lines"])) == ("Phiếu cấp phát thuốc", 1)
    with enter(give.a_scope(pharmacist)):
        fresh = visit_queries.visit_page(visit.pk)
        lines = papers.prescription(fresh, visit_queries.sheets(fresh)[0])["lines"]
    assert lines[0]["given"] == "4"


def test_two_names_on_the_pages(client, hoa, doctor, desk, morphine):  # noqa: F811 - the fixture
    visit = give.a_prescription(hoa, doctor, LineInput("TD200.1", Decimal(1), 2, 3))
    page = words(client.get(at("dispense", visit.pk)))
    assert "Thuốc kiểm soát đặc biệt: người nhận" in page
    key = str(give.line_of(visit, "TD200.1").pk)
    said = typed_of(visit, desk, key, morphine) | {"recipient": hoa.full_name, "recipient_paper": "0011"}
    answer = client.post(at("dispense", visit.pk), said)
    assert "Chờ người thứ hai" in words(client.get(answer.url))
    assert give.at(morphine) == 20
    second = signed_in("doctor", doctor, "binh.tv")
    change = PendingChange.objects.get()
    assert "Morphin" in words(second.get("/cho-duyet/"))
    second.post(f"/cho-duyet/{change.pk}/duyet/", {"form_key": uuid4()})
    with enter(give.a_scope(doctor, user_id=User.objects.get(username="binh.tv").pk)) as scope:
        told = queries.received(scope, [Dispensing.unscoped.get().pk])
    assert hoa.full_name in next(iter(told.values())).words


def typed_of(visit, desk, key, lot):
    return {
        "form_key": str(uuid4()),
        "version": visit.version,
        "location": str(desk.pk),
        f"{key}-give": "6",
        f"{key}-item": str(lot.item_id),
    }


# ---- who waits


def test_who_waits(client, visit, desk, lot, pharmacist, hoa):
    page = words(client.get(at("dispensing_waiting")))
    assert hoa.full_name in page and "chưa cấp" in page and "Paracetamol" not in page and "J06" not in page
    assert "Chờ cấp thuốc" in words(client.get("/"))
    given(pharmacist, visit, desk, part(visit, 4, lot.item))
    assert "đã cấp một phần" in words(client.get(at("dispensing_waiting")))
    given(pharmacist, visit, desk, part(visit, 6, lot.item))
    assert hoa.full_name not in words(client.get(at("dispensing_waiting")))


def test_a_station_without_a_desk_is_not_told_on_its_home_page(client, visit):
    assert "Chờ cấp thuốc" not in words(client.get("/"))


def test_the_restricted_waits_for_who_may_know(visit, station):
    Visit.unscoped.filter(pk=visit.pk).update(restricted=True, restricted_by=["hiv"])
    nurse = make.a_practitioner(station, "Thu", grade="nurse", can_sign=False)
    browser = signed_in("nurse", nurse, "thu.lt")
    assert visit.person.full_name not in words(browser.get(at("dispensing_waiting")))
    assert browser.get(at("dispense", visit.pk)).status_code == 404


def test_as_many_queries_for_twenty_as_for_two(client, station, doctor, desk, lot, pharmacist):
    def cost():
        with CaptureQueriesContext(connection) as counted:
            assert client.get(at("dispensing_waiting")).status_code == 200
        return len(counted)

    made = [give.a_prescription(a_person(station, f"Người {n}"), doctor) for n in range(2)]
    given(pharmacist, made[0], desk, part(made[0], 4, lot.item))
    cost()
    few = cost()
    made += [give.a_prescription(a_person(station, f"Người thứ {n}"), doctor) for n in range(6)]
    for visit in made[1:5]:
        given(pharmacist, visit, desk, part(visit, 4, lot.item))
    assert cost() == few


def test_the_page_costs_the_same_for_any_number_of_medicines(client, station, doctor, desk, lot, pharmacist):
    def cost(visit):
        with CaptureQueriesContext(connection) as counted:
            assert client.get(at("dispense", visit.pk)).status_code == 200
        return len(counted)

    one = give.a_prescription(a_person(station, "Người một"), doctor)
    two = give.a_prescription(a_person(station, "Người hai"), doctor, make.PARACETAMOL, give.SIX_TABLETS)
    give.a_stock(desk, 50, "TD028.1", "Amoxicilin 500mg")
    for visit in (one, two):
        given(pharmacist, visit, desk, part(visit, 1, lot.item))
    cost(one)
    assert cost(one) == cost(two)


def test_the_visits_page_leads_there(client, visit, desk, lot, pharmacist, hoa, doctor):
    page = words(client.get(at("visit", visit.pk)))
    assert "Chưa cấp thuốc." in page and 'data-key="F6"' in page
    given(pharmacist, visit, desk, part(visit, 10, lot.item))
    page = words(client.get(at("visit", visit.pk)))
    assert "Chưa cấp thuốc." not in page and "đã cấp" in page
    without = make.an_examined_visit(hoa, doctor, data=replace(make.USUAL, lines=[]))
    with enter(make.scope_of(doctor)):
        visits.visit_finalise(visit_id=without.pk, expected_version=without.version, override="x")
    assert 'data-key="F6"' not in words(client.get(at("visit", without.pk)))


def test_the_days_end_tells_what_was_not_fetched(client, visit, desk, lot, pharmacist):
    scope = give.a_scope(pharmacist)
    line = registry.day_end.get("dispensing")
    with enter(scope):
        assert line.provide(scope).count == 1
    given(pharmacist, visit, desk, part(visit, 10, lot.item))
    with enter(scope):
        assert line.provide(scope).count == 0


def test_anothers_act_is_not_cancelled_by_a_nurse(visit, desk, lot, pharmacist, station):
    act = given(pharmacist, visit, desk, part(visit, 4, lot.item))
    browser = signed_in("nurse", make.a_practitioner(station, "Thu", grade="nurse", can_sign=False), "thu.x")
    said = {"form_key": uuid4(), "version": act.version, "reason": "x"}
    for answer in (
        browser.get(at("dispensing_cancel", act.pk)),
        browser.post(at("dispensing_cancel", act.pk), said),
    ):
        assert answer.url == at("dispensing", act.pk)
    assert "dược sĩ, trưởng trạm mới hủy được" in words(browser.get(at("dispensing", act.pk)))
    assert give.at(lot) == 96


def test_what_was_warned_of_stands_at_its_line_with_the_reason(station, hoa, doctor, pharmacist, desk, lot):
    an_allergy(hoa, "Paracetamol")
    visit = make.an_examined_visit(hoa, doctor)
    with enter(make.scope_of(doctor)):
        visits.visit_finalise(
            visit_id=visit.pk, expected_version=visit.version, override="Đã hỏi, chỉ mẩn nhẹ"
        )
    client = signed_in("pharmacist", pharmacist, "duoc.lt")
    page = client.get(reverse("encounters:dispense", args=[visit.pk])).content.decode()
    line = page[page.index('class="give"') :]
    assert "người bệnh dị ứng Paracetamol" in line and "Người kê đơn: Đã hỏi, chỉ mẩn nhẹ" in line


def test_a_substitute_opens_what_it_asks_for(station, visit, pharmacist, desk, lot):
    make.a_drug("TD001.9", "Paracetamol", name="Hapacol", strength="250mg")
    other = give.a_stock(desk, 50, "TD001.9", "Hapacol 250mg")
    client = signed_in("pharmacist", pharmacist, "duoc.lt")
    page = client.get(reverse("encounters:dispense", args=[visit.pk])).content.decode()
    opens = re.search(r'data-opens="([^"]+)" data-opens-for="([^"]+)"', page)
    assert opens[2] == str(other.item_id) and f'<details id="{opens[1]}"' in page
