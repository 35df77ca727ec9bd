"""The pages of the logs in a browser: accessible, photographed at both sizes, worked by keyboard."""

from typing import Any

import pytest
from django.utils import timezone

from apps.core import sealing
from apps.core.models import AuditEntry, ReadEntry
from tests.factories.accounts import a_member, client_of
from tests.factories.facilities import a_centre, a_department
from tests.factories.patients import a_person, a_station

pytestmark = pytest.mark.django_db(transaction=True)


def enter(context: Any, live_server: Any, user: Any) -> None:
    cookie = client_of(user).cookies["tramyte"]
    context.add_cookies([{"name": "tramyte", "value": cookie.value, "url": live_server.url}])


@pytest.fixture
def busy() -> Any:
    station = a_station(name="Trạm Y tế xã Ba Tơ")
    nurse = a_member("nurse", station, "thu.nt", "Nguyễn Thị Thu")
    people = [
        a_person(station, f"Đinh Thị Vân {word}") for word in ("Kiều", "Anh", "Hoa", "Lan", "Mai", "Cúc")
    ]
    who: dict[str, Any] = {"user_id": nurse.pk, "username": "thu.nt"}
    acts = [
        ("person.created", {"code": people[0].code}),
        ("person.changed", {"fields": ["full_name", "birth_date", "address_text", "hamlet"]}),
        ("people.exported", {"rows": 1234, "reason": "Rà soát thẻ BHYT hộ nghèo"}),
        ("visit.finalised", {"number": "2026-000123"}),
        ("sync.receiver_saved", {"receiver": "kho", "changed": "base_url"}),
    ]
    for action, data in acts:
        AuditEntry.objects.create(
            action=action,
            data=data,
            facility_id=station.pk,
            person_id=people[0].pk,
            object_id=people[0].pk,
            **who,
        )
    for screen, reason in (
        ("person.page", ""),
        ("search", ""),
        ("visit.page", "Người nhà nhờ xem giúp kết quả"),
    ):
        seen = [person.pk for person in people] if screen == "search" else [people[0].pk]
        ReadEntry.objects.create(
            screen=screen, reason=reason, person_ids=seen, workplace_id=station.pk, **who
        )
    sealing.seal_all()
    return station, people


def test_the_auditors_pages(
    context: Any, page: Any, live_server: Any, axe_clean: Any, photograph: Any, busy: Any
) -> None:
    station, people = busy
    enter(context, live_server, a_member("auditor", a_department(a_centre(station)), "kiem.toan"))
    act = AuditEntry.objects.get(action="person.changed")
    for name, address in {
        "log-acts": "/nhat-ky/",
        "log-looks": "/nhat-ky/luot-xem/",
        "log-empty": "/nhat-ky/?tu=2020-01-01&den=2020-01-02",
        "log-act": f"/nhat-ky/thao-tac/{act.pk}/",
        "log-seals": "/nhat-ky/niem-phong/",
        "log-export": "/nhat-ky/xuat/acts/",
        "log-person-auditor": f"/nhat-ky/nguoi/{people[0].pk}/",
    }.items():
        page.goto(live_server.url + address)
        axe_clean(page)
        photograph(page, name)
        wide = page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        assert wide, f"{name} is wider than the screen"


def test_the_auditor_asks_by_keyboard(
    context: Any, page: Any, live_server: Any, photograph: Any, busy: Any
) -> None:
    station, people = busy
    enter(context, live_server, a_member("auditor", a_department(a_centre(station)), "kiem.toan"))
    page.goto(live_server.url + "/nhat-ky/")
    page.get_by_label("Mã người bệnh").fill("P9999999")
    page.keyboard.press("Enter")
    page.get_by_text("Không có người nào mang mã này").wait_for()
    photograph(page, "log-refused")
    page.get_by_label("Mã người bệnh").fill(people[0].code)
    page.get_by_label("Từ ngày").fill(f"{timezone.localdate():%d%m%Y}")
    page.keyboard.press("Enter")
    page.wait_for_url("**nguoi=**")
    assert page.locator("tbody tr").count() == 5


def test_the_head_opens_it_from_the_persons_page(
    context: Any, page: Any, live_server: Any, axe_clean: Any, photograph: Any, busy: Any
) -> None:
    station, people = busy
    enter(context, live_server, a_member("station_head", station, "truong", "Hồ Văn Trưởng"))
    page.goto(live_server.url + f"/nguoi/{people[0].pk}/")
    photograph(page, "log-person-panel")
    page.get_by_role("link", name="Xem danh sách").click()
    page.get_by_role("heading", name="Ai đã xem hồ sơ").wait_for()
    axe_clean(page)
    photograph(page, "log-person")
