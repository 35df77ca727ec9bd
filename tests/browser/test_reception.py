"""A morning at the reception desk, by keyboard: a family of three, the queue, the waiting room's screen."""

import datetime as dt

import pytest
from django.core.management import call_command
from django.utils import timezone
from playwright.sync_api import expect

from apps.core.models import PaperCode
from apps.encounters import reasons
from apps.encounters.models import Room, Visit
from tests.factories import encounters as make
from tests.factories.accounts import a_member, a_post, a_user, client_of
from tests.factories.households import a_household
from tests.factories.households import a_member as joins
from tests.factories.patients import a_card, a_person, a_station

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def station():
    call_command("load_catalogues", only=["parameters", "code_lists", "reception", "bhyt_objects"])
    reasons.forget()
    return a_station()


@pytest.fixture
def nurse(station):
    user = a_user("lan.tt", "Trần Thị Lan")
    practitioner = make.a_practitioner(station, "Trần Thị Lan", user=user, grade="nurse", can_sign=False)
    a_post(user, "nurse", station, practitioner=practitioner)
    return practitioner


@pytest.fixture
def family(station):
    """A mother with her card, her small child and her old father."""
    mother = a_person(station, "Phạm Thị Hồng Nhung", birth_date=dt.date(1990, 6, 6))
    a_card(mother, "GD4515100000123", valid_from=None, valid_to=None)
    today = timezone.localdate()
    child = a_person(station, "Đinh Gia Bảo", sex="male", birth_date=today - dt.timedelta(days=800))
    father = a_person(station, "Phạm Văn Hrê", sex="male", birth_date=dt.date(1940, 1, 1))
    household = a_household(station, mother)
    joins(household, child)
    joins(household, father)
    return household


def signed_in(page, live_server, user):
    value = client_of(user).cookies["tramyte"].value
    page.context.add_cookies([{"name": "tramyte", "value": value, "url": live_server.url}])
    page.goto(live_server.url)
    return page


# What of the page lies under the words of what has just happened.
COVERED = """() => {
  const toast = document.querySelector(".toast").getBoundingClientRect();
  const meets = (box) => box.width && box.left < toast.right && toast.left < box.right
    && box.top < toast.bottom && toast.top < box.bottom;
  return [...document.querySelectorAll("a, button, input, select, summary")]
    .filter((node) => !node.closest(".toast") && node.checkVisibility())
    .filter((node) => meets(node.getBoundingClientRect()))
    .map((node) => node.outerHTML.slice(0, 80));
}"""


def focus(page, selector):
    page.wait_for_selector(f"{selector}:focus")


def test_a_family_of_three_is_received_called_and_shown(
    page, live_server, new_context, station, nurse, family, photograph, axe_clean
):
    # Given: a room, and somebody who has waited since before.
    room = Room.unscoped.create(facility=station, name="Phòng khám 1")
    first = make.a_visit(a_person(station, "Đinh Văn Một"), nurse, reason="Đau lưng")
    desk = signed_in(page, live_server, nurse.user)

    # When: the mother is found, and her family's page received as a whole.
    desk.keyboard.press("/")
    focus(desk, "#search-q")
    desk.keyboard.type("pham thi hong nhung")
    desk.wait_for_selector(".option-result")
    desk.keyboard.press("Enter")
    desk.wait_for_selector(".banner")
    desk.goto(f"{live_server.url}/ho/{family.pk}/")
    desk.wait_for_selector('[data-key="F2"]')
    desk.keyboard.press("F2")
    focus(desk, "input[type=checkbox]")
    photograph(desk, "reception-family-empty")
    axe_clean(desk)
    for _ in range(3):
        desk.keyboard.press("Space")
        desk.keyboard.press("Enter")  # her own reason
        desk.keyboard.press("Enter")  # payer
        desk.keyboard.press("Enter")  # emergency
        desk.keyboard.press("Enter")  # the next
    focus(desk, "#id_reason")
    desk.keyboard.type("Ho, sốt")
    photograph(desk, "reception-family")
    desk.keyboard.press("Control+Enter")

    # Then: each has a visit and a number of her own, and the tickets are one key away.
    desk.wait_for_selector("text=Đã tiếp nhận 3 người")
    photograph(desk, "reception-numbers")
    axe_clean(desk)
    visits = Visit.unscoped.exclude(pk=first.pk).select_related("person").order_by("queue_no")
    assert [visit.queue_no for visit in visits] == [2, 3, 4]
    assert {visit.reason for visit in visits} == {"Ho, sốt"}
    with desk.context.expect_event("request", lambda asked: "phieu-so.pdf" in asked.url):
        desk.keyboard.press("F8")
    expect(desk.locator("h1")).to_have_text("Đã tiếp nhận 3 người")

    # When: a screen is opened in the waiting room, by a browser that is then signed out.
    wall = signed_in(new_context().new_page(), live_server, a_member("station_head", station))
    wall.goto(f"{live_server.url}/kham/bang-so/")
    photograph(wall, "reception-board-settings")
    axe_clean(wall)
    wall.click("text=Mở bảng số trên màn hình này")
    wall.wait_for_selector(".board")
    wall.context.clear_cookies(name="tramyte")

    # And: the nurse calls.
    desk.goto(f"{live_server.url}/kham/hang-cho/")
    focus(desk, "#call-next")
    axe_clean(desk)
    desk.select_option("#queue-room", str(room.pk))
    desk.keyboard.press("F4")
    desk.wait_for_selector("text=Đã gọi, chưa vào khám")
    called = Visit.unscoped.select_related("person").get(call="called")
    focus(desk, f"#q-{called.pk}")
    for width, height in ((390, 844), (1366, 768)):
        desk.set_viewport_size({"width": width, "height": height})
        # once the page has measured itself anew, a frame after its size
        desk.wait_for_function(f"() => ({COVERED})().length === 0")
    photograph(desk, "reception-queue")

    # Then: the small child or the old man goes first, and the screen shows the number and no name.
    assert called.rank == 1
    wall.reload()
    expect(wall.locator(".board-number").first).to_have_text(str(called.queue_no))
    expect(wall.locator(".board-room").first).to_have_text("Phòng khám 1")
    for name in ("Bảo", "Hrê", "Nhung", "Một"):
        assert name not in wall.inner_text("body")
    photograph(wall, "reception-board")
    axe_clean(wall)
    desk.keyboard.press("Enter")
    desk.wait_for_selector("#visit-form")
    assert str(called.pk) in desk.url
    assert PaperCode.objects.filter(kind="ticket").count() in (0, 3)


