"""A morning's vaccinations given in by hand as one list: taken, one guarded file, one receipt."""

import datetime as dt
import io

import pytest
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from apps.core import jobs
from apps.core.ids import uuid7
from apps.core.models import AuditEntry, GuardedExport, ReadEntry, Task
from apps.patients.models import Person
from apps.sync import by_hand_list, worker
from apps.sync.models import OutboxRow
from tests.factories.accounts import a_member, a_role, client_of
from tests.factories.catalogues import a_code
from tests.factories.encounters import catalogues
from tests.factories.patients import a_person, a_station
from tests.factories.sync import row_of
from tests.factories.vaccinations import dose, told

pytestmark = pytest.mark.django_db


@pytest.fixture
def station():
    catalogues()
    return a_station()


@pytest.fixture
def head(station):
    role = a_role("station_head")
    role.rights = sorted({*role.rights, "sync.export"})
    role.save()
    return client_of(a_member("station_head", station, "truong.tram"))


@pytest.fixture
def morning(room, system_of_the_ministry, station):
    """Three children, of whom the last was given two vaccines."""
    children = [a_person(station, f"Trẻ Thử {n}", cccd=f"05122600{n:04d}") for n in range(3)]
    doses = [(dose(),), (dose(),), (dose(), dose(vaccine_code="PENTA", vaccine="Mũi hai"))]
    return [room.save(told(child, immunizations=each)) for child, each in zip(children, doses, strict=True)]


def act(client, name, receiver, **said):
    address = reverse(f"sync:{name}", args=[receiver.pk])
    return client.post(address, {"form_key": uuid7(), **said}, follow=True)


def page_of(client, receiver):
    return client.get(reverse("sync:hand_list", args=[receiver.pk])).content.decode()


def note(client, receiver, **said):
    until = OutboxRow.unscoped.filter(state="by_hand").latest("hand_at").hand_at
    today = f"{timezone.localdate():%d/%m/%Y}"
    return act(
        client,
        "hand_list_receipt",
        receiver,
        **({"until": until.isoformat(), "on": today, "receipt": "BN-07"} | said),
    )


def states():
    return sorted(OutboxRow.unscoped.values_list("state", flat=True))


def file_of(client, receiver):
    act(client, "hand_list_file", receiver, reason="Nộp tháng 11")
    jobs.run_one()
    answer = client.get(reverse("core:export_take", args=[GuardedExport.unscoped.get().pk]))
    return list(load_workbook(io.BytesIO(answer.content)).active.iter_rows(values_only=True))


def test_it_works(morning, system_of_the_ministry, liar, clock, head):
    receiver = system_of_the_ministry
    assert reverse("sync:hand_list", args=[receiver.pk]) in head.get("/dong-bo/").content.decode()
    assert "Chuyển 3 bản ghi đang chờ sang gửi tay" in page_of(head, receiver)
    assert "Đã chuyển 3 bản ghi sang gửi tay" in act(head, "hand_list_take", receiver).content.decode()
    worker.drain(clock=clock)
    assert states() == ["by_hand"] * 3 and liar.requests == []
    heading, *rows = file_of(head, receiver)
    assert len(heading) == 44
    assert [row[1] for row in rows] == ["Trẻ Thử 0", "Trẻ Thử 1", "Trẻ Thử 2", "Trẻ Thử 2"]
    people = {each.person_id for each in morning}
    assert set(ReadEntry.objects.filter(screen="sync.hand_file").latest("at").person_ids) == people
    assert "Đã ghi số biên nhận của 3 bản ghi" in note(head, receiver).content.decode()
    rows = OutboxRow.unscoped.all()
    assert {(row.state, row.hand_receipt) for row in rows} == {("by_hand", "BN-07")}
    page = head.get(reverse("sync:row", args=[rows[0].pk])).content.decode()
    assert "Biên nhận số BN-07." in page and "đã tiếp nhận lúc" not in page
    acts = AuditEntry.objects.filter(action__startswith="sync.hand").values_list("action", flat=True)
    assert sorted(acts) == ["sync.hand_list_receipt", *["sync.hand_taken"] * 3]
    assert "Chưa có bản ghi nào để nộp" in page_of(head, receiver)


def test_what_does_not_pass_is_told_field_by_field_and_the_others_go(morning, system_of_the_ministry, head):
    Person.unscoped.filter(pk=morning[1].person_id).update(ethnicity="")
    page = act(head, "hand_list_take", system_of_the_ministry).content.decode()
    assert "Đã chuyển 2 bản ghi" in page and "1 bản ghi còn thiếu hoặc sai" in page
    row = row_of(morning[1])
    assert (row.state, row.need, row.issues[0]["field"]) == ("rejected", "field", "Mã dân tộc")
    assert Task.unscoped.get(kind="sync.refused").person_id == morning[1].person_id
    assert "Chuyển 1 bản ghi" not in page_of(head, system_of_the_ministry), "it waits for nobody's press"


