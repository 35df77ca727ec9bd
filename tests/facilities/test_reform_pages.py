"""The pages of the arrangement of stations: a plan is made, decided, asked for, approved, looked at."""

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from apps.core.ids import uuid7
from apps.facilities.models import Facility, Hamlet, Reform
from tests.factories.accounts import a_member, client_of
from tests.factories.patients import a_person
from tests.factories.reform import CHANGE, REF, World

NOBODY = "01920000-0000-7000-8000-000000000000"  # the same in every process: tests are named by it

pytestmark = pytest.mark.django_db


def post(client: Any, address: str, **data: Any) -> Any:
    return client.post(address, {"form_key": str(uuid7()), **data})


def a_plan(world: World) -> Reform:
    client = client_of(world.admin)
    response = post(
        client,
        reverse("facilities:reform_new"),
        on="01/07/2025",
        legal_ref=REF,
        successor=str(world.new.pk),
        former=[str(world.thanh.pk), str(world.vinh.pk)],
    )
    assert response.status_code == 302, response.content.decode()
    return Reform.objects.get()


def boxes(client: Any, reform: Reform) -> dict[str, Any]:
    """What the plan's form holds when it is opened."""
    form = client.get(reverse("facilities:reform", args=[reform.pk])).context["form"]
    said = {name: form[name].value() for name in form.fields if name != "form_key"}
    return {name: value if value is not None else "" for name, value in said.items()} | {"on": "01/07/2025"}


def test_it_works(world: World, django_capture_on_commit_callbacks: Any) -> None:
    a_person(world.thanh, "Nguyễn Thị Hòa")
    reform = a_plan(world)
    admin, second = client_of(world.admin), client_of(world.second)
    page = reverse("facilities:reform", args=[reform.pk])
    text = admin.get(page).content.decode()
    assert "Điểm trạm Ba Thành" in text and "Thôn 1" in text and "Nguyễn Thị Hòa" not in text
    said = boxes(admin, reform)
    station = reform.stations.get(facility=world.thanh)
    assert post(admin, page, **said | {f"name-{station.pk}": "Điểm trạm số 2"}).status_code == 302
    assert post(admin, reverse("facilities:reform_act", args=[reform.pk]), act="ask").status_code == 302
    waiting = second.get(reverse("core:changes")).content.decode()
    assert "Sắp xếp trạm từ 01/07/2025" in waiting and "Điểm trạm số 2, thuộc" in waiting
    reform.refresh_from_db()
    assert reform.state == "asked"
    from apps.core.models import PendingChange

    change = PendingChange.objects.get()
    with django_capture_on_commit_callbacks(execute=True):
        post(second, reverse("core:decide", args=[change.pk]), act="approve")
    done = admin.get(page).content.decode()
    assert "Đã xong" in done and "Xin hoàn tác" in done
    assert Facility.objects.get(pk=world.thanh.pk).name == "Điểm trạm số 2"
    assert reform.title in admin.get(reverse("facilities:reforms")).content.decode()


def test_a_plan_that_was_asked_for_is_not_edited(world: World) -> None:
    reform, admin = a_plan(world), client_of(world.admin)
    said = boxes(admin, reform)
    post(admin, reverse("facilities:reform_act", args=[reform.pk]), act="ask")
    answer = post(admin, reverse("facilities:reform", args=[reform.pk]), **said | {"legal_ref": "QĐ khác"})
    assert answer.status_code == 302
    reform.refresh_from_db()
    assert reform.legal_ref == REF
    post(admin, reverse("facilities:reform_act", args=[reform.pk]), act="reopen")
    reform.refresh_from_db()
    assert reform.state == "draft"
    assert not client_of(world.second).get(reverse("core:changes")).context["waiting"]


def test_the_second_of_two_editors_is_asked(world: World) -> None:
    reform, admin = a_plan(world), client_of(world.admin)
    said, page = boxes(admin, reform), reverse("facilities:reform", args=[reform.pk])
    post(client_of(world.second), page, **said | {"legal_ref": "QĐ 1"})
    answer = post(admin, page, **said | {"legal_ref": "QĐ 2"})
    assert answer.status_code == 409
    reform.refresh_from_db()
    assert reform.legal_ref == "QĐ 1"


