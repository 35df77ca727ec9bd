"""A station's week in the browser: a new nurse's first sign-in, a forgotten password, one computer for two,
a visit that waits for the doctor's signature, and the nurse who leaves on Friday.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from apps.accounts.models import User
from apps.encounters.models import Visit
from apps.facilities.models import Facility, Practitioner
from tests.accounts.test_browser import at_cursor, open_door
from tests.factories import encounters as make
from tests.factories.accounts import PASSWORD, a_member, a_post, a_user
from tests.factories.facilities import a_station
from tests.factories.patients import a_person

pytestmark = pytest.mark.django_db(transaction=True)

NEW_NURSE = "Hồ Thị Ngọc Diệp"
PINS = {NEW_NURSE: "204816", "Trần Thị Lan": "739150"}


class Week:
    """The station, its people, and the browsers they sit at."""

    def __init__(self, new_context: Callable[[], Any], base: str) -> None:
        make.catalogues()
        self.new_context, self.base = new_context, base
        self.station: Facility = a_station()
        a_member("station_head", self.station, "truong.pv", "Phạm Văn Trưởng")
        self.lan = self._clinician("lan.tt", "Trần Thị Lan", "midwife", can_sign=False)
        self.doctor = self._clinician("binh.tv", "Trần Văn Bình", "doctor")
        self.diep = make.a_practitioner(self.station, NEW_NURSE, grade="nurse", can_sign=False)
        self.patient = a_person(self.station, "Đinh Thị Vân Kiều")

    def _clinician(self, username: str, name: str, role: str, **fields: Any) -> Practitioner:
        user = a_user(username, name)
        grade = "doctor" if role == "doctor" else "midwife"
        practitioner = make.a_practitioner(self.station, name, user=user, grade=grade, **fields)
        a_post(user, role, self.station, practitioner=practitioner)
        return practitioner

    def computer(self) -> "Computer":
        return Computer(self.new_context().new_page(), self.base)


class Computer:
    """One browser and the hands before it."""

    def __init__(self, page: Any, base: str) -> None:
        self.page, self.base = page, base

    def go(self, path: str) -> None:
        self.page.goto(f"{self.base}{path}")

    def sign_in(self, username: str, password: str = PASSWORD) -> None:
        open_door(self.page, self.base, username, password)

    def fill(self, **words: str) -> None:
        for label, value in words.items():
            self.page.get_by_label(re.compile(f"^{label.replace('_', ' ')}")).fill(value)

    def click(self, name: str) -> None:
        with self.page.expect_navigation():
            self.page.get_by_role("button", name=name, exact=True).click()

    def says(self, words: str) -> None:
        expect(self.page.locator("body")).to_contain_text(words)

    def change_password(self, old: str, new: str) -> None:
        at_cursor(self.page, "Mật khẩu đang dùng")
        self.fill(Mật_khẩu_đang_dùng=old, Mật_khẩu_mới=new, Nhập_lại_mật_khẩu_mới=new)
        self.click("Đổi mật khẩu")

    def set_pin(self, name: str, password: str) -> None:
        self.go("/ma-pin/")
        self.fill(Mật_khẩu_đang_dùng=password, Mã_PIN_mới=PINS[name], Nhập_lại_mã_PIN=PINS[name])
        self.click("Đặt mã PIN")

    def blank(self) -> None:
        self.page.keyboard.press("F9")
        self.page.wait_for_url("**/khoa/")

    def change_to(self, name: str) -> None:
        self.page.get_by_label(name).check()
        self.page.keyboard.type(PINS[name])
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")

    def slip(self) -> str:
        """The password that the slip on the screen tells."""
        return str(self.page.locator("dd.figure-big").nth(1).inner_text())


@pytest.fixture
def week(new_context: Callable[[], Any], live_server: Any) -> Week:
    return Week(new_context, live_server.url)


def test_a_week_at_the_station(week: Week) -> None:
    head, desk, doctor = week.computer(), week.computer(), week.computer()
    head.sign_in("truong.pv")
    doctor.sign_in("binh.tv")

    monday_a_new_nurse_comes(week, head, desk)
    tuesday_she_has_forgotten_her_password(head, desk)
    wednesday_two_at_one_computer(week, desk)
    thursday_the_doctor_signs(week, desk, doctor)
    friday_she_leaves(week, head, desk)


def monday_a_new_nurse_comes(week: Week, head: Computer, desk: Computer) -> None:
    # Given a practitioner without an account, the head makes one and prints the slip.
    head.go("/tai-khoan/moi/")
    head.fill(Họ_và_tên=NEW_NURSE, Tên_đăng_nhập="diep.htn")
    head.page.get_by_label("Vai trò").select_option(label="Điều dưỡng")
    head.page.get_by_label("Người hành nghề").select_option(str(week.diep.pk))
    head.click("Lưu")
    head.says("Chưa in phiếu")
    head.click("In phiếu đăng nhập")

    # When she signs in with it, she must choose a password of her own before she sees anything.
    password = head.slip()
    desk.sign_in("diep.htn", password)
    assert desk.page.url.endswith("/doi-mat-khau/")
    desk.go(f"/nguoi/{week.patient.pk}/")
    assert desk.page.url.endswith("/doi-mat-khau/")
    desk.change_password(password, "suoi-chay-qua-lang")

    # Then she works, and the slip is worth nothing.
    assert desk.page.url == f"{desk.base}/"
    stranger = week.computer()
    stranger.sign_in("diep.htn", password)
    stranger.says("không đúng")


def tuesday_she_has_forgotten_her_password(head: Computer, desk: Computer) -> None:
    # When the head prints a new slip, her open session ends at once.
    user = User.objects.get(username="diep.htn")
    head.go(f"/tai-khoan/{user.pk}/")
    head.page.get_by_role("button", name="In phiếu đăng nhập mới").click()
    head.click("In phiếu mới")
    desk.go("/")
    assert "/dang-nhap/" in desk.page.url

    # Then she comes in with the slip, and may not take the password she had.
    password = head.slip()
    desk.sign_in("diep.htn", password)
    desk.change_password(password, "nuong-ray-mua-lua-chin")
    assert desk.page.url == f"{desk.base}/"


def wednesday_two_at_one_computer(week: Week, desk: Computer) -> None:
    # Given both have a PIN on this computer, and a patient whom Diệp receives.
    desk.set_pin(NEW_NURSE, "nuong-ray-mua-lua-chin")
    desk.blank()
    desk.sign_in("lan.tt")
    desk.set_pin("Trần Thị Lan", PASSWORD)
    desk.blank()
    desk.change_to(NEW_NURSE)
    visit = make.a_visit(week.patient, week.diep)
    desk.go(f"/kham/{visit.pk}/")
    desk.page.locator("#id_reason").fill("Ho, sốt từ hôm qua")

    # When Lan needs the computer for a moment, she sees nothing of it.
    desk.blank()
    desk.change_to("Trần Thị Lan")
    desk.go(f"/kham/{visit.pk}/")
    assert desk.page.locator("#id_reason").input_value() == ""
    desk.blank()

    # Then Diệp is back where she was, with her words.
    desk.change_to(NEW_NURSE)
    assert desk.page.url.endswith(f"/kham/{visit.pk}/")
    assert desk.page.locator("#id_reason").input_value() == "Ho, sốt từ hôm qua"
    desk.page.locator("#id_history").fill("Sốt về chiều")  # who is only measured would go on waiting
    desk.page.keyboard.press("Control+Enter")
    desk.says("Đã lưu")


def thursday_the_doctor_signs(week: Week, desk: Computer, doctor: Computer) -> None:
    # Given a visit of Diệp's with a diagnosis, which she may end but not sign.
    visit = make.an_examined_visit(week.patient, week.diep, replace(make.USUAL, lines=[]))
    desk.go(f"/kham/{visit.pk}/")
    desk.page.keyboard.press("Control+Shift+Enter")
    desk.says("Chờ bác sĩ ký")
    visit.refresh_from_db()
    assert visit.state == "awaiting_signature"

    # When the doctor has looked at it, she signs what she has seen.
    doctor.go("/kham/cho-ky/")
    doctor.page.get_by_label(f"Mở xem lượt khám {visit.number}").click()
    doctor.page.wait_for_url(f"**/kham/{visit.pk}/")
    doctor.go("/kham/cho-ky/")
    doctor.page.get_by_label(f"Ký lượt khám {visit.number}").check()
    doctor.click("Ký các lượt đã chọn")
    doctor.says("Đã ký 1 lượt khám")

    # Then it is final: examined by one, signed by the other.
    visit.refresh_from_db()
    assert (visit.state, visit.performer, visit.signed_by) == ("finalised", week.diep, week.doctor.user_id)


def friday_she_leaves(week: Week, head: Computer, desk: Computer) -> None:
    # Given her open visit and a draft in it.
    visit = Visit.unscoped.get(state="in_progress")
    desk.go(f"/kham/{visit.pk}/")
    desk.page.locator("#id_history").fill("Dặn tái khám thứ hai")
    desk.page.wait_for_selector("#draft-kept:not(:empty)")

    # When the head ends her post, her next click finds the door shut.
    user = User.objects.get(username="diep.htn")
    head.go(f"/tai-khoan/{user.pk}/")
    head.click("Thu hồi vị trí Điều dưỡng – " + week.station.name)
    desk.go(f"/kham/{visit.pk}/")
    assert "/dang-nhap/" in desk.page.url
    desk.sign_in("diep.htn", "nuong-ray-mua-lua-chin")
    assert not desk.page.locator(".workplace").count()

    # Then what she leaves is handed over, and what she did keeps her name.
    head.go(f"/tai-khoan/{user.pk}/ban-giao/")
    head.says(visit.number)
    head.page.get_by_label("Giao cho").select_option(str(week.lan.user_id))
    head.click("Bàn giao việc đã chọn")
    head.says("Đã bàn giao 2 việc.")
    visit.refresh_from_db()
    assert visit.performer == week.lan
    done = Visit.unscoped.get(state="finalised")
    assert (done.performer_text, done.on) == (NEW_NURSE, timezone.localdate())
