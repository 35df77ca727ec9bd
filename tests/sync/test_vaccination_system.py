"""A room that gives vaccinations, from its one registration to the national system, by line and by hand."""

import datetime as dt
import io
from dataclasses import replace

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from apps.core.ids import uuid7
from apps.core.models import AuditEntry, Task
from apps.core.scope import system
from apps.patients.models import Person
from apps.sync import backfill, civil, kinds, outbox, worker
from apps.sync.admin import ReceiverForm
from apps.sync.mappings import records
from apps.sync.models import Delivery, OutboxRow
from apps.sync.receivers import offered, taking
from tests.factories.accounts import a_member, a_role, client_of
from tests.factories.catalogues import a_code
from tests.factories.encounters import catalogues
from tests.factories.patients import a_card, a_person, a_station
from tests.factories.sync import row_of, visit, warehouse_831
from tests.factories.vaccinations import dose, national, reaction, told

pytestmark = pytest.mark.django_db


@pytest.fixture
def station():
    catalogues()
    return a_station()


@pytest.fixture
def baby(station):
    return a_person(station, "Nguyễn Văn Tí", sex="male", birth_date=dt.date(2026, 9, 1), cccd="051226000101")


@pytest.fixture
def head(station):
    role = a_role("station_head")
    role.rights = [*role.rights, "sync.export"]
    role.save()
    return client_of(a_member("station_head", station, "truong.tram"))


def rules() -> None:
    """HIV is read by few and stays; so does who gave birth as a minor."""
    a_code("restricted_data", "HIV", "HIV", scope="word", extra={"group": "hiv", "send": "no"})
    a_code("restricted_data", "18", "Mẹ chưa đủ 18 tuổi", scope="mother", extra={"group": "minor"})


def held(liar, kind="Immunization"):
    return liar.store.of_type(kind)


def test_it_works(room, system_of_the_ministry, liar, clock, baby):
    record = room.save(told(baby, immunizations=(dose(reactions=(reaction(),)),)))
    assert dict(worker.drain(clock=clock)) == {"stored": 1}
    row = row_of(record)
    assert (row.kind, row.state, row.aggregate_version) == ("vaccination", "accepted", 1)
    (given,) = held(liar)
    assert given["vaccineCode"]["coding"] == [
        {"system": "http://fhir.hl7.org.vn/core/CodeSystem/vn-vaccine-type-cs", "code": "dpt-hepb-hib"}
    ]
    (who,) = held(liar, "Patient")
    assert who["name"][0]["text"] == "Nguyễn Văn Tí"
    assert given["patient"]["reference"] == f"Patient/{who['id']}"
    assert len(held(liar, "Observation")) == 1


def test_a_visit_is_not_for_it_and_a_dose_goes_to_the_warehouse_too(
    room, book, receiver, system_of_the_ministry, liar, clock, station, baby
):
    warehouse_831(liar.root)
    book.save(visit(), facility_id=station.pk)
    assert set(OutboxRow.unscoped.values_list("receiver__kind", flat=True)) == {"fhir", "qd831"}
    record = room.save(told(baby))
    rows = OutboxRow.unscoped.filter(aggregate_id=record.id)
    assert set(rows.values_list("receiver__kind", flat=True)) == {"fhir", "vaccination"}
    assert taking("vaccination") == {"fhir", "vaccination"} and taking("visit") == {"fhir", "qd831"}


def test_the_order_of_one_person_and_the_last_version(room, system_of_the_ministry, liar, clock, baby):
    first = room.save(told(baby))
    second = room.save(told(baby, on=dt.date(2026, 11, 21), immunizations=(dose(lot="B"),)))
    room.change(first, immunizations=(replace(first.immunizations[0], lot="A-ĐÚNG"),))
    worker.drain(clock=clock)
    assert [each["lotNumber"] for each in held(liar)] == ["A-ĐÚNG", "B"]
    room.change(second, immunizations=(replace(second.immunizations[0], lot="C"),))
    worker.drain(clock=clock)
    assert [each["lotNumber"] for each in held(liar)] == ["A-ĐÚNG", "C"]


