"""The pages: the panel beside a visit, the form, its amendment, who may not."""

import datetime as dt
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from apps.care.models import Enrolment
from apps.core.errors import NeedsReason
from apps.core.ids import uuid7
from apps.core.models import Parameter, ReadEntry
from apps.core.scope import enter
from apps.encounters import services as visits
from apps.encounters.models import Visit
from apps.ncd import queries
from apps.ncd.models import FollowUp
from tests.encounters.conftest import signed_in
from tests.factories import encounters as make
from tests.factories import ncd
from tests.factories.patients import a_person, scope_at

NEXT = timezone.localdate() + dt.timedelta(days=30)


@pytest.fixture
def visit(lan, enrolment, doctor):
    return ncd.a_pressed_visit(lan, doctor)


def url(visit, enrolment, name="follow"):
    return reverse(f"ncd:{name}", args=[visit.pk, enrolment.pk])


def filled(visit, **changes):
    stored = Visit.unscoped.get(pk=visit.pk)
    form = FollowUp.unscoped.filter(visit=visit).first()
    return {
        "form_key": str(uuid7()), "version": form.version if form else "", "visit_version": stored.version,
        "adherence": "all", "medicine_days": "30", "next_on": "30", **changes,
    }  # fmt: skip


def finish(visit, doctor):
    with enter(ncd.scope_of(doctor)):
        stored = Visit.unscoped.get(pk=visit.pk)
        visits.visit_finalise(visit_id=visit.pk, expected_version=stored.version, override="đã xem")


def test_it_works(client, visit, enrolment, lan, doctor):
    page = client.get(reverse("encounters:visit", args=[visit.pk])).content.decode()
    assert "Bệnh mạn tính" in page and url(visit, enrolment) in page and 'data-key="F3"' in page
    page = client.get(url(visit, enrolment)).content.decode()
    assert "148/92, mục tiêu dưới 140/90" in page and "Amlodipin" in page
    response = client.post(url(visit, enrolment), filled(visit))
    assert response["location"] == reverse("encounters:visit", args=[visit.pk])
    form = FollowUp.unscoped.get()
    assert (form.target, form.next_on, form.medicine_days) == (0, NEXT, 30)
    finish(visit, doctor)
    page = client.get(reverse("ncd:form", args=[form.pk])).content.decode()
    assert "Không đạt: 148/92" in page and reverse("ncd:amend", args=[form.pk]) in page
    page = client.get(reverse("patients:person", args=[lan.pk])).content.decode()
    assert "Theo dõi huyết áp, đường huyết" in page and "mục tiêu dưới 140" in page
    assert "Theo dõi tăng huyết áp: 148/92, không đạt" in page
    assert ReadEntry.objects.filter(screen="ncd.form", person_ids__contains=[lan.pk]).count() >= 2


def test_without_a_prescription_or_a_pressure_no_day_is_proposed(client, lan, enrolment, doctor):
    ncd.a_finished_follow_up(lan, doctor, 138, 84, days_ago=31)
    page = client.get(url(make.a_visit(lan, doctor), enrolment)).content.decode()
    for name in ("medicine_days", "next_on"):
        box = re.search(rf'<input[^>]* name="{name}"[^>]*>', page)[0]
        assert 'value="' not in box, box


def aims(lan):
    """What the pictures of her page say is aimed at."""
    with enter(scope_at(lan.station, ncd.MINE)) as scope, CaptureQueriesContext(connection) as asked:
        pictures = queries.of_person(scope, lan)["pictures"]
    assert len(asked) == 1
    return [picture["band"]["word"] for picture in pictures]