def test_a_form_sent_twice_makes_one_plan(world: World) -> None:
    client, key = client_of(world.admin), str(uuid7())
    data = {
        "form_key": key,
        "on": "01/07/2025",
        "legal_ref": REF,
        "successor": str(world.new.pk),
        "former": [str(world.thanh.pk)],
    }
    for _ in range(2):
        assert client.post(reverse("facilities:reform_new"), data).status_code == 302
    assert Reform.objects.count() == 1


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("on", "31/02/2025", "không có"),
        ("on", "", "Ghi ngày có hiệu lực"),
        ("legal_ref", "\x00‮", "Ghi căn cứ"),
        ("legal_ref", "x" * 201, "200"),
        ("successor", "khong-phai", "Không có trạm này"),
        ("successor", NOBODY, "Không có trạm này"),
        ("former", [], "Chọn ít nhất một trạm"),
        ("former", ["👶"], "Không có trạm này"),
        ("former", [NOBODY], "Không có trạm này"),
    ],
)
def test_what_cannot_be_is_a_sentence(world: World, field: str, value: Any, sentence: str) -> None:
    data = {
        "on": "01/07/2025",
        "legal_ref": REF,
        "successor": str(world.new.pk),
        "former": [str(world.thanh.pk)],
    }
    answer = post(client_of(world.admin), reverse("facilities:reform_new"), **data | {field: value})
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert not Reform.objects.exists()


@pytest.mark.parametrize("value", ["khong-phai", NOBODY, "x" * 200])
def test_a_hamlet_goes_to_a_station_of_the_plan_alone(world: World, value: str) -> None:
    reform, admin = a_plan(world), client_of(world.admin)
    row = reform.hamlets.first()
    answer = post(
        admin,
        reverse("facilities:reform", args=[reform.pk]),
        **boxes(admin, reform) | {f"hamlet-{row.pk}": value},
    )
    assert answer.status_code == 422
    assert "Chọn một trạm mới của phương án này" in answer.content.decode()
    row.refresh_from_db()
    assert row.station == world.new


def test_strangers(world: World) -> None:
    reform = a_plan(world)
    page = reverse("facilities:reform", args=[reform.pk])
    head = client_of(a_member("station_head", world.thanh, "truong"))
    assert head.get(page).status_code == 403
    assert head.get(reverse("facilities:reforms")).status_code == 403
    assert client_of(world.nurse).get(page).status_code == 403
    from tests.factories.facilities import a_province

    elsewhere = Facility.objects.create(
        name="Sở Y tế Hà Nội", kind="department", unit=a_province("01", "Hà Nội")
    )
    other = client_of(a_member("province_admin", elsewhere, "hanoi"))
    assert other.get(page).status_code == 404
    assert post(other, reverse("facilities:reform_act", args=[reform.pk]), act="drop").status_code == 404
    assert post(client_of(world.admin), page + "viec/", act="xoa").status_code == 404


def test_a_plan_is_dropped_by_whoever_made_it(world: World) -> None:
    reform, admin = a_plan(world), client_of(world.admin)
    post(admin, reverse("facilities:reform_act", args=[reform.pk]), act="drop")
    reform.refresh_from_db()
    assert reform.state == "dropped"
    post(admin, reverse("facilities:reform_act", args=[reform.pk]), act="ask")
    reform.refresh_from_db()
    assert reform.state == "dropped"


def test_the_list_costs_the_same_for_two_and_twenty(world: World) -> None:
    admin, counts = client_of(world.admin), []
    for many in (2, 20):
        while Reform.objects.count() < many:
            Reform.objects.create(on=CHANGE, legal_ref=REF, title="Phương án", office=world.office)
        admin.get(reverse("facilities:reforms"))
        with CaptureQueriesContext(connection) as found:
            assert admin.get(reverse("facilities:reforms")).status_code == 200
        counts.append(len(found))
    assert counts[0] == counts[1]


def test_the_plan_costs_the_same_for_few_and_many_hamlets(world: World) -> None:
    from apps.facilities.models import Catchment, ReformHamlet

    reform, admin, counts = a_plan(world), client_of(world.admin), []
    page = reverse("facilities:reform", args=[reform.pk])
    for many in (4, 40):
        for number in range(reform.hamlets.count(), many):
            hamlet = Hamlet.objects.create(
                commune=world.thanh.unit, code=f"X{number}", name=f"Thôn X{number}"
            )
            Catchment.objects.create(facility=world.thanh, hamlet=hamlet)
            ReformHamlet.objects.create(reform=reform, hamlet=hamlet, station=world.new)
        admin.get(page)
        with CaptureQueriesContext(connection) as found:
            admin.get(page)
        counts.append(len(found))
    assert counts[0] == counts[1]


def test_the_day_is_told_before_it_comes(world: World, django_capture_on_commit_callbacks: Any) -> None:
    later = timezone.localdate() + dt.timedelta(days=10)
    reform = world.planned(on=later)
    world.approve(django_capture_on_commit_callbacks, reform)
    text = client_of(world.admin).get(reverse("facilities:reform", args=[reform.pk])).content.decode()
    assert "phần mềm tự chuyển" in text and "Chuyển ngay" not in text
