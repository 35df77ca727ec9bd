"""The pages of sync in a browser: accessible, and photographed at both sizes."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.core.scope import system
from apps.sync import comparing, verifying, worker
from apps.sync.models import CatalogueSource, Delivery, OutboxRow, Receiver, SyncHour
from tests.factories.accounts import a_member, a_role, client_of
from tests.factories.encounters import a_finished_visit, a_practitioner, catalogues
from tests.factories.facilities import a_centre, a_department
from tests.factories.patients import a_person, a_station
from tests.factories.sync import visit

pytestmark = pytest.mark.django_db(transaction=True)

NAMES = ("Ba Động", "Ba Vinh", "Ba Xa")
LONG = "Mã bệnh I10 không được dùng làm bệnh chính cùng J06.9 theo quy tắc của kho dữ liệu tỉnh"


def enter(context, live_server, user):
    cookie = client_of(user).cookies["tramyte"]
    context.add_cookies([{"name": "tramyte", "value": cookie.value, "url": live_server.url}])


@pytest.fixture
def station():
    return a_station(name="Trạm Y tế xã Ba Tơ")


@pytest.fixture
def busy(receiver, liar, clock, book, station):
    """Rows in every state."""
    Receiver.objects.update(name="Kho dữ liệu y tế tỉnh Quảng Ngãi")
    for text in ("Patient.birthDate", "Encounter.diagnosis"):
        liar.faults.add("422", expression=text, text=LONG if "diagnosis" in text else "Ngày sinh ở tương lai")
        book.save(visit(), facility_id=station.pk)
        worker.drain(clock=clock)
    for number in range(3):
        book.save(visit(number=f"2026-00010{number}"), facility_id=station.pk)
    worker.drain(clock=clock)
    liar.store.edit("Encounter", 0, reasonCode=[{"text": "Sửa ở kho"}])
    liar.store.lose("Encounter", 1)
    with system("test"):
        comparing.ask(receiver, clock().date(), clock().date() + dt.timedelta(days=1), clock())
    verifying.verify_due(clock=clock)
    liar.faults.add("500")
    book.save(visit(), facility_id=station.pk)
    worker.run_once(clock=clock)
    book.save(visit(), facility_id=station.pk)
    return OutboxRow.unscoped.filter(state="rejected").order_by("id")


def a_month(receiver, station):
    """Thirty days of a worker's counting at four stations, one of them in trouble; the stations."""
    SyncHour.unscoped.all().delete()  # what the worker has counted so far
    now = timezone.now()
    hour = now.replace(minute=0, second=0, microsecond=0)
    places = [station, *(a_station(str(31000 + n), f"Trạm Y tế xã {name}") for n, name in enumerate(NAMES))]
    for number, place in enumerate(places):
        for day in range(30):
            SyncHour.unscoped.create(
                receiver=receiver,
                facility_id=place.pk,
                hour=hour - dt.timedelta(days=day),
                accepted=20 + (day * 7 + number * 5) % 23,
                refused=day % 3 if number == 1 else 0,
                lag_total=60,
                lag_most=20 + day * 11 % 90,
                waiting=4 if number == 1 else 0,
                stuck=3 if number == 1 else 0,
                oldest=now - dt.timedelta(hours=5) if number == 1 else None,
            )
    Receiver.objects.update(counted_at=now)
    return places


def test_the_stations_pages(context, page, live_server, axe_clean, photograph, busy, station):
    role = a_role("station_head")
    role.rights = [*role.rights, "sync.export"]
    role.save()
    enter(context, live_server, a_member("station_head", station))
    row = busy[1]
    for name, address in {
        "sync-stuck": reverse("sync:station"),
        "sync-waiting": reverse("sync:station") + "?muc=cho",
        "sync-differing": reverse("sync:station") + "?muc=lech",
        "sync-differs": reverse("sync:row", args=[OutboxRow.unscoped.get(state="differs").pk]),
        "sync-done": reverse("sync:station") + "?muc=xong",
        "sync-row": reverse("sync:row", args=[row.pk]),
        "sync-payload": reverse("sync:payload", args=[row.pk]),
        "sync-home": "/",
    }.items():
        page.goto(live_server.url + address)
        axe_clean(page)
        photograph(page, name)


def test_the_provinces_pages(
    context, page, live_server, axe_clean, photograph, busy, station, receiver, liar
):
    centre = a_centre(*a_month(receiver, station))
    enter(context, live_server, a_member("province_admin", a_department(centre)))
    Receiver.objects.update(paused_at=receiver.created_at, pause_reason="Tài khoản không được phép gửi.")
    CatalogueSource.objects.create(
        table="drugs",
        url="https://danhmuc.example.vn/thuoc.xlsx",
        asked_at=receiver.created_at,
        said="Nơi cấp gửi thứ không phải tệp .csv hoặc .xlsx.",
    )
    for name, address in {
        "sync-stations": reverse("sync:stations"),
        "sync-receivers": reverse("sync:receivers"),
        "sync-receiver": reverse("sync:receiver", args=[receiver.pk]),
        "sync-catalogues": reverse("sync:catalogues"),
        "sync-admin": reverse("admin:sync_receiver_change", args=[receiver.pk]),
    }.items():
        page.goto(live_server.url + address)
        if "admin" not in name:
            axe_clean(page)
        photograph(page, name)


def test_a_nurse_sees_her_visit_become_accepted(
    context, page, live_server, photograph, axe_clean, receiver, liar, station
):
    """Given a finished visit, when the worker sends it, then the page says so by itself."""
    catalogues()
    finished = a_finished_visit(a_person(station), a_practitioner(station))
    enter(context, live_server, a_member("nurse", station))
    page.goto(live_server.url + reverse("encounters:visit", args=[finished.pk]))
    panel = page.locator("#sync-visit")
    assert "chờ gửi" in panel.inner_text()
    worker.drain()
    page.wait_for_selector("text=đã tiếp nhận lúc")
    assert panel.get_attribute("hx-trigger") is None
    assert Delivery.unscoped.get().aggregate_version is not None
    photograph(page, "sync-visit")


def test_given_in_by_hand(context, page, live_server, axe_clean, photograph, busy, station):
    # given a refused record, and the head of the station with the right to its payload
    role = a_role("station_head")
    role.rights = [*role.rights, "sync.export"]
    role.save()
    enter(context, live_server, a_member("station_head", station))
    row = busy[0]
    page.goto(live_server.url + reverse("sync:row", args=[row.pk]))
    # when she takes it out of the queue, fetches its file and types back the receipt
    page.get_by_role("button", name="Chuyển sang gửi tay").click()
    page.get_by_text("gửi tay, chưa có số biên nhận").wait_for()
    axe_clean(page)
    photograph(page, "sync-by-hand")
    with page.expect_download() as fetched:
        page.get_by_role("link", name="Tải tệp để nộp").click()
    assert fetched.value.suggested_filename == f"goi-tin-{row.pk}.json"
    page.get_by_label("Số biên nhận").fill("TN-2026-0042")
    page.get_by_role("button", name="Ghi số biên nhận").click()
    # then it says so, and not that it was accepted
    page.get_by_text("Biên nhận số TN-2026-0042.").wait_for()
    axe_clean(page)
    photograph(page, "sync-by-hand-noted")
    row.refresh_from_db()
    assert row.state == "by_hand"
