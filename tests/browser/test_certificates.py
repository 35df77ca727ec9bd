"""The papers that end a visit, by keyboard: referral with its answer, sick leave, appointment slip."""

import datetime as dt
import shutil
import subprocess

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.encounters.models import Certificate
from tests import places
from tests.encounters.test_papers import text_of
from tests.factories import certificates as papers
from tests.factories import encounters as make
from tests.factories.accounts import a_post, a_user, client_of
from tests.factories.deaths import a_death
from tests.factories.patients import a_person, a_station

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def doctor():
    make.catalogues()
    papers.lists()
    station = a_station()
    papers.a_hospital(station)
    papers.a_hospital(station, "Trung tâm Y tế khu vực Ba Tơ")
    user = a_user("minh.nv", "Nguyễn Văn Minh")
    practitioner = make.a_practitioner(station, "Nguyễn Văn Minh", user=user)
    a_post(user, "doctor", station, practitioner=practitioner)
    return practitioner


@pytest.fixture
def desk(page, live_server, doctor):
    """The doctor's browser, signed in."""
    value = client_of(doctor.user).cookies["tramyte"].value
    page.context.add_cookies([{"name": "tramyte", "value": value, "url": live_server.url}])
    return page


def test_a_referral_and_its_answer(desk, live_server, doctor, photograph, axe_clean):
    # given a visit that ended with a transfer
    person = a_person(doctor.facility, "Đinh Thị Vân Kiều", phone="0912345678")
    visit = papers.an_ended_visit(person, doctor, outcome="2", history="Sốt cao, thở nhanh từ tối qua")
    desk.goto(f"{live_server.url}/kham/{visit.pk}/")
    desk.wait_for_selector("h2:has-text('Giấy tờ')")
    axe_clean(desk)
    photograph(desk, "certificate-visit")
    # when the doctor opens the paper that the end asks for: it begins with what the visit has found
    desk.click("a:has-text('Giấy chuyển cơ sở')")
    desk.wait_for_selector("input[name=destination]:focus")
    assert "Nhiệt độ 38,2 °C" in desk.input_value("textarea[name=signs]")
    # and says where to and how
    desk.keyboard.type("Bệnh viện Đa khoa tỉnh Quảng Ngãi")
    desk.fill("textarea[name=condition]", "Tỉnh, mạch 110 lần/phút, SpO2 94%")
    desk.fill("textarea[name=plan]", "Chụp X-quang phổi, điều trị tiếp")
    desk.fill("input[name=transport]", "Xe cứu thương")
    desk.fill("input[name=escort]", "Lê Thị Thu")
    desk.fill("input[name=escort_title]", "Hộ sinh")
    axe_clean(desk)
    photograph(desk, "certificate-referral")
    desk.keyboard.press("Control+Enter")
    # then the paper stands, printing is the next key
    desk.wait_for_url("**/kham/giay/**")
    desk.wait_for_selector("a:has-text('In giấy'):focus")
    made = Certificate.unscoped.get()
    assert made.destination is not None
    # and it waits for its answer
    desk.goto(f"{live_server.url}/kham/giay/chua-phan-hoi/")
    axe_clean(desk)
    photograph(desk, "certificate-unanswered")
    desk.click("a:has-text('Ghi phản hồi')")
    desk.wait_for_selector("input[name=on]:focus")
    desk.click("label:has-text('chuyển về trạm')")
    desk.fill("input[name=diagnosis]", "J18.9 Viêm phổi")
    desk.fill("textarea[name=advice]", "Uống thuốc tiếp 5 ngày, khám lại tại trạm")
    axe_clean(desk)
    photograph(desk, "certificate-answer")
    desk.keyboard.press("Control+Enter")
    # which stands on the paper's page and on the visit's
    desk.wait_for_selector("dt:has-text('Nơi nhận chuyển về trạm')")
    axe_clean(desk)
    photograph(desk, "certificate-answered")
    desk.goto(f"{live_server.url}/kham/{visit.pk}/")
    desk.wait_for_selector("text=Phản hồi: J18.9 Viêm phổi")


def test_sick_leave_asks_before_it_is_late(desk, live_server, doctor, photograph, axe_clean):
    # given a usual visit
    visit = papers.an_ended_visit(a_person(doctor.facility, "Phạm Thị Kim Thoa"), doctor)
    desk.goto(f"{live_server.url}/kham/{visit.pk}/")
    desk.click("a:has-text('Giấy nghỉ việc hưởng BHXH')")
    # when forty days are typed, the last of them stands beside
    desk.wait_for_selector("input[name=days]:focus")
    desk.keyboard.type("40")
    late = visit.on + dt.timedelta(days=39)
    assert desk.input_value("input[name=until]") == f"{late:%d/%m/%Y}"
    desk.fill("input[name=holder]", "5120123456")
    desk.fill("input[name=employer]", "Công ty may Ba Tơ")
    desk.keyboard.press("Control+Enter")
    # then it is refused beside the field, and what was typed is there
    desk.wait_for_selector("text=quá 30 ngày một lần cấp")
    assert desk.input_value("input[name=employer]") == "Công ty may Ba Tơ"
    axe_clean(desk)
    photograph(desk, "certificate-leave-refused")
    # and stays there when she comes back
    desk.goto(f"{live_server.url}/kham/{visit.pk}/giay/nghi-viec/")
    desk.wait_for_selector("text=mà chưa lưu")
    assert desk.input_value("input[name=employer]") == "Công ty may Ba Tơ"
    photograph(desk, "certificate-leave-draft")
    # when a last day is typed, its days stand beside
    soon = visit.on + dt.timedelta(days=2)
    desk.fill("input[name=until]", f"{soon:%d/%m/%Y}")
    assert desk.input_value("input[name=days]") == "3"
    desk.keyboard.press("Control+Enter")
    desk.wait_for_selector("a:has-text('In giấy'):focus")
    assert Certificate.unscoped.get().days == 3


