"""Reception on its pages: one person, again, strangers, emergencies, families, what is changed later."""

import datetime as dt
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from apps.core.models import AuditEntry, ReadEntry
from apps.core.scope import enter
from apps.encounters import reasons, services
from apps.encounters.models import Room, Visit
from apps.households.models import Membership
from tests.factories import encounters as make
from tests.factories.catalogues import shipped_once
from tests.factories.households import a_household, a_member
from tests.factories.patients import a_card, a_person

TODAY = timezone.localdate


lists = shipped_once("reception", "bhyt_objects")


@pytest.fixture(autouse=True)
def reasons_read_anew():
    reasons.forget()


def at(name, *args):
    return reverse(f"encounters:{name}", args=args)


def receive(client, person, **said):
    form = {"form_key": uuid4(), "reason": "Ho", "payer": "fee", "kind": "exam", "then": "number"}
    return client.post(at("open", person.pk), form | said)


def test_it_works(client, hoa, station):
    card = a_card(hoa)
    page = client.get(at("open", hoa.pk)).content.decode()
    for words in ("Ho, sốt", "ho sot", "Khám theo thứ tự", card.number, "Người lao động trong doanh nghiệp"):
        assert words in page
    answer = receive(client, hoa, payer="bhyt", card=card.pk, kind="chronic")
    visit = Visit.unscoped.get()
    assert answer.url == at("number", visit.pk)
    assert (visit.kind, visit.card_id, visit.queue_no, visit.payer) == ("chronic", card.pk, 1, "bhyt")
    page = client.get(answer.url).content.decode()
    assert '<p class="number-big">1</p>' in page
    assert hoa.full_name in page


def test_examined_at_once(client, hoa):
    answer = receive(client, hoa, then="exam")
    assert answer.url == at("visit", Visit.unscoped.get().pk)


def test_a_second_time_on_one_day_is_asked_about_and_goes_through(client, hoa):
    receive(client, hoa)
    page = client.get(at("open", hoa.pk)).content.decode()
    assert "Hôm nay đã tiếp nhận rồi" in page
    answer = receive(client, hoa)
    assert (answer.status_code, Visit.unscoped.count()) == (422, 1)
    assert "đã có lượt khám" in answer.content.decode()
    assert receive(client, hoa, override="Về rồi sốt lại").status_code == 302
    second = Visit.unscoped.get(queue_no=2)
    assert second.overrides[0]["reason"] == "Về rồi sốt lại"


def test_a_visit_of_today_that_has_ended_is_one_press_away(client, hoa, doctor):
    visit = make.a_finished_visit(hoa, doctor)
    for page in (client.get(at("open", hoa.pk)), receive(client, hoa)):
        text = page.content.decode()
        assert f'<a href="{at("visit", visit.pk)}">Mở lượt khám {visit.number}' in text


def test_insurance_without_a_card_asks_why(client, hoa):
    answer = receive(client, hoa, payer="bhyt")
    assert (answer.status_code, Visit.unscoped.count()) == (422, 0)
    assert "chưa có thẻ nào dùng được" in answer.content.decode()
    assert receive(client, hoa, payer="bhyt", override="Quên thẻ ở nhà").status_code == 302


@pytest.mark.parametrize("who", ["small child", "emergency"])
def test_neither_a_small_child_nor_an_emergency_is_asked_for_a_card(client, station, who):
    child = who == "small child"
    born = TODAY() - dt.timedelta(days=400 if child else 12_000)
    person = a_person(station, birth_date=born)
    said = {} if child else {"emergency": "on"}
    assert receive(client, person, payer="bhyt", **said).status_code == 302
    visit = Visit.unscoped.get()
    assert visit.priority_for == (["child"] if child else ["emergency"])
    assert visit.rank == (1 if child else 0)