def test_the_pictures_aim_at_what_holds_on_the_day_and_for_her(lan, enrolment, doctor):
    today = timezone.localdate()
    old = ncd.a_finished_follow_up(lan, doctor, days_ago=40)
    assert aims(lan) == ["mục tiêu dưới 140/90"]
    Parameter.objects.create(key="control.target", value=[135, 85], valid_from=today, source="thử")
    assert aims(lan) == ["mục tiêu dưới 140/90"], "not yet on the day of her last form"
    FollowUp.unscoped.filter(pk=old.pk).update(complications=["kidney"])
    assert aims(lan) == ["mục tiêu dưới 130/80"], "her own"
    ncd.a_finished_follow_up(lan, doctor)
    assert aims(lan) == ["mục tiêu dưới 135/85"]


def test_one_click_into_the_programme(client, lan, doctor):
    visit = ncd.a_pressed_visit(lan, doctor)
    page = client.get(reverse("encounters:visit", args=[visit.pk])).content.decode()
    assert "chẩn đoán I10" in page and "Đưa vào quản lý" in page
    take_in = reverse("ncd:take_in", args=[visit.pk])
    posted = {"form_key": str(uuid7()), "programme": "hypertension"}
    first = client.post(take_in, posted)
    made = Enrolment.unscoped.get()
    assert first["location"] == url(visit, made)
    assert client.post(take_in, posted)["location"] == first["location"]  # the same click twice
    assert client.post(take_in, {"form_key": str(uuid7()), "programme": "x"}).status_code == 302
    assert Enrolment.unscoped.count() == 1


def test_a_pressure_that_was_raised_once_is_to_be_taken_again(client, lan, doctor):
    data = ncd.pressed(150, 95)
    visit = make.an_examined_visit(lan, doctor, make.VisitInput(fields=data.fields, vitals=data.vitals))
    page = client.get(reverse("encounters:visit", args=[visit.pk])).content.decode()
    assert "đo lại vào ngày khác" in page and "Đưa vào quản lý" not in page


def test_the_key_is_that_of_what_can_be_done(client, lan, doctor):
    """A pressure to be taken again stands above her form for diabetes: F3 opens the form."""
    diabetes = ncd.an_old_enrolment(lan, "diabetes")
    data = ncd.pressed(150, 95)
    visit = make.an_examined_visit(lan, doctor, make.VisitInput(fields=data.fields, vitals=data.vitals))
    page = client.get(reverse("encounters:visit", args=[visit.pk])).content.decode()
    assert "Đo lại" in page and f'{url(visit, diabetes)}" data-saves="visit-form" data-key="F3"' in page


def test_of_whom_there_is_nothing_to_say(client, station, doctor):
    visit = make.an_examined_visit(a_person(station), doctor)
    assert "Bệnh mạn tính" not in client.get(reverse("encounters:visit", args=[visit.pk])).content.decode()


def test_it_begins_as_the_last_time(client, lan, enrolment, doctor):
    ncd.a_finished_follow_up(lan, doctor, 138, 84, days_ago=30, adherence="some", complications=["eye"])
    visit = make.a_visit(lan, doctor, reason="Lĩnh thuốc")
    page = client.get(url(visit, enrolment)).content.decode()
    box = page[page.index('value="eye"') - 60 : page.index('value="eye"') + 80]
    assert "138/84" in page and "checked" in box
    assert "Cấp lại đơn lần trước" in page and "Chưa kê thuốc" in page
    refilled = client.post(
        url(visit, enrolment, "refill"), {"form_key": str(uuid7()), "visit_version": visit.version}
    )
    assert refilled["location"] == url(visit, enrolment)
    assert "Chưa kê thuốc" not in client.get(url(visit, enrolment)).content.decode()


def test_the_medicines_of_the_programme_come_again_not_those_of_a_cold_since(client, lan, enrolment, doctor):
    ncd.a_finished_follow_up(lan, doctor, 138, 84, days_ago=30)
    make.a_finished_visit(lan, doctor, at=timezone.now() - dt.timedelta(days=3))  # paracetamol
    visit = make.a_visit(lan, doctor, reason="Lĩnh thuốc")
    client.post(url(visit, enrolment, "refill"), {"form_key": str(uuid7()), "visit_version": visit.version})
    page = client.get(url(visit, enrolment)).content.decode()
    assert "Amlodipin" in page and "Paracetamol" not in page


