"""A death: recorded, amended, taken back; what it closes, what it asks for."""

import dataclasses
import datetime as dt

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from apps.catalogues import codes
from apps.catalogues.models import CodeEntry, CommunicableDisease
from apps.core.errors import NeedsReason, Refused
from apps.core.models import AuditEntry, Task
from apps.core.scope import enter
from apps.core.versions import StaleVersion
from apps.patients import death_review, deaths, projections, restricted
from apps.patients.death_data import data_of
from apps.patients.death_rules import Cause
from apps.patients.models import (
    Death,
    DeathCause,
    DeathVersion,
    DueItem,
    MaternalReview,
    Person,
    TimelineEntry,
)
from apps.patients.services import person_update
from apps.patients.steps import data_of as person_data
from tests.factories.catalogues import an_icd10
from tests.factories.deaths import DEATH_RIGHTS, a_death, death_data, death_scope
from tests.factories.patients import a_person, a_station, scope_at

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate


@pytest.fixture
def man(station):
    return a_person(station, "Phạm Văn Hrê", sex="male", birth_date=dt.date(1950, 3, 5))


@pytest.fixture
def woman(station):
    return a_person(station, "Đinh Thị Nhung", birth_date=dt.date(1998, 3, 5))


@pytest.fixture
def at_work(station):
    """The test's body works as somebody who may do all with deaths."""
    with enter(scope_at(station, DEATH_RIGHTS)):
        yield


def record(person, reason="", **fields):
    if person.sex == "female":
        fields.setdefault("maternal", "no")
    return deaths.death_record(person=person, data=death_data(**fields), reason=reason)


def due(person):
    projections.put_due(person_id=person.pk, kind="test", title="Việc", due_on=TODAY(), object_id=person.pk)


def due_state(person):
    return DueItem.unscoped.get(person=person).state


def fields_of(raised):
    return {refusal.field for refusal in raised.value.refusals}


# --- recording


def test_it_works(man, at_work):
    an_icd10("J18.9", "Viêm phổi, không đặc hiệu")
    an_icd10("J96.0", "Suy hô hấp cấp")
    due(man)
    chain = (Cause("a", "j96.0", "", 2, "day"), Cause("b", "J18.9", "Viêm  phổi", 1, "week"))
    death = record(man, causes=chain, died_time=dt.time(14, 30), place_text="  nhà riêng ")
    man.refresh_from_db()
    assert (man.life_status, man.died_on) == ("dead", death.died_on)
    assert due_state(man) == "dropped"
    assert (death.place_text, death.commune_id) == ("nhà riêng", man.station.unit_id)
    assert timezone.localtime(death.occurred_at).time() == dt.time(14, 30)
    rows = DeathCause.objects.filter(death=death)
    assert [(row.line, row.icd_code, row.icd_name, row.text, row.underlying) for row in rows] == [
        ("a", "J96.0", "Suy hô hấp cấp", "", False),
        ("b", "J18.9", "Viêm phổi, không đặc hiệu", "Viêm phổi", True),
    ]
    assert TimelineEntry.unscoped.get(object_id=death.pk).title == "Tử vong: tại nhà"
    entry = AuditEntry.objects.get(action="death.recorded")
    assert "phổi" not in str(entry.data).lower()


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"died_on": dt.date(2999, 1, 1)}, {"died_on", "entered_on"}),
        ({"died_on": dt.date(1949, 1, 1)}, {"died_on"}),
        ({"entered_on": dt.date(2020, 1, 1)}, {"entered_on"}),
        ({"entered_on": dt.date(2999, 1, 1)}, {"entered_on"}),
        ({"certificate_on": dt.date(2020, 1, 1)}, {"certificate_on"}),
        ({"place": "hospital"}, {"place"}),
        ({"attended": "maybe"}, {"attended"}),
        ({"causes": ()}, {"a_text"}),
        ({"maternal": "pregnant"}, {"maternal"}),
        ({"causes": (Cause("a", "K99.9"),)}, {"a_code"}),
        ({"certified_by": "x" * 121}, {"certified_by"}),
    ],
)
def test_what_cannot_be_is_refused_beside_its_field(man, at_work, fields, wrong):
    with pytest.raises(deaths.DeathProblems) as raised:
        record(man, **fields)
    assert fields_of(raised) == wrong
    assert not Death.unscoped.exists()