def test_an_expired_card_is_shown_and_not_offered(client, hoa):
    card = a_card(hoa, valid_from=dt.date(2020, 1, 1), valid_to=dt.date(2020, 12, 31))
    page = client.get(at("open", hoa.pk)).content.decode()
    assert "Hết hạn từ 31/12/2020" in page
    assert f'value="{card.pk}"' not in page
    assert receive(client, hoa, payer="bhyt", card=card.pk).status_code == 422


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"kind": "birthday"}, "birthday"),
        ({"payer": "aunt"}, "aunt"),
        ({"payer": "free", "free_for": "because"}, "because"),
        ({"lookup": "777"}, "777"),
        ({"reason": "x" * 501}, "500"),
    ],
)
def test_bad_input_is_a_sentence(client, hoa, said, sentence):
    answer = receive(client, hoa, **said)
    assert (answer.status_code, Visit.unscoped.count()) == (422, 0)
    assert sentence in answer.content.decode()


def test_free_care_keeps_why_and_others_do_not(client, station):
    first, second = (a_person(station, name) for name in ("Hồ Văn A", "Hồ Văn B"))
    receive(client, first, payer="free", free_for="programme")
    receive(client, second, payer="fee", free_for="programme")
    assert list(Visit.unscoped.order_by("queue_no").values_list("free_for", flat=True)) == ["programme", ""]


def test_a_room_is_chosen_where_there_are_rooms(client, station, hoa):
    room = Room.unscoped.create(facility=station, name="Phòng 2")
    receive(client, hoa, room=room.pk)
    assert Visit.unscoped.get().room_id == room.pk


def test_a_stranger_receives_nobody(elsewhere, hoa):
    assert elsewhere.get(at("open", hoa.pk)).status_code == 404
    assert receive(elsewhere, hoa).status_code == 404
    assert not Visit.unscoped.exists()


def test_somebody_from_elsewhere_is_received_and_said_so(client, station):
    walk_in = a_person(station, "Lê Văn Khách", hamlet=None, address_text="Xã Ba Vì")
    assert "Người ngoài địa bàn" in client.get(at("open", walk_in.pk)).content.decode()
    assert receive(client, walk_in).status_code == 302


def test_the_looks_are_logged(client, hoa):
    receive(client, hoa)
    visit = Visit.unscoped.get()
    for path in (at("number", visit.pk), at("queue"), f"{at('tickets')}?luot={visit.pk}"):
        assert client.get(path).status_code == 200
    screens = set(ReadEntry.objects.filter(person_ids=[hoa.pk]).values_list("screen", flat=True))
    assert {"visit.number", "visit.queue", "visit.paper"} <= screens


# ---- usual reasons


def test_what_the_station_writes_often_is_offered(client, station, doctor, hoa):
    for n in range(5):
        make.a_visit(a_person(station, f"Hồ Văn {n}"), doctor, reason="Rắn cắn")
        make.a_visit(hoa, doctor, reason="Con bà Lan ngã")  # of one person alone
    page = client.get(at("open", hoa.pk)).content.decode()
    assert '<option value="Rắn cắn">ran can</option>' in page
    assert "Con bà Lan" not in page.split("<datalist")[1].split("</datalist>")[0]


# ---- an emergency


def test_somebody_nobody_can_name(client, station):
    form = {
        "form_key": uuid4(),
        "sex": "male",
        "years": "60",
        "marks": "áo xanh, sẹo ở tay",
        "reason": "Tai nạn",
    }
    answer = client.post(at("emergency"), form)
    visit = Visit.unscoped.select_related("person").get()
    assert answer.url == at("visit", visit.pk)
    assert (visit.rank, visit.priority_for, visit.person.identity) == (0, ["emergency"], "unknown")


def test_an_emergency_is_at_least_seen(client):
    answer = client.post(at("emergency"), {"form_key": uuid4(), "sex": "male", "marks": ""})
    assert answer.status_code == 422
    assert "đặc điểm nhận dạng" in answer.content.decode()


# ---- a family


@pytest.fixture
def family(station, hoa):
    household = a_household(station, hoa)
    husband = a_person(station, "Đinh Văn Rin", sex="male")
    child = a_person(station, "Đinh Thị Mai", birth_date=TODAY() - dt.timedelta(days=700))
    a_member(household, husband)
    a_member(household, child)
    return household, [hoa, husband, child]


def receive_family(client, household, people, **said):
    form = {"form_key": uuid4(), "reason": "Sốt", "kind": "exam"}
    for person in people:
        form |= {f"p-{person.pk}-tick": "on"}
    for person in [row.person for row in Membership.unscoped.filter(household=household)]:
        form |= {f"p-{person.pk}-payer": "fee"}
    return client.post(at("family", household.pk), form | said)