def test_a_double_post_saves_once(client, visit, enrolment):
    data = filled(visit)
    assert client.post(url(visit, enrolment), data).status_code == 302
    assert client.post(url(visit, enrolment), data).status_code == 302
    assert FollowUp.unscoped.get().version == 1


def test_bad_input_comes_back_with_a_sentence(client, visit, enrolment):
    response = client.post(url(visit, enrolment), filled(visit, medicine_days="400", next_on="hôm nào đó"))
    assert response.status_code == 422 and "hôm nào đó" in response.content.decode()
    response = client.post(url(visit, enrolment), filled(visit, medicine_days="400"))
    assert "từ 1 đến 90 ngày" in response.content.decode()
    response = client.post(url(visit, enrolment), filled(visit, target="1"))
    assert "Ghi lý do đổi mục tiêu" in response.content.decode()
    response = client.post(url(visit, enrolment), filled(visit, glucose="375"))
    assert response.status_code == 422 and not FollowUp.unscoped.exists()


def test_the_visit_was_saved_in_another_window(client, visit, enrolment):
    response = client.post(url(visit, enrolment), filled(visit, visit_version="1"))
    page = response.content.decode()
    assert response.status_code == 422 and "cửa sổ khác" in page
    version = Visit.unscoped.get(pk=visit.pk).version
    assert f'name="visit_version" value="{version}"' in page  # the next save goes through


def test_somebody_else_saved_the_form(client, visit, enrolment, doctor):
    data = filled(visit)
    form = ncd.a_follow_up(visit, doctor, adherence="none")
    data["visit_version"] = Visit.unscoped.get(pk=visit.pk).version
    response = client.post(url(visit, enrolment), data)
    assert response.status_code == 409 and "Không uống" in response.content.decode()
    assert client.post(url(visit, enrolment), filled(visit, version=form.version)).status_code == 302


def test_what_is_typed_is_said(client, visit, enrolment):
    said = url(visit, enrolment, "said")
    page = client.post(said, {"complications": ["kidney"], "smoker": "no"}).content.decode()
    assert "130/80 vì có bệnh thận mạn" in page and "Nguy cơ cao" in page
    assert client.post(said, {"glucose": "abc"}).status_code == 200


def test_amended_with_a_reason(client, visit, enrolment, doctor):
    form = ncd.a_follow_up(visit, doctor)
    finish(visit, doctor)
    assert client.get(url(visit, enrolment))["location"] == reverse("ncd:form", args=[form.pk])
    amend = reverse("ncd:amend", args=[form.pk])
    assert client.get(amend).status_code == 200
    on = f"{form.next_on:%d/%m/%Y}"
    assert client.post(amend, filled(visit, next_on=on)).status_code == 422
    sent = filled(visit, next_on=on, side_effects="Ho khan", reason="bổ sung")
    assert client.post(amend, sent)["location"] == reverse("ncd:form", args=[form.pk])
    page = client.get(reverse("ncd:form", args=[form.pk])).content.decode()
    assert "Ho khan" in page and "bổ sung" in page


def test_both_diseases_are_asked_one_after_the_other(client, lan, visit, enrolment):
    sweet = ncd.an_old_enrolment(lan, "diabetes")
    assert client.post(url(visit, enrolment), filled(visit))["location"] == url(visit, sweet)
    page = client.get(url(visit, sweet)).content.decode()
    assert f'value="{NEXT:%d/%m/%Y}"' in page


def test_strangers(client, elsewhere, visit, enrolment, station, doctor, lan):
    form = ncd.a_follow_up(visit, doctor)
    other = ncd.an_old_enrolment(a_person(station, "Phạm Thị Khác"))
    assert client.get(url(visit, other)).status_code == 404  # somebody else's enrolment
    for address in (url(visit, enrolment), reverse("ncd:form", args=[form.pk])):
        assert elsewhere.get(address).status_code == 404
    assert elsewhere.post(reverse("ncd:take_in", args=[visit.pk]), {"form_key": uuid7()}).status_code == 404
    pharmacist = signed_in("pharmacist", make.a_practitioner(station, "Võ Dược"), "duoc.v")
    assert pharmacist.get(url(visit, enrolment)).status_code == 403
    assert pharmacist.get(reverse("ncd:form", args=[form.pk])).status_code == 200