def test_entered_in_error_travels(room, system_of_the_ministry, liar, clock, baby):
    record = room.save(told(baby, immunizations=(dose(reactions=(reaction(),)),)))
    worker.drain(clock=clock)
    wrong = replace(record.immunizations[0], state="entered_in_error")
    room.change(record, immunizations=(wrong,))
    worker.drain(clock=clock)
    (given,), (felt,) = held(liar), held(liar, "Observation")
    assert given["status"] == felt["status"] == "entered-in-error" and "lotNumber" not in given
    assert row_of(record).state == "accepted"


def test_a_changed_name_goes_to_whoever_knows_her(room, system_of_the_ministry, liar, clock, baby):
    room.save(told(baby))
    worker.drain(clock=clock)
    baby.full_name = "Nguyễn Văn Tèo"
    baby.save()
    assert outbox.person_changed(baby.pk) == 1
    worker.drain(clock=clock)
    assert held(liar, "Patient")[0]["name"][0]["text"] == "Nguyễn Văn Tèo"


# ---- what stops before it leaves


def test_what_is_required_and_missing_is_a_task_with_a_way_there(room, liar, clock, baby, head):
    national(liar.base_url)
    Person.unscoped.filter(pk=baby.pk).update(ethnicity="")
    record = room.save(told(baby, immunizations=(dose(antigens=()),)))
    worker.drain(clock=clock)
    row = row_of(record)
    assert (row.state, row.need) == ("rejected", "field") and liar.requests == []
    page = head.get(reverse("sync:row", args=[row.pk])).content.decode()
    assert "Buổi tiêm chủng ngày 20/11/2026" in page
    assert f'<a href="/nguoi/{baby.pk}/">Mã dân tộc</a>' in page
    assert f'<a href="/tiem/{record.id}/">Kháng nguyên</a>' in page
    task = Task.unscoped.get(kind="sync.refused")
    assert "Xã nơi sinh" in task.title and "Nguyễn" not in task.title


def test_a_vaccine_without_its_code_stops_with_a_way_to_the_codes(
    room, system_of_the_ministry, liar, clock, baby, head
):
    system_of_the_ministry.codes.all().delete()
    record = room.save(told(baby))
    worker.drain(clock=clock)
    row = row_of(record)
    assert row.state == "rejected" and liar.requests == []
    page = head.get(reverse("sync:row", args=[row.pk])).content.decode()
    codes = reverse("sync:codes", args=[system_of_the_ministry.pk])
    assert f'<a href="{codes}">Vắc xin</a>: Vắc xin PENTA chưa có mã của nơi nhận.' in page
    gaps = head.get(codes).content.decode()
    assert "DPT-VGB-Hib" in gaps and "Vắc xin" in gaps


# ---- who and what is not told


@pytest.fixture
def soldiers(station):
    a_code("bhyt_object", "QN", "Quân nhân", extra={"managed_by": "defence"})
    a_code("bhyt_object", "CA", "Công an", extra={"managed_by": "public_security"})


@pytest.mark.parametrize("card", ["QN5975112345678", "CA5985112345678"])
def test_who_is_managed_elsewhere_on_that_day_is_not_told_of(
    room, receiver, system_of_the_ministry, liar, clock, soldiers, station, card
):
    soldier = a_person(station, "Trần Văn Lính", cccd="051090000101", bhyt=card)
    record = room.save(told(soldier))
    before = room.save(told(soldier, on=dt.date(2025, 5, 5), immunizations=(dose(lot="TRƯỚC"),)))
    rows = OutboxRow.unscoped.filter(aggregate_id=record.id)
    worker.drain(clock=clock)
    assert dict(rows.values_list("receiver__kind", "state")) == {
        "fhir": "accepted",
        "vaccination": "superseded",
    }, "the province's own warehouse hears of it all the same"
    ours = Delivery.unscoped.filter(receiver=system_of_the_ministry)
    assert set(ours.values_list("aggregate_id", flat=True)) == {before.id}, "she was a civilian then"


def test_a_card_that_came_later_takes_back_what_was_told(
    room, system_of_the_ministry, liar, clock, soldiers, baby
):
    record = room.save(told(baby))
    worker.drain(clock=clock)
    a_card(baby, "QN5975112345678")
    room.change(record)
    worker.drain(clock=clock)
    assert [each["status"] for each in held(liar)] == ["entered-in-error"]
    assert not outbox.held().filter(aggregate_id=record.id).exists()


def test_other_cards_of_their_families_are_told_of(room, soldiers, station, baby):
    a_card(baby, "TQ4975112345678")
    with system("test"):
        assert civil.managed_on({baby.pk: (baby.pk, dt.date(2026, 11, 20))}) == {}