def test_a_birth_known_to_the_year_may_be_that_year(station, at_work):
    child = a_person(station, "Hồ Văn Út", sex="male", birth_date=dt.date(2026, 1, 1), birth_precision="year")
    assert record(child, died_on=dt.date(2026, 2, 1)).died_on == dt.date(2026, 2, 1)


def test_what_is_odd_asks_for_a_reason_and_keeps_it(man, at_work):
    an_icd10("O72.1", "Chảy máu sau đẻ", flags={"sex": "F"})
    chain = (Cause("a", "", "Sốc", 3, "month"), Cause("b", "O72.1", "", 1, "day"))
    with pytest.raises(NeedsReason) as raised:
        record(man, causes=chain)
    assert {warning.field for warning in raised.value.warnings} == {"a_value", "b_code"}
    death = record(man, causes=chain, reason="theo giấy báo tử")
    assert death.overrides == {"warnings": ["order_ab", "icd_sex_b"], "reason": "theo giấy báo tử"}


def test_a_code_for_deaths_alone_is_fine_here(man, at_work):
    an_icd10("R99", "Nguyên nhân tử vong không rõ ràng", flags={"death_cause_only": True})
    assert record(man, causes=(Cause("a", "R99"),)).overrides == {}


def test_who_was_seen_later_is_asked_about(man, at_work):
    projections.put_timeline(
        person_id=man.pk,
        at=timezone.now(),
        kind="visit",
        title="Khám bệnh",
        object_id=man.pk,
        facility_id=man.station_id,
    )
    with pytest.raises(NeedsReason) as raised:
        record(man)
    assert [warning.code for warning in raised.value.warnings] == ["seen_after"]


def test_nobody_dies_twice(man, at_work):
    record(man)
    with pytest.raises(Refused, match="đã được ghi tử vong"):
        record(man)
    assert Death.unscoped.count() == 1


def test_a_status_typed_in_earlier_gets_its_record(man, at_work):
    due(man)
    typed = dataclasses.replace(person_data(man), life_status="dead", died_on=TODAY() - dt.timedelta(days=9))
    person = person_update(person=man, data=typed, expected_version=1)
    death = record(person)
    deaths.death_in_error(death=death, expected_version=1, reason="nhầm")
    assert due_state(man) == "open"
    assert Person.unscoped.get(pk=man.pk).life_status == "alive"


def test_a_recorded_death_is_not_edited_away_in_the_record(man, at_work):
    record(man)
    man.refresh_from_db()
    alive = dataclasses.replace(person_data(man), life_status="alive", died_on=None)
    with pytest.raises(Refused) as raised:
        person_update(person=man, data=alive, expected_version=man.version)
    assert raised.value.field == "life_status"


def test_a_stranger_and_who_has_no_right_record_nothing(man, station):
    other = a_station("23293", "Trạm Y tế xã Đăk Cấm")
    with enter(scope_at(other, DEATH_RIGHTS)), pytest.raises(Refused):
        record(man)
    with enter(scope_at(station, frozenset({"people.view"}))), pytest.raises(PermissionDenied):
        record(man)


# --- amending


def test_an_amendment_keeps_what_was_said(man, at_work):
    death = record(man)
    said = dataclasses.replace(
        data_of(death), died_on=death.died_on - dt.timedelta(days=1), causes=(Cause("a", "", "Đột quỵ"),)
    )
    amended = deaths.death_amend(death=death, data=said, expected_version=1, reason="gia đình nói lại")
    assert (amended.state, amended.version) == ("amended", 2)
    kept = DeathVersion.objects.get()
    assert (kept.number, kept.reason) == (1, "gia đình nói lại")
    assert kept.data["causes"][0]["text"] == "Không rõ nguyên nhân"
    assert [row.text for row in DeathCause.objects.all()] == ["Đột quỵ"]
    man.refresh_from_db()
    assert man.died_on == said.died_on


def test_an_amendment_without_change_writes_nothing(man, at_work):
    death = record(man)
    deaths.death_amend(death=death, data=data_of(death), expected_version=1, reason="xem lại")
    assert not DeathVersion.unscoped.exists()