def test_the_form_costs_the_same_with_many_earlier_ones(
    client, lan, enrolment, doctor, django_assert_max_num_queries
):
    for ago in (120, 90, 60, 30):
        ncd.a_finished_follow_up(lan, doctor, days_ago=ago)
    visit = ncd.a_pressed_visit(lan, doctor)
    client.get(url(visit, enrolment))
    with django_assert_max_num_queries(25):
        client.get(url(visit, enrolment))


def test_her_own_target_on_the_pages(client, visit, enrolment, lan, doctor):
    for wrong in ("130", "130/", "cao/thấp", "13/8"):
        answer = client.post(url(visit, enrolment), filled(visit, aim_pressure=wrong))
        assert answer.status_code == 422, wrong
        box = re.search(r'<input[^>]* name="aim_pressure"[^>]*>', answer.content.decode())[0]
        assert 'aria-invalid="true"' in box and f'value="{wrong}"' in box
    typing = client.post(url(visit, enrolment, "said"), filled(visit, aim_pressure="150/95"))
    assert "mục tiêu riêng dưới 150/95" in typing.content.decode()
    client.post(url(visit, enrolment), filled(visit, aim_pressure="150 / 95"))
    form = FollowUp.unscoped.get()
    assert (form.aim_systolic, form.aim_diastolic, form.target) == (150, 95, 1)
    finish(visit, doctor)
    page = client.get(reverse("ncd:form", args=[form.pk])).content.decode()
    assert "dưới 150/95 mmHg" in page
    assert "mục tiêu dưới 150/95" in client.get(reverse("patients:person", args=[lan.pk])).content.decode()


def test_a_form_that_was_forgotten_is_asked_about_and_may_be_added_afterwards(client, lan, enrolment, doctor):
    visit = ncd.a_pressed_visit(lan, doctor)
    with enter(make.scope_of(doctor)):
        with pytest.raises(NeedsReason) as asked:
            visits.visit_finalise(visit_id=visit.pk, expected_version=visit.version)
        assert "Chưa ghi phiếu theo dõi tăng huyết áp" in asked.value.warnings[-1].sentence
        visits.visit_finalise(visit_id=visit.pk, expected_version=visit.version, override="Bận")
    page = client.get(reverse("encounters:visit", args=[visit.pk])).content.decode()
    assert "Ghi phiếu bổ sung" in page and url(visit, enrolment) in page
    assert "Ghi bổ sung phiếu theo dõi" in client.get(url(visit, enrolment)).content.decode()
    visit.refresh_from_db()
    assert client.post(url(visit, enrolment), filled(visit) | {"reason": ""}).status_code == 422
    assert client.post(url(visit, enrolment), filled(visit) | {"reason": "Quên ghi"}).status_code == 302
    form = FollowUp.unscoped.get()
    assert (form.visit_id, form.state) == (visit.pk, "current")
    page = client.get(reverse("encounters:visit", args=[visit.pk])).content.decode()
    assert "Ghi phiếu bổ sung" not in page


def test_the_key_stands_where_there_is_something_to_press(client, lan, doctor):
    """Of a diabetic with a pressure that is only to be taken again, F3 opens the diabetic's form."""
    ncd.an_old_enrolment(lan, "diabetes")
    data = ncd.pressed(150, 95)
    visit = make.an_examined_visit(lan, doctor, make.VisitInput(fields=data.fields, vitals=data.vitals))
    page = client.get(reverse("encounters:visit", args=[visit.pk])).content.decode()
    panel = page[page.index('id="panel-ncd"') :]
    assert panel.index("Đo lại") < panel.index('data-key="F3">Phiếu theo dõi')