def test_an_appointment_slip_is_one_click(desk, live_server, doctor, photograph, axe_clean):
    # given a visit with a day to come back
    back = timezone.localdate() + dt.timedelta(days=7)
    visit = papers.an_ended_visit(a_person(doctor.facility, "Hồ Thị Lành"), doctor, follow_up_on=back)
    desk.goto(f"{live_server.url}/kham/{visit.pk}/")
    # when the button is pressed
    desk.click("button:has-text('Giấy hẹn khám lại')")
    # then it stands with its number
    desk.wait_for_selector("a:has-text('In giấy'):focus")
    axe_clean(desk)
    photograph(desk, "certificate-slip")
    # and in the station's list, where it is found by the name
    desk.goto(f"{live_server.url}/kham/giay/")
    desk.fill("input[name=q] >> nth=-1", "lanh")
    desk.keyboard.press("Enter")
    desk.wait_for_selector("a:has-text('Hồ Thị Lành')")
    axe_clean(desk)
    photograph(desk, "certificate-list")


LONG_NAME = "Tôn Nữ Thị Quỳnh Như Hoàng Phương Thiên Kim Ngọc Ánh Nguyệt Minh"
LONG = (
    "Sốt cao liên tục 4 ngày, ho đờm đặc màu vàng, đau ngực phải khi hít sâu, khó thở khi gắng sức; đã tự "
    "mua thuốc hạ sốt uống ở nhà không đỡ, ăn uống kém, tiểu ít, mệt nhiều, không nôn, không co giật. "
)


def test_the_papers_as_pictures(doctor):
    """Each paper as a picture into var/screens/, to be looked at: of somebody with a long name and much to
    tell.
    """
    station = doctor.facility
    person = a_person(station, LONG_NAME, cccd="051190000123")
    make.an_icd10("E11.9", "Đái tháo đường không phụ thuộc insuline, chưa có biến chứng")
    visit = papers.an_ended_visit(
        person,
        doctor,
        outcome="2",
        kind="check_up",
        codes=["J06.9", "I10", "E11.9"],
        reason="Khám sức khỏe đi làm",
        history=LONG * 2,
        examination=LONG,
        advice=LONG,
        treatment_text=LONG,
        follow_up_on=timezone.localdate() + dt.timedelta(days=8),
        findings={
            "heart": "T1, T2 rõ, đều",
            "sight_right": "10/10",
            "sight_left": "9/10",
            "ent": LONG,
        },
    )
    death = a_death(a_person(station, LONG_NAME.replace("Nữ", "Thất"), sex="male"), place="facility")
    said = {"signs": LONG * 3, "treatment": LONG * 3, "condition": LONG, "plan": LONG}
    made = [
        papers.a_referral(visit, doctor, **said, escort=LONG_NAME),
        papers.a_slip(visit, doctor),
        papers.a_sick_leave(
            visit,
            doctor,
            diagnosis=LONG,
            treatment=LONG,
            employer="Công ty trách nhiệm hữu hạn một thành viên Lâm nghiệp Ba Tơ, chi nhánh xã",
        ),
        papers.a_check_up(visit, doctor, conclusion="Cận thị nhẹ", family=LONG, own_history=LONG),
        papers.a_summary(visit, doctor, course=LONG * 8, results=LONG, treatment=LONG * 4),
        papers.a_death_notice(death, doctor, cause=LONG, receiver=f"{LONG_NAME}, con gái"),
    ]
    client = client_of(doctor.user)
    pages = {f"paper-{row.kind}": reverse("encounters:certificate_pdf", args=[row.pk]) for row in made}
    pages |= {f"paper-{name}": f"/kham/{visit.pk}/{name}.pdf" for name in ("phieu-kham", "don-thuoc")}
    program = shutil.which("pdftoppm")
    assert program, "install poppler-utils (scripts/environment names it)"
    screens = places.SCREENS
    screens.mkdir(parents=True, exist_ok=True)
    for name, address in pages.items():
        pdf = client.get(address).content
        assert pdf.startswith(b"%PDF-")
        words = " ".join(text_of(pdf).split())
        whose = (death.person if name == "paper-death" else person).full_name.upper()
        assert set(whose.split()) <= set(words.upper().split()), name
        count = words.count("Trang ")
        assert f"Trang {count}/{count}" in words, name
        subprocess.run([program, "-r", "80", "-png", "-", str(screens / name)], input=pdf, check=True)
        assert list(screens.glob(f"{name}-*.png"))