def test_of_many_a_press_takes_some(morning, system_of_the_ministry, head, monkeypatch):
    monkeypatch.setattr(by_hand_list, "MOST", 2)
    assert "Chuyển 2 trong 3 bản ghi" in page_of(head, system_of_the_ministry)
    act(head, "hand_list_take", system_of_the_ministry)
    assert states() == ["by_hand", "by_hand", "pending"]


def test_what_was_taken_after_the_page_was_opened_has_no_receipt(morning, system_of_the_ministry, head):
    act(head, "hand_list_take", system_of_the_ministry)
    late = row_of(morning[2])
    opened = OutboxRow.unscoped.get(pk=late.pk).hand_at
    OutboxRow.unscoped.filter(pk=late.pk).update(hand_at=opened + dt.timedelta(minutes=5))
    note(head, system_of_the_ministry, until=opened.isoformat())
    late.refresh_from_db()
    assert late.hand_receipt == ""
    assert OutboxRow.unscoped.filter(hand_receipt="BN-07").count() == 2


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"receipt": ""}, "Hãy ghi số biên nhận"),
        ({"receipt": "x" * 61}, "60"),
        ({"on": "01/01/2020"}, "Ngày nộp phải từ ngày lấy tệp đến hôm nay"),
        ({"on": "01/01/2190"}, "Ngày nộp phải từ ngày lấy tệp đến hôm nay"),
        ({"until": "hôm qua"}, ""),
        ({"until": "1990-01-01T00:00:00+00:00"}, "Không còn bản ghi nào chờ số biên nhận"),
    ],
)
def test_a_receipt_that_cannot_be(morning, system_of_the_ministry, head, said, words):
    act(head, "hand_list_take", system_of_the_ministry)
    answer = note(head, system_of_the_ministry, **said)
    assert answer.status_code == 422 and words in answer.content.decode()
    assert not OutboxRow.unscoped.exclude(hand_receipt="").exists()


def test_a_file_needs_a_reason_and_somebody_in_it(morning, system_of_the_ministry, head):
    empty = act(head, "hand_list_file", system_of_the_ministry, reason="Nộp")
    assert empty.status_code == 422 and "Không có ai trong danh sách này" in empty.content.decode()
    act(head, "hand_list_take", system_of_the_ministry)
    silent = act(head, "hand_list_file", system_of_the_ministry, reason=" ")
    assert silent.status_code == 422 and not GuardedExport.unscoped.exists()


def test_a_record_that_no_longer_passes_stops_the_file(morning, system_of_the_ministry, head):
    act(head, "hand_list_take", system_of_the_ministry)
    Person.unscoped.filter(pk=morning[0].person_id).update(ethnicity="")
    act(head, "hand_list_file", system_of_the_ministry, reason="Nộp")
    jobs.run_one()
    made = GuardedExport.unscoped.select_related("job").get()
    assert made.state != "ready" and made.job.state == "failed"


def test_what_few_may_read_is_left(room, system_of_the_ministry, station):
    a_code("restricted_data", "x", "x", scope="register", extra={"group": "mental", "send": "yes"})
    row = row_of(
        room.save(told(a_person(station, "Trẻ Kín", cccd="051226000900"), restricted_by=("mental",)))
    )
    role = a_role("nurse")
    role.rights = sorted({*role.rights, "sync.export"} - {"restricted.view"})
    role.save()
    nurse = client_of(a_member("nurse", station, "dd.hai"))
    page = act(nurse, "hand_list_take", system_of_the_ministry).content.decode()
    row.refresh_from_db()
    assert row.state == "pending" and "1 bản ghi được giữ nguyên" in page


def test_a_stranger_takes_nothing_of_ours(morning, system_of_the_ministry):
    role = a_role("station_head")
    role.rights = sorted({*role.rights, "sync.export"})
    role.save()
    stranger = client_of(a_member("station_head", a_station("21490", "Trạm Y tế xã Khác"), "nguoi.la"))
    assert "Không có bản ghi nào đang chờ" in page_of(stranger, system_of_the_ministry)
    act(stranger, "hand_list_take", system_of_the_ministry)
    assert states() == ["pending"] * 3


def test_it_needs_its_right_and_such_a_receiver(morning, system_of_the_ministry, receiver, station, head):
    nurse = client_of(a_member("nurse", station, "hoa.nt"))
    assert nurse.get(reverse("sync:hand_list", args=[system_of_the_ministry.pk])).status_code == 403
    for name in ("hand_list_take", "hand_list_file"):
        assert act(nurse, name, system_of_the_ministry).status_code == 403
    assert head.get(reverse("sync:hand_list", args=[receiver.pk])).status_code == 404
    assert "Nộp tay" not in nurse.get("/dong-bo/").content.decode()


def test_nothing_of_it_is_shown_without_such_a_receiver(receiver, head):
    assert "Nộp tay" not in head.get("/dong-bo/").content.decode()