def test_of_the_cards_the_shipped_list_says_whose_people_they_are_for(db):
    call_command("load_catalogues", only=["bhyt_objects"])
    assert civil.managers(dt.date(2026, 11, 20)) == {
        "QN": "defence",
        "CY": "defence",
        "CA": "public_security",
    }


def test_what_may_not_leave_is_taken_back(room, system_of_the_ministry, liar, clock, baby):
    rules()
    record = room.save(told(baby))
    worker.drain(clock=clock)
    room.change(record, restricted_by=("hiv",))
    worker.drain(clock=clock)
    assert [each["status"] for each in held(liar)] == ["entered-in-error"]
    never = room.save(told(baby, restricted_by=("hiv",)))
    worker.drain(clock=clock)
    assert row_of(never).state == "superseded" and len(held(liar)) == 1


def test_typed_words_that_may_tell_it_stay(room, system_of_the_ministry, liar, clock, baby):
    rules()
    said = dose(state="not_given", reason="Mẹ nhiễm HIV")
    felt = dose(reactions=(reaction(text="Sốt, đang uống ARV HIV"),))
    room.save(told(baby, immunizations=(said, felt)))
    worker.drain(clock=clock)
    sent = str([each.resource for each in liar.store.resources.values()])
    assert "HIV" not in sent and "masked" in sent and "REDACTED" in sent


# ---- by hand


def take(client, row):
    return client.post(
        reverse("sync:hand_take", args=[row.pk]), {"form_key": uuid7(), "version": row.version}, follow=True
    )


def test_by_hand_it_is_the_form_in_excel_and_never_accepted(
    room, system_of_the_ministry, liar, clock, baby, head
):
    record = room.save(told(baby, immunizations=(dose(), dose(vaccine="=SUM(A1)"))))
    row = row_of(record)
    assert "Chuyển sang gửi tay" in head.get(reverse("sync:row", args=[row.pk])).content.decode()
    take(head, row)
    answer = head.get(reverse("sync:hand_file", args=[row.pk]))
    assert answer["Content-Type"].endswith("spreadsheetml.sheet")
    assert answer["Content-Disposition"] == f'attachment; filename="goi-tin-{row.pk}.xlsx"'
    sheet = load_workbook(io.BytesIO(answer.content)).active
    first, second = list(sheet.iter_rows(min_row=2))
    assert (first[1].value, first[16].value) == ("Nguyễn Văn Tí", "20/11/2026")
    assert second[15].data_type == "s" and first[0].number_format == "@"
    worker.drain(clock=clock)
    row.refresh_from_db()
    assert row.state == "by_hand" and liar.requests == []
    page = head.get(reverse("sync:row", args=[row.pk])).content.decode()
    assert "gửi tay, chưa có số biên nhận" in page and "đã tiếp nhận lúc" not in page
    assert AuditEntry.objects.filter(action="sync.hand_file").count() == 1
    # a later correction goes by the line and reaches what was given in
    room.change(record, immunizations=(replace(record.immunizations[0], state="entered_in_error"),))
    worker.drain(clock=clock)
    assert {each["status"] for each in held(liar)} == {"entered-in-error"}


def test_what_is_missing_is_told_as_a_list_before_the_file_is_made(room, liar, baby, head):
    national(liar.base_url)
    row = row_of(room.save(told(baby, immunizations=(dose(antigens=()),))))
    page = take(head, row).content.decode()
    for words in ("Xã nơi sinh", "Tỉnh quê quán", "Kháng nguyên"):
        assert words in page
    row.refresh_from_db()
    assert row.state == "pending" and not Delivery.unscoped.exists()


def test_a_session_with_something_restricted_is_taken_by_right_alone(
    room, system_of_the_ministry, baby, station
):
    a_code("restricted_data", "x", "x", scope="register", extra={"group": "mental", "send": "yes"})
    row = row_of(room.save(told(baby, restricted_by=("mental",))))
    role = a_role("nurse")
    role.rights = sorted({*role.rights, "sync.export", "sync.view"} - {"restricted.view"})
    role.save()
    page = take(client_of(a_member("nurse", station, "dd.hai")), row).content.decode()
    assert "thông tin hạn chế" in page
    row.refresh_from_db()
    assert row.state == "pending"


# ---- what nobody can use yet is not shown