def test_a_family_is_received_at_once(client, family):
    household, people = family
    page = client.get(at("family", household.pk)).content.decode()
    assert "trẻ dưới 6 tuổi" in page
    chosen = [people[0], people[2]]
    answer = receive_family(client, household, chosen, **{f"p-{people[2].pk}-reason": "Tiêu chảy"})
    visits = {visit.person_id: visit for visit in Visit.unscoped.all()}
    assert set(visits) == {person.pk for person in chosen}
    assert visits[people[0].pk].reason == "Sốt"
    assert (visits[people[2].pk].reason, visits[people[2].pk].rank) == ("Tiêu chảy", 1)
    page = client.get(answer.url).content.decode()
    assert "Đã tiếp nhận 2 người" in page
    assert "phieu-so.pdf" in page


def test_none_is_received_when_one_is_odd(client, family, doctor):
    household, people = family
    make.a_visit(people[0], doctor)
    answer = receive_family(client, household, people)
    assert (answer.status_code, Visit.unscoped.count()) == (422, 1)
    assert "Nguyễn Thị Hòa đã có lượt khám" in answer.content.decode()
    assert receive_family(client, household, people, override="Khám thêm").status_code == 302
    assert Visit.unscoped.count() == 4


def test_none_is_received_when_one_is_dead(client, family):
    household, people = family
    page = receive_family(client, household, people)
    assert page.status_code == 302
    people[1].life_status, people[1].died_on = "dead", TODAY() - dt.timedelta(days=3)
    people[1].save()
    assert people[1].full_name not in client.get(at("family", household.pk)).content.decode()


def test_nobody_ticked(client, family):
    answer = receive_family(client, family[0], [])
    assert answer.status_code == 422
    assert "Đánh dấu ít nhất một người" in answer.content.decode()


def test_a_double_click_receives_a_family_once(client, family):
    household, people = family
    key = uuid4()
    first, second = (receive_family(client, household, people, form_key=key) for _ in range(2))
    assert first.url == second.url
    assert Visit.unscoped.count() == 3


def test_a_strangers_family_is_not_there(elsewhere, family):
    assert elsewhere.get(at("family", family[0].pk)).status_code == 404


def test_the_same_queries_for_a_small_and_a_large_family(client, station, family):
    household, _ = family
    client.get(at("family", household.pk))
    with CaptureQueriesContext(
        connection,
    ) as few:
        client.get(at("family", household.pk))
    for n in range(12):
        a_member(household, a_person(station, f"Đinh Văn {n}"))
    with CaptureQueriesContext(connection) as many:
        client.get(at("family", household.pk))
    assert len(many) == len(few)


# ---- changed later


def test_papers_of_an_emergency_come_later(client, hoa):
    receive(client, hoa, emergency="on")
    visit, card = Visit.unscoped.get(), a_card(hoa)
    page = client.get(at("reception", visit.pk)).content.decode()
    assert card.number in page
    form = {
        "form_key": uuid4(),
        "version": 1,
        "reason": "Ngã xe",
        "kind": "exam",
        "payer": "bhyt",
        "card": card.pk,
        "lookup": "000",
    }
    assert client.post(at("reception", visit.pk), form).status_code == 302
    visit.refresh_from_db()
    assert (visit.payer, visit.card_id, visit.reason, visit.rank) == ("bhyt", card.pk, "Ngã xe", 9)
    assert visit.card_checks(manager="unscoped").get().code == "000"
    assert AuditEntry.objects.filter(action="visit.reception_changed").exists()


def test_two_who_change_it_are_told(client, hoa):
    receive(client, hoa)
    visit = Visit.unscoped.get()
    form = {"version": 1, "reason": "Sốt", "kind": "exam", "payer": "fee"}
    assert client.post(at("reception", visit.pk), form | {"form_key": uuid4()}).status_code == 302
    late = client.post(at("reception", visit.pk), form | {"form_key": uuid4(), "reason": "Đau đầu"})
    assert late.status_code == 409
    visit.refresh_from_db()
    assert visit.reason == "Sốt"


