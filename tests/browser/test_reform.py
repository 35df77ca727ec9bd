"""A province merges two stations: planned by keyboard, approved by a second account, found by a nurse."""

import datetime as dt
import subprocess
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.encounters.models import Visit
from apps.facilities.models import Facility, Hamlet, Reform
from apps.patients.models import Person
from tests import places
from tests.factories.accounts import a_member
from tests.factories.catalogues import an_icd10
from tests.factories.encounters import a_finished_visit, a_practitioner
from tests.factories.households import a_household
from tests.factories.patients import a_person
from tests.factories.reform import World

pytestmark = pytest.mark.django_db(transaction=True)


def test_two_stations_become_one(
    live_server: Any, as_user: Any, page: Any, photograph: Any, axe_clean: Any
) -> None:
    world = World()
    for number, name in enumerate(["Gò Rét", "Làng Teng", "Huy Ba", "Trường An"], start=3):
        hamlet = Hamlet.objects.create(commune=world.thanh.unit, code=f"00{number}", name=f"Thôn {name}")
        world.thanh.catchments.create(hamlet=hamlet)
    hoa = a_person(world.thanh, "Công Tằng Tôn Nữ Nguyễn Thị Hòa", address_text="Xóm Trên")
    a_household(world.thanh, hoa)
    a_household(world.vinh, a_person(world.vinh, "Phạm Văn Xa"))
    an_icd10("J06.9", "Nhiễm trùng đường hô hấp trên cấp", edition="qd4469")
    day = dt.datetime(2025, 5, 5, 2, tzinfo=dt.UTC)
    visit = a_finished_visit(hoa, a_practitioner(world.thanh), at=day)
    a_member("station_head", world.thanh, "truong.thanh", "Bùi Văn Trưởng")

    # She plans it, from the list of facilities.
    as_user(world.admin)
    page.goto(live_server.url + reverse("facilities:list"))
    page.get_by_role("link", name="Sắp xếp trạm").click()
    axe_clean(page)
    photograph(page, "reforms-empty")
    page.get_by_role("link", name="Lập phương án").click()
    page.wait_for_selector("input[name=on]:focus")
    page.keyboard.type("1/7/2025")
    page.keyboard.press("Tab")
    page.keyboard.type("NQ 1677/NQ-UBTVQH15")
    page.get_by_label("Trạm mới (bắt buộc)").select_option(str(world.new.pk))
    page.get_by_label("Trạm Y tế xã Ba Thành (xã Ba Thành)").first.check()
    page.get_by_label("Trạm Y tế xã Ba Vinh cũ (xã Ba Vinh)").first.check()
    axe_clean(page)
    photograph(page, "reform-new")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/sap-xep/*-*/")
    axe_clean(page)
    photograph(page, "reform-plan")
    assert page.get_by_text("Chọn vị trí mới cho 1 người phụ trách trạm cũ").is_visible()
    assert page.get_by_role("button", name="Gửi người thứ hai duyệt").is_disabled()
    page.get_by_label("Vị trí mới của Bùi Văn Trưởng").select_option(label="Bác sĩ – Trạm Y tế xã Ba Vinh")
    page.get_by_label("Sổ số của Trạm Y tế xã Ba Thành").select_option(label="Giữ sổ riêng của điểm trạm")
    page.keyboard.press("Control+Enter")
    page.get_by_text("Đã lưu phương án").wait_for()
    page.get_by_role("button", name="Gửi người thứ hai duyệt").click()
    page.get_by_text("Chờ người thứ hai duyệt").wait_for()
    photograph(page, "reform-asked")

    # A colleague approves it.
    as_user(world.second)
    page.goto(live_server.url + reverse("core:changes"))
    photograph(page, "reform-changes")
    page.get_by_role("button", name="Duyệt", exact=True).click()
    reform = Reform.objects.get()
    page.goto(live_server.url + reverse("facilities:reform", args=[reform.pk]))
    page.get_by_role("button", name="Xin hoàn tác").wait_for()
    axe_clean(page)
    photograph(page, "reform-done")
    page.goto(live_server.url + reverse("facilities:page", args=[world.new.pk]))
    photograph(page, "reform-station")
    assert page.get_by_role("link", name="Điểm trạm Ba Thành").is_visible()

    # A nurse of the former station signs in and finds her people, and those of the other.
    as_user(world.nurse)
    for typed, name in (("cong tang ton nu", hoa.full_name), ("pham van xa", "Phạm Văn Xa")):
        page.goto(live_server.url)
        page.keyboard.press("/")
        page.keyboard.type(typed)
        page.get_by_role("option", name=name).first.wait_for()
        photograph(page, f"reform-search-{typed[:4]}")
    page.goto(live_server.url + reverse("patients:person", args=[hoa.pk]))
    photograph(page, "reform-person")
    former = Person.unscoped.get(full_name="Phạm Văn Xa")
    page.goto(live_server.url + reverse("patients:person", args=[former.pk]))
    photograph(page, "reform-person-new-code")

    # At the former station, which keeps its books as a point, her visit is numbered there.
    page.goto(live_server.url + reverse("encounters:open", args=[hoa.pk]))
    page.wait_for_selector("#id_reason:focus")
    page.keyboard.type("Ho, sốt")
    photograph(page, "reform-point-receive")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/so/")
    made = Visit.unscoped.exclude(pk=visit.pk).get()
    page.goto(live_server.url + reverse("encounters:visit", args=[made.pk]))
    page.get_by_text(f"BT.{timezone.localdate().year}-").first.wait_for()
    axe_clean(page)
    photograph(page, "reform-point-visit")
    as_user(a_member("station_head", world.new, "truong.vinh", "Phạm Thị Trưởng"))
    page.goto(live_server.url + reverse("core:numbers"))
    page.get_by_text(f"BT.{timezone.localdate().year}-").first.wait_for()
    axe_clean(page)
    photograph(page, "reform-point-books")

    # The paper of the visit before is printed under the name of its day.
    answer = page.request.get(live_server.url + reverse("encounters:exam_slip", args=[visit.pk]))
    assert answer.ok
    paper = places.SCREENS / "reform-paper.pdf"
    paper.write_bytes(answer.body())
    text = subprocess.run(
        ["pdftotext", "-layout", str(paper), "-"], capture_output=True, check=True, text=True
    ).stdout
    assert "TRẠM Y TẾ XÃ BA THÀNH" in text
    assert "xã Ba Thành, huyện Ba Tơ" in " ".join(text.split())
    assert Facility.objects.get(pk=world.thanh.pk).name == "Điểm trạm Ba Thành"
    assert visit.on == dt.date(2025, 5, 5)
