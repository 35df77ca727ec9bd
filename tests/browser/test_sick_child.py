"""A child with fever and a danger sign: the form by a key, the warning at once, the referral chosen."""

import datetime as dt

import pytest
from django.core.management import call_command
from django.utils import timezone

from apps.encounters.models import Visit
from tests.factories import encounters as make
from tests.factories.accounts import a_post, a_user, client_of
from tests.factories.patients import a_person, a_station

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def doctor(db):
    lists = ["parameters", "code_lists", "exam_organs", "imci_classes", "icd10_tt06", "icd10_common"]
    call_command("load_catalogues", only=lists)
    station = a_station()
    practitioner = make.a_practitioner(station, "Trần Văn Bình", user=a_user("binh.tv", "Trần Văn Bình"))
    a_post(practitioner.user, "doctor", station, practitioner=practitioner)
    return practitioner


@pytest.fixture
def desk(page, live_server, doctor):
    value = client_of(doctor.user).cookies["tramyte"].value
    page.context.add_cookies([{"name": "tramyte", "value": value, "url": live_server.url}])
    return page


def write(desk, box, text):
    desk.focus(f"[name={box}]")
    desk.wait_for_selector(f"[name={box}]:focus")
    desk.keyboard.type(text)


def test_a_child_with_a_danger_sign(desk, doctor, live_server, photograph, axe_clean):
    # Given: Bảo, two years old, is received with a cough and fever.
    born = timezone.localdate() - dt.timedelta(days=760)
    bao = a_person(doctor.facility, "Phạm Gia Bảo", sex="male", birth_date=born)
    visit = make.a_visit(bao, doctor, reason="Ho, sốt 3 ngày, bú kém")
    desk.goto(f"{live_server.url}/kham/{visit.pk}/")
    photograph(desk, "sick-child-folded")

    # When: she counts and measures, and opens the form by its key.
    for box, text in (("temperature", "38,7"), ("breathing", "46"), ("weight", "9,6"), ("length", "84")):
        write(desk, box, text)
    desk.keyboard.press("F6")
    desk.wait_for_selector("[name=imci-unable_drink]:focus")
    for key in ("cough", "fever"):
        desk.focus(f"[name=imci-{key}]")
        desk.keyboard.press("Space")
        desk.keyboard.press("Enter")
        desk.keyboard.type("3")
    # what is not asked about needs no Enter: without diarrhoea the next box, without trouble of the ear too
    desk.focus("[name=imci-diarrhoea]")
    desk.keyboard.press("Enter")
    desk.wait_for_selector("[name=imci-fever]:focus")
    desk.focus("[name=imci-ear]")
    desk.keyboard.press("Enter")
    desk.wait_for_selector("[name=imci-wasted]:focus")
    desk.focus("[name=imci-pallor]")
    desk.keyboard.type("nh")
    desk.keyboard.press("Tab")
    desk.wait_for_selector("#sick-said :text('Viêm phổi')")
    photograph(desk, "sick-child-yellow")
    axe_clean(desk)

    # And the mother says that he cannot be woken: the warning comes at once.
    desk.focus("[name=imci-lethargic]")
    desk.keyboard.press("Space")
    desk.wait_for_selector("#sick-alert [role=alert]")
    desk.keyboard.press("F10")
    desk.wait_for_selector("[name=outcome]:focus")
    assert desk.input_value("[name=outcome]") == "2"
    photograph(desk, "sick-child-pink")
    axe_clean(desk)
    # It stays in sight wherever the work goes on, over the buttons; no list lies over what was found.
    desk.focus("[name=imci-vitamin_a]")
    desk.keyboard.press("Enter")
    desk.wait_for_selector("#id_main:focus")
    assert desk.locator("#id_main_list").is_hidden()
    # asked in one breath and again: each answer judges what is found, and puts it in the place of the last
    desk.wait_for_function("""() => {
        const [alert, bar] = ["#sick-alert .notice", ".actions"]
            .map((part) => document.querySelector(part)?.getBoundingClientRect());
        return alert && alert.height > 0 && alert.top > 0 && alert.bottom <= bar.top;
    }""")
    # What it comes to stays in sight when the form is folded.
    desk.locator(".sick-fold summary").press("Enter")
    photograph(desk, "sick-child-said")

    # Then: saved as it was seen, and the page warns above all.
    desk.keyboard.press("Control+Enter")
    desk.wait_for_selector("text=Đã lưu")
    visit = Visit.unscoped.get()
    assert (visit.outcome, visit.sick_child["cough_days"], visit.sick_child["lethargic"]) == ("2", "3", "yes")
    assert "pneumonia_severe" in [one["code"] for one in visit.sick_judged["classes"]]
    photograph(desk, "sick-child-saved")

    # A newborn has a form of its own.
    na = a_person(
        doctor.facility, "Con bà Đinh Thị Y Nhung", birth_date=timezone.localdate() - dt.timedelta(8)
    )
    other = make.a_visit(na, doctor, reason="Vàng da, bú kém")
    desk.goto(f"{live_server.url}/kham/{other.pk}/")
    desk.keyboard.press("F6")
    desk.wait_for_selector("[name=imci-feeds_poorly]:focus")
    desk.keyboard.press("Space")
    desk.wait_for_selector("#sick-alert [role=alert]")
    photograph(desk, "sick-infant")
    axe_clean(desk)