def test_the_second_of_two_amendments_is_told(man, at_work):
    death = record(man)
    said = dataclasses.replace(data_of(death), note="a")
    deaths.death_amend(death=death, data=said, expected_version=1, reason="a")
    with pytest.raises(StaleVersion):
        deaths.death_amend(
            death=death, data=dataclasses.replace(said, note="b"), expected_version=1, reason="b"
        )
    with pytest.raises(Refused, match="lý do"):
        deaths.death_amend(death=death, data=said, expected_version=2, reason=" ")


# --- taking back


def test_a_mistake_opens_exactly_what_it_closed(man, at_work):
    due(man)
    projections.put_due(
        person_id=man.pk, kind="old", title="Xong", due_on=TODAY(), object_id=man.pk, state="dropped"
    )
    death = record(man)
    deaths.death_in_error(death=death, expected_version=1, reason="nhầm người cùng tên")
    assert dict(DueItem.unscoped.values_list("kind", "state")) == {"test": "open", "old": "dropped"}
    man.refresh_from_db()
    assert (man.life_status, man.died_on) == ("alive", None)
    assert not TimelineEntry.unscoped.filter(object_id=death.pk).exists()
    assert record(man).pk != death.pk


def test_who_was_missing_is_missing_again(station, at_work):
    person = a_person(station, sex="male", life_status="missing")
    deaths.death_in_error(death=record(person), expected_version=1, reason="nhầm")
    person.refresh_from_db()
    assert person.life_status == "missing"


def test_the_death_of_the_wrong_person_moves(man, station, at_work):
    right = a_person(station, "Phạm Văn Hre", sex="male", birth_date=dt.date(1951, 1, 1))
    due(man)
    due(right)
    death = record(man, causes=(Cause("a", "", "Đột quỵ", 2, "hour"),))
    moved = deaths.death_in_error(death=death, expected_version=1, reason="nhầm người", instead=right)
    assert moved.person_id == right.pk
    assert Death.unscoped.get(pk=death.pk).moved_to_id == moved.pk
    assert (due_state(man), due_state(right)) == ("open", "dropped")
    assert [(row.text, row.value) for row in DeathCause.objects.filter(death=moved)] == [("Đột quỵ", 2)]


def test_what_cannot_be_of_the_other_takes_nothing_back(man, station, at_work):
    young = a_person(station, "Phạm Văn Con", sex="male", birth_date=TODAY())
    death = record(man)
    with pytest.raises(deaths.DeathProblems):
        deaths.death_in_error(death=death, expected_version=1, reason="nhầm", instead=young)
    assert Death.unscoped.get(pk=death.pk).state == "final"
    with pytest.raises(Refused, match="Đây chính là"):
        deaths.death_in_error(death=death, expected_version=1, reason="nhầm", instead=man)


def test_what_was_taken_back_is_not_amended(man, at_work):
    death = record(man)
    deaths.death_in_error(death=death, expected_version=1, reason="nhầm")
    with pytest.raises(Refused, match="ghi nhầm"):
        deaths.death_amend(death=death, data=data_of(death), expected_version=2, reason="x")
    with pytest.raises(Refused, match="ghi nhầm"):
        deaths.death_in_error(death=death, expected_version=2, reason="x")


# --- a possible maternal death


def test_the_question_must_be_answered(woman, at_work):
    with pytest.raises(deaths.DeathProblems) as raised:
        record(woman, maternal="")
    assert fields_of(raised) == {"maternal"}
    assert record(woman, maternal="unknown").maternal == "unknown"
    assert not Task.unscoped.exists()