def test_one_person_is_received_by_keyboard(page, live_server, station, nurse, family, photograph, axe_clean):
    # Given: nobody in the queue.
    desk = signed_in(page, live_server, nurse.user)

    # When: found without accents, F2, reason, number.
    desk.keyboard.press("/")
    focus(desk, "#search-q")
    desk.keyboard.type("pham thi hong nhung")
    desk.wait_for_selector(".option-result")
    desk.keyboard.press("Enter")
    desk.wait_for_selector(".banner")
    desk.keyboard.press("F2")
    focus(desk, "#id_reason")
    desk.keyboard.type("Đau đầu")
    photograph(desk, "reception-open")
    axe_clean(desk)
    desk.keyboard.press("Control+Enter")

    # Then: her number stands large, her card pays, and Enter opens the visit.
    expect(desk.locator(".number-big")).to_have_text("1")
    photograph(desk, "reception-number")
    axe_clean(desk)
    visit = Visit.unscoped.get()
    assert (visit.payer, visit.reason) == ("bhyt", "Đau đầu")
    desk.keyboard.press("Enter")
    desk.wait_for_selector("#visit-form")


def test_the_queue_renews_itself_and_keeps_the_focus(page, live_server, station, nurse, photograph):
    # Given: two wait, and the focus stands on the second's button.
    from apps.core.models import Parameter

    Parameter.objects.filter(key="queue.refresh").update(value=1)
    one, two = (make.a_visit(a_person(station, f"Đinh Văn {n}"), nurse) for n in ("Một", "Hai"))
    desk = signed_in(page, live_server, nurse.user)
    desk.goto(f"{live_server.url}/kham/hang-cho/")
    desk.focus(f"#call-{two.pk}")

    # When: the first is called somewhere else.
    Visit.unscoped.filter(pk=one.pk).update(call="called", called_at=timezone.now(), calls=1)

    # Then: the list shows it by itself, and the focus is where it was.
    desk.wait_for_selector("text=Đã gọi, chưa vào khám")
    focus(desk, f"#call-{two.pk}")


def test_an_emergency_nobody_can_name(page, live_server, station, nurse, photograph, axe_clean):
    # Given: the queue.
    desk = signed_in(page, live_server, nurse.user)
    desk.goto(f"{live_server.url}/kham/hang-cho/")

    # When: what is seen of her is written down.
    desk.click("text=Cấp cứu chưa rõ tên")
    desk.wait_for_selector("h1:has-text('Cấp cứu, chưa rõ là ai')")
    axe_clean(desk)
    desk.check("input[name=sex][value=male]")
    desk.fill("input[name=marks]", "Áo xanh, sẹo ở tay")
    photograph(desk, "reception-emergency")
    desk.keyboard.press("Control+Enter")

    # Then: the visit's page is open at once.
    desk.wait_for_selector("#visit-form")
    assert Visit.unscoped.get().priority_for == ["emergency"]
