"""Register A1 opened from the day's visits, looked at, printed; photographed."""

import datetime as dt
from decimal import Decimal

import pytest
from django.core.management import call_command

from apps.core.scope import enter
from apps.encounters import services
from apps.encounters.inputs import DiagnosisInput, VisitInput
from tests.factories import encounters as make
from tests.factories.accounts import a_member, client_of
from tests.factories.patients import a_card, a_person, a_station

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def head(page, live_server):
    """Given a morning of finished visits, signed in as the head of the station."""
    call_command("load_catalogues", only=["code_lists", "ethnic_groups", "occupations", "nationalities"])
    for code, name in (("J06.9", "Nhiễm trùng đường hô hấp trên cấp"), ("I10", "Tăng huyết áp vô căn")):
        make.an_icd10(code, name)
    make.a_drug()
    station = a_station()
    doctor = make.a_practitioner(station)
    for name, born, complaint, code in (
        ("Công Tằng Tôn Nữ Nguyễn Thị Bạch Tuyết", dt.date(1952, 4, 30), "Đau đầu, chóng mặt 3 ngày", "I10"),
        ("Phạm Đinh Minh Khôi", dt.date(2024, 1, 15), "Sốt 38,5, ho, chảy mũi", "J06.9"),
        ("Phạm Văn Hrê", dt.date(1950, 1, 1), "Tái khám tăng huyết áp", "I10"),
    ):
        person = a_person(station, name, birth_date=born, ethnicity="12", occupation="61")
        a_card(person, f"DN4515{person.code[1:]:0>9}")
        data = VisitInput(
            fields={"reason": complaint, "treatment_text": "Nghỉ ngơi, ăn nhạt"},
            diagnoses=[DiagnosisInput(code, "main")],
            lines=[make.PARACETAMOL],
            vitals={"weight": Decimal(12)} if born.year > 2020 else {},
        )
        visit = make.an_examined_visit(person, doctor, data)
        with enter(make.scope_of(doctor)):
            services.visit_finalise(visit_id=visit.pk, expected_version=visit.version, override="đã xem kỹ")
    client = client_of(a_member("station_head", station, full_name="Nguyễn Thị Thu"))
    page.context.add_cookies(
        [{"name": "tramyte", "value": client.cookies["tramyte"].value, "url": live_server.url}]
    )
    return page


def test_the_head_reads_and_prints_the_book(head, live_server, photograph, axe_clean):
    # when she opens the book from the list of visits
    head.goto(f"{live_server.url}/kham/")
    head.click("text=Sổ A1")
    head.wait_for_selector("table.register")
    # then the three stand in it in order, 14 columns each
    assert head.locator("table.register tbody tr:not(.register-day)").count() == 3
    assert head.locator("table.register thead th").count() == 14
    photograph(head, "register-a1")
    axe_clean(head)
    # and the paper is one
    pdf = head.context.request.get(f"{live_server.url}/kham/so-a1/so-a1.pdf")
    assert pdf.body().startswith(b"%PDF")