def test_a_finished_visit_is_not_received_anew(client, hoa, doctor):
    visit = make.a_finished_visit(hoa, doctor)
    assert client.get(at("reception", visit.pk)).url == at("visit", visit.pk)


# ---- leaving


def test_leaving_and_coming_back_on_the_pages(client, hoa):
    receive(client, hoa)
    visit = Visit.unscoped.get()
    assert client.get(at("leave", visit.pk)).status_code == 200
    form = {"form_key": uuid4(), "version": 1, "reason": "Chờ lâu"}
    assert client.post(at("leave", visit.pk), form).url == at("queue")
    page = client.get(at("visit", visit.pk)).content.decode()
    assert "Bỏ về khi chưa khám" in page
    assert "Quay lại khám" in page
    assert client.post(at("come_back", visit.pk), {"form_key": uuid4(), "version": 2}).status_code == 302
    visit.refresh_from_db()
    assert visit.state == "waiting"


def test_who_left_counts_as_no_visit(station, doctor, hoa):
    from apps.encounters import queries

    visit = make.a_visit(hoa, doctor)
    with enter(make.scope_of(doctor)):
        services.visit_left(visit_id=visit.pk, expected_version=1)
    assert queries.visits_this_month([station.pk]) == {}


def test_the_queue_of_another_station_is_its_own(elsewhere, client, hoa):
    receive(client, hoa)
    assert hoa.full_name in client.get(at("queue")).content.decode()
    assert hoa.full_name not in elsewhere.get(at("queue")).content.decode()
    visit = Visit.unscoped.get()
    for action in ("goi", "vang", "lai", "chuyen"):
        answer = elsewhere.post(at("queue_act", visit.pk, action), {"form_key": uuid4(), "calls": 0})
        assert answer.status_code in (302, 404)
    visit.refresh_from_db()
    assert visit.calls == 0


def test_calling_on_the_page(client, station, hoa):
    room = Room.unscoped.create(facility=station, name="Phòng 2")
    receive(client, hoa)
    answer = client.post(at("call_next"), {"form_key": uuid4(), "room": room.pk}, follow=True)
    page = answer.content.decode()
    assert "Mời số 1 vào Phòng 2." in page
    visit = Visit.unscoped.get()
    late = client.post(at("queue_act", visit.pk, "goi"), {"form_key": uuid4(), "calls": 0}, follow=True)
    assert "vừa được gọi vào Phòng 2" in late.content.decode()
    again = client.post(at("call_next"), {"form_key": uuid4()}, follow=True)
    assert "Không còn ai chờ gọi" in again.content.decode()


def test_a_page_that_asks_again_is_told_nothing_while_nothing_changes(client, hoa):
    receive(client, hoa)
    page = client.get(at("queue")).content.decode()
    mark = page.split("?mark=")[1].split('"')[0]
    looks = ReadEntry.objects.filter(screen="visit.queue").count()
    answer = client.get(f"{at('queue')}?mark={mark}", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.content) == (204, b"")
    assert ReadEntry.objects.filter(screen="visit.queue").count() == looks
    client.post(at("call_next"), {"form_key": uuid4()})
    answer = client.get(f"{at('queue')}?mark={mark}", headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert b"<html" not in answer.content


def test_what_a_reception_costs(client, hoa):
    card = a_card(hoa)
    receive(client, hoa, payer="bhyt", card=card.pk)  # fills the lists that a process keeps
    with CaptureQueriesContext(connection) as told:
        answer = receive(client, hoa, payer="bhyt", card=card.pk, override="Khám thêm")
    assert answer.status_code == 302
    assert len(told) <= 27  # 24 at the desk: here the request itself is a savepoint


def test_a_familys_page_begins_with_receiving_it(client, elsewhere, family):
    household, _ = family
    page = client.get(reverse("households:household", args=[household.pk])).content.decode()
    tools = page.partition('<div class="page-tools">')[2]
    first = tools[: tools.index("</a>")]
    assert at("family", household.pk) in first and 'data-key="F2"' in first
    household.closed, household.closed_on = "departed", timezone.localdate()
    household.save()
    page = client.get(reverse("households:household", args=[household.pk])).content.decode()
    assert at("family", household.pk) not in page