def test_a_possible_maternal_death_opens_task_and_file(woman, at_work):
    death = record(woman, maternal="within42")
    task = Task.unscoped.get(kind="death.maternal_review")
    assert task.due_at - task.happened_at == dt.timedelta(hours=24)
    assert abs(task.happened_at - timezone.now()) < dt.timedelta(minutes=1)
    review = MaternalReview.objects.get(death=death)
    assert review.state == "open"
    said = dataclasses.replace(data_of(death), maternal="no")
    death = deaths.death_amend(death=death, data=said, expected_version=1, reason="đẻ năm 2020")
    task.refresh_from_db()
    review.refresh_from_db()
    assert (task.state, review.state) == ("cancelled", "void")
    back = dataclasses.replace(said, maternal="pregnant")
    deaths.death_amend(death=death, data=back, expected_version=2, reason="bác sĩ xác nhận")
    review.refresh_from_db()
    assert review.state == "open"
    assert Task.unscoped.filter(state="open").count() == 1


def test_the_file_is_the_heads_alone(woman, station):
    a_death(woman, maternal="pregnant")
    with enter(scope_at(station, DEATH_RIGHTS - {"deaths.approve"})):
        assert not MaternalReview.objects.exists()
    with enter(death_scope(woman)):
        review = MaternalReview.objects.get()
        for missing in ("kind", "reviewed_on", "members"):
            said = {"kind": "direct", "reviewed_on": TODAY(), "members": "Trưởng trạm"} | {missing: None}
            with pytest.raises(Refused) as raised:
                death_review.review_save(review=review, said=said, expected_version=1, close=True)
            assert raised.value.field == missing
        said = {"kind": "direct", "reviewed_on": TODAY(), "members": "Trưởng trạm"}
        closed = death_review.review_save(review=review, said=said, expected_version=1, close=True)
        assert Task.unscoped.get(kind="death.maternal_review").state == "done"
        with pytest.raises(Refused):
            death_review.review_save(review=closed, said=said, expected_version=2)
        with pytest.raises(Refused):
            death_review.review_reopen(review=closed, expected_version=2, reason="")
        opened = death_review.review_reopen(review=closed, expected_version=2, reason="có thêm hồ sơ")
        assert opened.state == "open"
        with pytest.raises(StaleVersion):
            death_review.review_save(review=opened, said=said, expected_version=2)


def test_a_reported_death_is_not_asked_for_again(woman, at_work):
    death = record(woman, maternal="pregnant")
    Task.unscoped.update(state="done", closed_at=timezone.now())
    said = dataclasses.replace(data_of(death), note="thêm")
    deaths.death_amend(death=death, data=said, expected_version=1, reason="thêm ghi chú")
    assert Task.unscoped.count() == 1


# --- communicable, restricted


def test_a_communicable_cause_asks_for_its_report(man, at_work):
    an_icd10("A82.9", "Bệnh dại")
    CommunicableDisease.objects.create(
        regime="thử", key="rabies", name="Bệnh dại", icd=["A82"], report_class="24h", deadline="thử"
    )
    death = record(man, causes=(Cause("a", "A82.9"),))
    task = Task.unscoped.get()
    assert (task.kind, task.title, task.restricted) == ("death.communicable", "Bệnh dại", False)
    said = dataclasses.replace(data_of(death), causes=(Cause("a", "", "Không rõ"),))
    deaths.death_amend(death=death, data=said, expected_version=1, reason="chưa xác định")
    task.refresh_from_db()
    assert task.state == "cancelled"


@pytest.fixture
def hidden(man):
    CodeEntry.objects.create(
        list=restricted.LIST,
        scope="icd10",
        code="B20",
        name="HIV",
        extra={"until": "B24", "group": "hiv", "send": "no"},
    )
    codes.forget()
    an_icd10("B20.9", "Bệnh do HIV")
    return a_death(man, causes=(Cause("a", "B20.9"),))


def test_a_restricted_cause_is_read_by_right(hidden, man, station):
    with enter(scope_at(station, DEATH_RIGHTS)):
        assert Death.objects.get().restricted
        assert not DeathCause.objects.exists()
        with pytest.raises(Refused):
            deaths.death_amend(death=hidden, data=death_data(), expected_version=1, reason="x")
    with enter(scope_at(station, DEATH_RIGHTS | {restricted.RIGHT})):
        assert DeathCause.objects.exists()


def test_once_restricted_stays_restricted(hidden, man, station):
    with enter(scope_at(station, DEATH_RIGHTS | {restricted.RIGHT})):
        amended = deaths.death_amend(death=hidden, data=death_data(), expected_version=1, reason="x")
        assert amended.restricted