def test_without_such_a_room_nobody_is_offered_the_system(db):
    there = ["fhir", "qd831", "eprescription", "check_up"]
    assert [kind for kind, _ in offered()] == there
    assert [kind for kind, _ in ReceiverForm().fields["kind"].choices] == there
    form = ReceiverForm({"code": "x", "name": "X", "kind": "vaccination", "base_url": "https://x.example.vn"})
    assert "kind" in form.errors


def test_with_the_room_it_is(room):
    assert "vaccination" in [kind for kind, _ in ReceiverForm().fields["kind"].choices]


def test_without_such_a_room_no_code_of_it_is_asked_for(receiver, head):
    page = head.get(reverse("sync:codes", args=[receiver.pk])).content.decode()
    assert "Vắc xin" not in page and "Kháng nguyên" not in page


def test_the_settings_are_read_back_in_words(room, system_of_the_ministry, station):
    admin = client_of(a_member("province_admin", station, "tinh"))
    page = admin.get(reverse("sync:receiver", args=[system_of_the_ministry.pk])).content.decode()
    for words in (
        "Hệ thống tiêm chủng quốc gia",
        "20 trường, thiếu thì không gửi; nơi nhận cho trống: Xã nơi sinh",
        "21 tên chưa có văn bản để đối chiếu",
        "người do quốc phòng, công an quản lý vào ngày tiêm",
    ):
        assert words in page
    assert "Gửi các lượt khám trước đó" not in page
    with pytest.raises(backfill.Refused, match="không nhận lượt khám"):
        backfill._open_receiver(system_of_the_ministry.pk)


def test_a_look_at_the_payload(room, system_of_the_ministry, baby, head, soldiers):
    row = row_of(room.save(told(baby)))
    page = head.get(reverse("sync:payload", args=[row.pk]))
    assert "dpt-hepb-hib" in page.context["text"] and "Nguyễn Văn Tí" not in page.context["text"]
    a_card(baby, "QN5975112345678")
    refused = head.get(reverse("sync:payload", args=[row.pk]), follow=True).content.decode()
    assert "không thuộc loại phải gửi cho nơi nhận này" in refused


def test_her_addresses_and_family(room, baby, station):
    mother = a_person(station, "Đinh Thị Mẹ", cccd="051190000112", phone="0960000001")
    Person.unscoped.filter(pk=baby.pk).update(
        mother=mother, guardian_name="Đinh Thị Bà", guardian_number="051160000113", blood_group="O+"
    )
    record = room.save(told(baby))
    with system("test"):
        found = kinds.gather("vaccination", record.id, form="qd3891").person.civil
    assert found.places.keys() == {"current", "permanent"}, "no other is known by its code"
    assert found.places["permanent"] == records.Place("21484", "51")
    assert (found.kin["mother"].name, found.kin["mother"].number) == ("Đinh Thị Mẹ", "051190000112")
    assert (found.kin["guardian"].number, found.blood_group) == ("051160000113", "O+")
    Person.unscoped.filter(pk=baby.pk).update(permanent_text="Một nơi khác")
    with system("test"):
        assert kinds.gather("person", baby.pk, form="qd3891").civil.places.keys() == {"current"}


def test_a_childs_mother_who_is_kept_from_the_reader_is_kept_from_the_receiver(room, baby, station):
    rules()
    mother = a_person(station, "Đinh Thị Trẻ", birth_date=dt.date(2011, 1, 1))
    Person.unscoped.filter(pk=baby.pk).update(mother=mother)
    with system("test"):
        assert "mother" not in kinds.gather("person", baby.pk, form="qd3891").civil.kin


def test_many_are_read_in_as_many_queries_as_one(room, station):
    rows = [room.save(told(a_person(station, f"Trẻ Thử {n}", cccd=f"05122600{n:04d}"))) for n in range(12)]

    def cost(ids):
        with (
            system("test"),
            CaptureQueriesContext(
                connection,
            ) as queries,
        ):
            kinds.several("vaccination", ids)
        return len(queries)

    cost([rows[0].id])
    assert cost([row.id for row in rows[:2]]) == cost([row.id for row in rows])


def test_nothing_here_depends_on_a_session_that_is_gone(room, system_of_the_ministry, clock, baby):
    record = room.save(told(baby))
    room.told.clear()
    worker.drain(clock=clock)
    assert row_of(record).state == "superseded"
