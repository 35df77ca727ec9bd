"""Vital signs of a visit: several pressures, posture, swollen feet, what is said while they are typed."""

import datetime as dt
import re
from decimal import Decimal as D
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from apps.care.models import Measurement
from tests.encounters.conftest import signed_in
from tests.factories import encounters as make
from tests.factories.care import a_measurement
from tests.factories.patients import a_person, a_station

ADULT = {"reason": "Đau đầu", "external": "", "main": "", "main_text": "", "follow_up_on": ""}


def at(name, *args):
    return reverse(f"encounters:{name}", args=args)


def typed(visit, **values):
    return {"form_key": str(uuid4()), "version": visit.version, "action": "save", **ADULT, **values}


def stored(visit):
    rows = Measurement.unscoped.filter(source_id=visit.pk, state="final")
    return {row.vital.key: row for row in rows}


@pytest.fixture
def visit(hoa, doctor):
    return make.a_visit(hoa, doctor)


@pytest.fixture
def child(station):
    born = timezone.localdate() - dt.timedelta(days=500)
    return a_person(station, "Đinh Gia Bảo", birth_date=born, sex="male")


@pytest.fixture
def childs(child, doctor):
    return make.a_visit(child, doctor)


def test_it_works(client, visit):
    """Three readings: the mean of the last two counts, each is kept and stands in the box again."""
    answer = client.post(at("visit", visit.pk), typed(visit, pressure="170/100 152/95; 147/92"))
    assert answer.status_code == 302, answer.content.decode()
    found = stored(visit)
    assert (found["systolic"].value, found["diastolic"].value) == (D(150), D(94))
    assert found["systolic"].readings == [D(170), D(152), D(147)]
    page = client.get(at("visit", visit.pk)).content.decode()
    assert 'value="170/100; 152/95; 147/92"' in page
    series = client.get(f"/nguoi/{visit.person_id}/chi-so/huyet-ap/").content.decode()
    assert "150/94" in series and "170/100; 152/95; 147/92" in series


def test_one_reading_again_forgets_the_others(client, visit):
    client.post(at("visit", visit.pk), typed(visit, pressure="150/95 140/90"))
    visit.refresh_from_db()
    client.post(at("visit", visit.pk), typed(visit, pressure="138/88"))
    assert stored(visit)["systolic"].readings == [] and stored(visit)["systolic"].value == D(138)


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"pressure": "150/95 1400/90"}, "là không thể"),
        ({"pressure": "150/95 90/140"}, "số tối đa phải lớn hơn"),
        ({"pressure": "150/95 140"}, "chưa đủ hai số"),
        ({"pressure": " ".join(["120/80"] * 7)}, "Nhiều nhất 6 lần đo"),
        ({"temperature": "375"}, "Có phải là 37,5 không?"),
    ],
)
def test_what_cannot_be_is_a_sentence_and_nothing_is_saved(client, visit, said, sentence):
    answer = client.post(at("visit", visit.pk), typed(visit, **said))
    assert answer.status_code == 422 and sentence in answer.content.decode()
    assert not stored(visit)


def test_a_child_has_the_boxes_of_a_child(client, visit, childs):
    page = client.get(at("visit", childs.pk)).content.decode()
    for name in ("length", "height", "head", "muac", "oedema"):
        assert f'name="{name}"' in page
    assert 'name="waist"' not in page
    assert page.index('name="length"') < page.index('name="height"'), "lying first under 24 months"
    adults = client.get(at("visit", visit.pk)).content.decode()
    assert 'name="waist"' in adults and 'name="muac"' not in adults


def test_a_childs_measuring_tells_its_growth_beside_the_visit(client, childs):
    answer = client.post(
        at("visit", childs.pk), typed(childs, weight="8,0", length="76", head="46", muac="12,2", oedema="on")
    )
    assert answer.status_code == 302, answer.content.decode()
    found = stored(childs)
    assert found["weight"].oedema and not found["length"].oedema
    assert found["length"].code == "8306-3" and found["muac"].value == D("12.2")
    page = client.get(at("visit", childs.pk)).content.decode()
    assert "Suy dinh dưỡng cấp tính nặng" in page and "Phù hai bàn chân" in page
    assert 'name="oedema" id="id_oedema" checked' in page or "checked" in page
    childs.refresh_from_db()
    client.post(at("visit", childs.pk), typed(childs, weight="8,0", length="76"))
    assert not stored(childs)["weight"].oedema
    page = client.get(at("visit", childs.pk)).content.decode()
    assert "Nhẹ cân" in page and '<svg class="growth-chart"' in page
    assert "head" not in stored(childs), "what the page no longer shows is taken back"


def test_a_length_and_a_height_are_one_too_many(client, childs):
    answer = client.post(at("visit", childs.pk), typed(childs, length="76", height="75"))
    assert answer.status_code == 422 and "Chỉ ghi một" in answer.content.decode()


def test_an_adult_has_no_growth(client, visit):
    client.post(at("visit", visit.pk), typed(visit, weight="52"))
    assert "Tăng trưởng" not in client.get(at("visit", visit.pk)).content.decode()


def test_the_page_costs_the_same_at_two_and_at_twenty_measurings(client, childs, child):
    def cost():
        with CaptureQueriesContext(connection) as caught:
            assert client.get(at("visit", childs.pk)).status_code == 200
        return len(caught)

    def weigh(days):
        for day in days:
            a_measurement(child, "weight", "8.5", at=timezone.now() - dt.timedelta(days=day))

    weigh(range(2))
    cost()
    few = cost()
    weigh(range(2, 20))
    assert cost() == few


# ---- said while they are typed


def test_dangers_are_said_at_once_beside_their_boxes(client, visit):
    said = client.post(
        at("said", visit.pk),
        {"temperature": "39,2", "spo2": "85", "pressure": "190/100 185/95", "weight": "520", "pulse": ""},
    )
    text = said.content.decode()
    assert said.status_code == 200
    assert "Sốt cao: 39,2 °C" in text and "SpO₂ thấp: 85 %" in text
    assert "Có phải là 52 không?" in text
    assert "Tăng huyết áp độ 3: 188/98 mmHg. Cần xử trí ngay" in text and "rất cao" not in text
    assert '<div id="said-pulse" class="said-box" hx-swap-oob="true"></div>' in text
    assert not stored(visit)


def test_who_opens_the_page_later_reads_what_the_figures_say(client, visit, childs):
    assert "Tăng huyết áp độ" not in client.get(at("visit", visit.pk)).content.decode()
    figures = {"pressure": "165/100", "temperature": "39,5", "weight": "52", "height": "150"}
    client.post(at("visit", visit.pk), typed(visit, **figures))
    page = client.get(at("visit", visit.pk)).content.decode()
    for words in ("Tăng huyết áp độ 2", "BMI <b>23,1</b>", "Sốt cao: 39,5 °C"):
        assert words in page
    assert page.index('id="said-temperature"') < page.index("Sốt cao", page.index('id="said-temperature"'))
    client.post(at("visit", childs.pk), typed(childs, weight="8", length="76"))
    assert "Cân nặng theo tuổi: z" in client.get(at("visit", childs.pk)).content.decode()


def test_a_draft_is_opened_with_what_its_own_figures_say(client, visit):
    client.post(at("visit", visit.pk), typed(visit, pressure="120/80", temperature="40"))
    visit.refresh_from_db()
    client.post(at("visit", visit.pk), typed(visit, pressure="190/115", temperature="37", external="X99.Z"))
    page = client.get(at("visit", visit.pk)).content.decode()
    assert "bản nháp" in page.lower()
    above = page[page.index('id="dangers"') : page.index('id="visit-form"')]
    assert "Tăng huyết áp độ 3: 190/115 mmHg. Cần xử trí ngay" in above and "Sốt cao" not in page


def test_a_figure_that_was_refused_is_told_once(client, visit):
    answer = client.post(at("visit", visit.pk), typed(visit, temperature="375", weight="52"))
    boxes = answer.content.decode().split('id="vital-boxes"')[1].split('id="vital-said"')[0]
    assert boxes.count("Có phải là 37,5 không?") == 1


def test_fast_breathing_is_by_age(client, childs):
    assert "Thở nhanh" in client.post(at("said", childs.pk), {"breathing": "42"}).content.decode()
    assert "Thở nhanh" not in client.post(at("said", childs.pk), {"breathing": "38"}).content.decode()


def test_growth_is_said_while_it_is_typed(client, childs):
    text = client.post(at("said", childs.pk), {"weight": "8", "length": "76"}).content.decode()
    assert "Cân nặng theo tuổi: z" in text and "Nhẹ cân" in text and "BMI" in text
    swollen = client.post(at("said", childs.pk), {"weight": "8", "oedema": "on"}).content.decode()
    assert "Suy dinh dưỡng cấp tính nặng" in swollen
    apart = client.post(at("said", childs.pk), {"pressure": "120/80", "length": "7x"}).content.decode()
    assert "không phải là số" in apart and "Tăng huyết áp" not in apart


def test_readings_far_apart_ask_for_another(client, visit):
    text = client.post(at("said", visit.pk), {"pressure": "150/95 130/90"}).content.decode()
    assert "đo thêm" in text


def test_the_measuring_page_says_the_same(client, child):
    path = f"/nguoi/{child.pk}/chi-so/xem-truoc/"
    text = client.post(path, {"weight": "8", "length": "76", "muac": "11"}).content.decode()
    assert "Vòng cánh tay nhỏ" in text and "Nhẹ cân" in text
    saved = client.post(
        f"/nguoi/{child.pk}/chi-so/them/",
        {
            "form_key": str(uuid4()),
            "on": f"{timezone.localdate():%d/%m/%Y}",
            "time": "",
            "source": "station",
            "weight": "8",
            "oedema": "on",
            "pressure": "100/60 96/58",
        },
    )
    assert saved.status_code == 302, saved.content.decode()
    rows = {row.vital.key: row for row in Measurement.unscoped.filter(person=child)}
    assert rows["weight"].oedema and rows["systolic"].value == D(98)
    assert rows["systolic"].readings == [D(100), D(96)]


def test_swollen_feet_go_with_a_weight(client, child):
    answer = client.post(
        f"/nguoi/{child.pk}/chi-so/them/",
        {
            "form_key": str(uuid4()),
            "on": f"{timezone.localdate():%d/%m/%Y}",
            "time": "",
            "source": "station",
            "length": "76",
            "oedema": "on",
        },
    )
    assert answer.status_code == 422 and "Ghi cân nặng cùng với phù" in answer.content.decode()


def test_a_stranger_is_told_nothing(visit, child):
    stranger = signed_in("nurse", make.a_practitioner(a_station("21490", "Trạm Y tế xã Ba Vì")), "lan.vt")
    assert stranger.post(at("said", visit.pk), {"pulse": "88"}).status_code == 404
    assert stranger.post(f"/nguoi/{child.pk}/chi-so/xem-truoc/", {"pulse": "88"}).status_code == 404


def test_the_cursor_stands_where_the_work_goes_on(client, visit):
    def begins():
        page = client.get(at("visit", visit.pk)).content.decode()
        visit.refresh_from_db()
        boxes = re.findall(r"<(?:input|textarea)[^>]* autofocus[^>]*>", page)
        return [re.search(r' id="id_([\w-]+)"', box)[1] for box in boxes]

    def save(**values):
        assert client.post(at("visit", visit.pk), typed(visit, **values)).status_code == 302

    written = {"reason": ""}
    for more, box in (
        ({}, "reason"),
        ({"reason": "Đau đầu"}, "pulse"),
        ({"pulse": "80"}, "history"),
        ({"history": "Từ sáng"}, "main"),
        ({"main": "J06.9"}, "line-0-drug"),
    ):
        written |= more
        save(**written)
        assert begins() == [box]
