"""Families, duplicates, figures, exports, hamlets: another station's ids where one can be sent."""

import datetime as dt
import io
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from apps.care.models import FactState, Measurement
from apps.core import guarded, jobs, registry, scope
from apps.core.errors import Refused
from apps.core.ids import uuid7
from apps.core.models import AuditEntry, GuardedExport, Task
from apps.core.registry import ExportKind, ExportSheet
from apps.core.scope import enter
from apps.core.workbooks import TextWorkbook
from apps.facilities.models import Catchment, Hamlet, PostHamlet
from apps.facilities.posts import scope_for
from apps.field import book, proposals, queries
from apps.field.models import Proposal
from apps.field.said import Pregnancy
from apps.households.models import EventState, Household, Membership, ResidenceEvent
from apps.patients.death_rules import Cause
from apps.patients.models import Death, DuplicatePair, Person, TreatingAccess
from apps.patients.queries import find_people
from tests.factories.accounts import a_member, a_post, client_of
from tests.factories.care import a_measurement, an_appointment, an_enrolment
from tests.factories.deaths import a_death
from tests.factories.field import a_proposal
from tests.factories.households import a_household, an_event
from tests.factories.patients import a_health_record, a_person
from tests.security.conftest import FOREIGN, Attacker, Here

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate


def text_of(answer: Any) -> str:
    return str(answer.content.decode())


def treated_here(person: Person, here: Here) -> Person:
    """Another station's, seen here because she was treated here; with a code that nobody of ours has."""
    Person.unscoped.filter(pk=person.pk).update(code="P0777777")
    TreatingAccess.objects.create(person=person, facility=here.station, until=TODAY() + dt.timedelta(days=30))
    return Person.unscoped.get(pk=person.pk)


# --- families


def household_page(here: Here, page: str, *more: Any) -> str:
    return reverse(f"households:{page}", args=[here.household.pk, *more])


def row_of(household: Household) -> Membership:
    return Membership.unscoped.get(household=household, valid_to=None)


def unchanged(here: Here) -> bool:
    """Whether the other station's family stands as it stood."""
    before = (here.household.version, here.household.closed, here.person.version, here.person.marital_status)
    home = Household.unscoped.get(pk=here.household.pk)
    person = Person.unscoped.get(pk=here.person.pk)
    still = Membership.unscoped.filter(household=home, person=person, valid_to=None).count() == 1
    return still and before == (home.version, home.closed, person.version, person.marital_status)


def test_a_marriage_takes_nobody_of_another_station(own: Here, foreign: Here, nurse: Attacker) -> None:
    """Also where her status would not change: her family's code must stand in no history of ours."""
    Person.unscoped.filter(pk=foreign.person.pk).update(marital_status="2", sex="male")
    foreign.person = treated_here(foreign.person, own)
    Household.unscoped.filter(pk=foreign.household.pk).update(code="H0777777")
    page = household_page(own, "marry", row_of(own.household).pk)
    said = {"on": "01/03/2026", "spouse": foreign.person.code, "moves": "stays", "reason": "Đã xem giấy"}
    answer = nurse.post(page, **said)
    assert answer.status_code == 422
    assert not ResidenceEvent.unscoped.exists() and unchanged(foreign)
    assert "H0777777" not in text_of(nurse.get(household_page(own, "history")))


@pytest.mark.parametrize("moves", ["comes", "goes"])
def test_nobody_moves_in_by_a_marriage_across_stations(
    own: Here, foreign: Here, nurse: Attacker, moves: str
) -> None:
    Person.unscoped.filter(pk=foreign.person.pk).update(marital_status="2", sex="male")
    foreign.person = treated_here(foreign.person, own)
    page = household_page(own, "marry", row_of(own.household).pk)
    said = {
        "on": "01/03/2026",
        "spouse": foreign.person.code,
        "moves": moves,
        "reason": "x",
        "relation": "01",
    }
    assert nurse.post(page, **said).status_code == 422
    assert unchanged(foreign) and row_of(own.household).person_id == own.person.pk


def test_hidden_fields_of_a_family_take_no_strangers(own: Here, foreign: Here, nurse: Attacker) -> None:
    Household.unscoped.filter(pk=foreign.household.pk).update(code="H0777777")
    theirs, ours = row_of(foreign.household), row_of(own.household)
    there = Hamlet.objects.get(catchments__facility=foreign.station)
    on = {"on": "01/03/2026"}
    answers = [
        nurse.post(
            household_page(own, "split"), people=str(theirs.pk), hamlet=str(own.person.hamlet_id), **on
        ),
        nurse.post(household_page(own, "split"), people=str(ours.pk), hamlet=str(there.pk), **on),
        nurse.post(household_page(own, "merge"), into="H0777777", **on),
        nurse.post(household_page(own, "relocate"), hamlet=str(there.pk), **on),
        nurse.post(household_page(own, "depart"), people=str(theirs.pk), reach="country", **on),
        nurse.post(household_page(own, "absence"), people=str(theirs.pk), reach="country", **on),
    ]
    assert [answer.status_code for answer in answers] == [422] * len(answers)
    assert not any(FOREIGN in text_of(answer) for answer in answers)
    assert unchanged(foreign) and not ResidenceEvent.unscoped.exists()


def test_an_event_of_another_station_is_neither_withdrawn_nor_replaced(
    own: Here, foreign: Here, nurse: Attacker
) -> None:
    theirs = an_event(foreign.household, "departed", foreign.person)
    for page in ("withdraw", "return"):
        assert nurse.get(household_page(own, page, theirs.pk)).status_code == 404
        assert nurse.post(household_page(own, page, theirs.pk), reason="x", version=1).status_code == 404
    ResidenceEvent.unscoped.filter(pk=theirs.pk).update(
        state=EventState.ENTERED_IN_ERROR, error_reason="Nhầm", error_at=timezone.now()
    )
    done = nurse.post(
        household_page(own, "relocate"), replaces=str(theirs.pk), on="01/03/2026", address_text="Số 9",
        hamlet=str(own.household.hamlet_id),
    )  # fmt: skip
    assert done.status_code == 302, text_of(done)[-4000:]
    assert ResidenceEvent.unscoped.get(pk=theirs.pk).replaced_by_id is None


def test_the_dead_do_not_come_back_to_a_family_by_a_withdrawal(own: Here, nurse: Attacker) -> None:
    """Her place in the family follows the record of her death, and nobody gets round that one."""
    event = an_event(own.household, "died", own.person)
    page = household_page(own, "withdraw", event.pk)
    answer = nurse.post(page, reason="Ghi nhầm", version=event.version)
    assert answer.status_code == 422 and "tử vong" in text_of(answer)
    event.refresh_from_db()
    assert event.state == EventState.FINAL
    assert page not in text_of(nurse.get(household_page(own, "history")))


@pytest.mark.parametrize("typed", [FOREIGN, "ho thi bay la", "H0777777", "%", "Z", "' OR 1=1 --"])
def test_the_picker_of_families_stays_at_home(own: Here, foreign: Here, nurse: Attacker, typed: str) -> None:
    Household.unscoped.filter(pk=foreign.household.pk).update(code="H0777777")
    answer = nurse.post(reverse("catalogues:pick", args=["household"]), q=typed, name="into", field="into")
    assert answer.status_code < 500
    assert FOREIGN not in text_of(answer) and "Hộ Hồ" not in text_of(answer)


# --- the search by station marks


@pytest.mark.parametrize(
    "shape", ["Z{mark}Nho", "{mark}ho", "Z{mark}", "z{mark}:*", "Z{mark}Nbay | Nho", "&|!()"]
)
def test_no_mark_of_another_station_can_be_typed(own: Here, foreign: Here, shape: str) -> None:
    head = scope_for(a_member("station_head", own.station), own.station.pk)
    assert head is not None
    with enter(head):
        assert find_people(head, shape.format(mark=str(foreign.station.pk)[-6:])) == []
        assert [line.id for line in find_people(head, "van kieu")] == [own.person.pk]


# --- two records


def a_pair(one: Person, other: Person) -> DuplicatePair:
    a, b = sorted((one, other), key=lambda each: each.pk)
    return DuplicatePair.unscoped.create(a=a, b=b, station=one.station, score=90, reasons=["name"], facts="")


def test_a_pair_across_stations_is_nowhere(own: Here, foreign: Here, nurse: Attacker) -> None:
    """Of two stations by now: neither compared, nor merged, nor told apart, nor listed."""
    pair = a_pair(own.person, treated_here(foreign.person, own))
    page = reverse("patients:duplicate", args=[pair.pk])
    assert nurse.get(page).status_code == 404
    assert nurse.post(page, keep="a", kept_version=1, old_version=1).status_code == 404
    assert nurse.post(reverse("patients:not_same", args=[pair.pk])).status_code == 404
    assert FOREIGN not in text_of(nurse.get(reverse("patients:duplicates")))
    pair.refresh_from_db()
    assert pair.state == "open"


def test_whom_we_only_treat_is_no_duplicate_of_ours(own: Here, foreign: Here, nurse: Attacker) -> None:
    stranger = treated_here(foreign.person, own)
    page = reverse("patients:duplicates_of", args=[own.person.pk])
    assert nurse.post(page, other=stranger.code).status_code == 422
    assert nurse.get(reverse("patients:duplicates_of", args=[stranger.pk])).status_code == 404
    assert not DuplicatePair.unscoped.exists()


def test_nothing_merges_by_a_link_or_from_stale_versions(own: Here, nurse: Attacker) -> None:
    twin = a_person(own.station, own.person.full_name)
    pair = a_pair(own.person, twin)
    page = reverse("patients:duplicate", args=[pair.pk])
    said = {"keep": "a", "kept_version": 1, "old_version": 1, "reason": "x"}
    assert nurse.client.get(page, {"form_key": str(uuid7()), **said}).status_code == 200
    assert nurse.get(reverse("patients:not_same", args=[pair.pk])).status_code == 405
    Person.unscoped.filter(pk=twin.pk).update(version=2)
    assert nurse.post(page, **said).status_code == 422
    assert not Person.unscoped.exclude(merged_into=None).exists()


# --- figures, appointments, programmes, health records: ids of other people


def test_figures_are_changed_under_their_own_person_alone(own: Here, foreign: Here, nurse: Attacker) -> None:
    mine = a_person(own.station, "Đinh Thị Hai")
    of_other = a_measurement(own.person, "weight", "51.5", state="preliminary")
    theirs = a_measurement(foreign.person, "weight", "48", state="preliminary")
    tried = [
        (page, person, row)
        for page in ("correct", "confirm")
        for person, row in ((mine, of_other), (own.person, theirs), (foreign.person, theirs))
    ]
    for page, person, row in tried:
        said = {"version": 1, "value": "99", "why": "x", "action": "error"}
        assert nurse.post(reverse(f"care:{page}", args=[person.pk, row.pk]), **said).status_code == 404
    assert set(
        Measurement.unscoped.filter(pk__in=[of_other.pk, theirs.pk]).values_list("state", flat=True)
    ) == {FactState.PRELIMINARY}


def test_another_stations_appointments_and_programmes_are_closed(
    own: Here, foreign: Here, nurse: Attacker
) -> None:
    """Also of somebody who is treated here by now."""
    person = treated_here(foreign.person, own)
    expected, followed = an_appointment(person, TODAY()), an_enrolment(person)
    for page in ("move", "cancel", "call"):
        assert nurse.post(reverse(f"care:{page}", args=[expected.pk]), version=1, why="x").status_code == 404
    for page in ("enrolment_end", "enrolment_reopen", "enrolment_error"):
        assert nurse.post(reverse(f"care:{page}", args=[followed.pk]), version=1, why="x").status_code == 404


def test_a_line_of_another_record_stands_under_no_person_of_ours(
    own: Here, foreign: Here, nurse: Attacker
) -> None:
    mine = a_person(own.station, "Đinh Thị Hai")
    for person, line in ((mine, a_health_record(own.person)), (own.person, a_health_record(foreign.person))):
        page = reverse("patients:record_line", args=[person.pk, "phau-thuat", line.pk])
        assert nurse.get(page).status_code == 404
        assert nurse.post(page, version=1, state="entered_in_error").status_code == 404


# --- deaths


def test_a_restricted_death_is_not_read_by_moving_it_to_somebody_else(own: Here, nurse: Attacker) -> None:
    """Whoever writes a death reads its causes: so nobody copies one whose causes she may not read."""
    died = a_death(a_person(own.station, "Đinh Thị Cố"), causes=(Cause("a", "", "Nguyên nhân kín"),))
    Death.unscoped.filter(pk=died.pk).update(restricted=True)
    other = a_person(own.station, "Đinh Thị Hai")
    page = reverse("patients:death_in_error", args=[died.pk])
    answer = nurse.post(page, version=died.version, reason="Nhầm người", instead=other.code)
    assert answer.status_code == 422 and "Nguyên nhân kín" not in text_of(answer)
    assert Death.unscoped.get().stands, "neither copied nor taken back"
    assert nurse.post(page, version=died.version, reason="Còn sống").status_code == 302


# --- files that have been made


@pytest.fixture
def file(own: Here, settings: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> ExportKind:
    settings.SEALED_DIR = tmp_path / "sealed"

    def rows(args: Any) -> ExportSheet:
        return ExportSheet(["Họ và tên"], iter([(own.person.pk, [own.person.full_name])]))

    made = ExportKind("probe", "Danh sách thử", ("field.view",), "people.export", "thu", lambda args: 1, rows)
    monkeypatch.setitem(registry.exports._items, "probe", made)
    return made


def test_a_file_stays_behind_when_its_hamlets_are_taken_away(own: Here, file: ExportKind) -> None:
    other = Hamlet.objects.create(commune=own.station.unit, name="Thôn Nước Lo")
    Catchment.objects.create(facility=own.station, hamlet=other)
    worker = a_member("village_worker", own.station)
    before = scope_for(worker, own.station.pk)
    assert before is not None
    with enter(before):
        made = guarded.export("probe", reason="Báo cáo")
        jobs.run_one()
        assert guarded.take(made.pk) is not None
    PostHamlet.objects.filter(hamlet=own.person.hamlet).delete()
    now = scope_for(type(worker).objects.get(pk=worker.pk), own.station.pk)
    assert now is not None and now.hamlet_ids == {other.pk}
    with enter(now), pytest.raises(Refused):
        guarded.take(made.pk)
    assert GuardedExport.unscoped.get(pk=made.pk).taken == 1


def test_a_file_of_the_whole_station_is_not_for_who_now_has_a_hamlet(own: Here, file: ExportKind) -> None:
    user = a_member("nurse", own.station)
    before = scope_for(user, own.station.pk)
    assert before is not None
    with enter(before):
        made = guarded.export("probe", reason="Báo cáo")
    jobs.run_one()
    assert GuardedExport.unscoped.get(pk=made.pk).state == "ready"
    page = reverse("core:export_take", args=[made.pk])
    user.posts.all().delete()

    a_post(user, "village_worker", own.station)
    assert client_of(user).get(page).status_code in (302, 403, 404)
    assert GuardedExport.unscoped.get(pk=made.pk).taken == 0


def test_anothers_file_is_not_there(own: Here, foreign: Here, file: ExportKind, nurse: Attacker) -> None:
    for here in (own, foreign):
        user = a_member("doctor", here.station, f"bs{here.station.pk}")
        found = scope_for(user, here.station.pk)
        assert found is not None
        with enter(found):
            made = guarded.export("probe", reason="Báo cáo")
        jobs.run_one()
        assert nurse.get(reverse("core:export_take", args=[made.pk])).status_code == 404


# --- news from the hamlets


@pytest.fixture
def girl(own: Here) -> Person:
    born = TODAY() - dt.timedelta(days=15 * 365)
    return a_person(own.station, "Phạm Thị Nhỏ", birth_date=born, hamlet=own.person.hamlet)


def scope_of(role: str, here: Here) -> scope.Scope:
    found = scope_for(a_member(role, here.station, f"{role}.thu"), here.station.pk)
    assert found is not None
    return found


def tell(own: Here, person: Person) -> Proposal:
    worker = scope_of("village_worker", own)
    with enter(worker):
        hamlet = Hamlet.objects.get(pk=person.hamlet_id)
        said = Pregnancy(due_on=TODAY() + dt.timedelta(days=100))
        made = proposals.proposal_make(
            kind="pregnancy",
            said=said,
            hamlet=hamlet,
            household=a_household(own.station, person),
            person=person,
        )
        assert queries.proposal(worker, made.pk) is not None, "what she told she reads again"
    return made


def test_that_a_minor_is_pregnant_is_read_by_few(own: Here, girl: Person, nurse: Attacker) -> None:
    made = tell(own, girl)
    for path in ("/", reverse("field:inbox"), "/viec-can-lam/"):
        page = text_of(nurse.get(path))
        assert girl.full_name not in page and "Có thai –" not in page, path
    assert nurse.get(reverse("field:decide", args=[made.pk])).status_code == 404
    assert nurse.post(reverse("field:decide", args=[made.pk])).status_code == 404
    assert nurse.post(reverse("field:refuse", args=[made.pk]), reason="x").status_code == 404
    midwife = scope_of("midwife", own)
    with enter(midwife):
        proposals.proposal_accept(proposal_id=made.pk)
    assert queries.pregnancy_flags(midwife, [girl.pk])
    assert queries.pregnancy_flags(scope_of("nurse", own), [girl.pk]) == {}
    assert "Thôn báo có thai" not in text_of(nurse.get(reverse("patients:person", args=[girl.pk])))


def test_the_slip_and_the_audit_tell_of_no_minors_pregnancy(own: Here, girl: Person) -> None:
    made = tell(own, girl)
    with enter(scope_of("midwife", own)):
        proposals.proposal_accept(proposal_id=made.pk)
    month = TODAY().replace(day=1)
    counted = {
        role: len(book.changes(scope_of(role, own), hamlet_id=None, month=month).pregnancies)
        for role in ("population", "station_head")
    }
    assert counted == {"population": 0, "station_head": 1}
    assert Task.unscoped.get(object_id=made.pk).restricted
    kinds = AuditEntry.objects.filter(action__startswith="proposal.").values_list("data__kind", flat=True)
    assert set(kinds) == {proposals.HIDDEN}


def test_a_grown_womans_news_stays_with_whoever_answers(own: Here, nurse: Attacker) -> None:
    made = a_proposal(
        own.station, Hamlet.objects.get(pk=own.person.hamlet_id), "pregnancy", person=own.person,
        made_by=a_member("village_worker", own.station),
    )  # fmt: skip
    assert own.person.full_name in text_of(nurse.get(reverse("field:inbox")))
    assert nurse.get(reverse("field:decide", args=[made.pk])).status_code == 200
    made.refresh_from_db()
    assert made.state == "new", "looking decides nothing"


def test_a_session_that_is_open_loses_its_hamlets_at_once(own: Here) -> None:
    worker = a_member("village_worker", own.station)
    phone = client_of(worker)
    page = reverse("field:household", args=[own.household.pk])
    assert phone.get(page).status_code == 200
    PostHamlet.objects.all().delete()
    assert phone.get(page).status_code == 404
    assert own.person.full_name not in text_of(phone.get(reverse("field:home")))
    answer = phone.post(
        reverse("field:tell_of", args=[own.household.pk, "death"]), {"form_key": str(uuid7())}
    )
    assert answer.status_code == 404


# --- programs


def test_a_key_of_one_program_serves_no_other(own: Here, nurse: Attacker, doctor: Attacker) -> None:
    """The other is told nothing of what the first has made."""
    said = {"full_name": "Phạm Thị Mới Đến", "sex": "female", "hamlet_id": str(own.person.hamlet_id)}
    said |= {"birth_date": "1991-02-03"}
    key = {"Idempotency-Key": str(uuid7())}

    def send(client: Client, path: str = "/api/people/") -> Any:
        return client.post(path, said, content_type="application/json", headers=key)

    first = send(nurse.client)
    assert first.status_code == 201
    for again in (send(doctor.client), send(nurse.client, "/api/households/")):
        assert again.status_code in (400, 409, 422)
        assert first.json()["id"] not in text_of(again)
    assert Person.unscoped.filter(full_name="Phạm Thị Mới Đến").count() == 1


def test_filters_of_the_api_reach_no_other_station(own: Here, foreign: Here, nurse: Attacker) -> None:
    for path in (
        f"/api/people/?household={foreign.household.pk}",
        f"/api/households/?member={foreign.person.pk}",
        f"/api/households/?hamlet={foreign.household.hamlet_id}",
    ):
        assert nurse.get(path).json()["results"] == [], path
    changed = nurse.client.patch(
        f"/api/households/{foreign.household.pk}/",
        {"version": 1, "address_text": "x"},
        content_type="application/json",
    )
    assert changed.status_code == 404
    head = nurse.api(
        "/api/households/",
        {"head": str(treated_here(foreign.person, own).pk), "hamlet_id": str(own.person.hamlet_id)},
    )
    assert head.status_code in (400, 404, 422) and unchanged_home(foreign)


def unchanged_home(here: Here) -> bool:
    return Membership.unscoped.filter(household=here.household, person=here.person, valid_to=None).exists()


@pytest.mark.parametrize("role", ["nurse", "station_head", "doctor"])
def test_no_station_arranges_stations(own: Here, role: str) -> None:
    client = client_of(a_member(role, own.station))
    for path in (reverse("facilities:reforms"), reverse("facilities:reform_new")):
        assert client.get(path).status_code == 403
    assert client.post(reverse("facilities:reform_new"), {"form_key": str(uuid7())}).status_code == 403


def test_headings_of_a_file_that_was_sent_compute_nothing_on_the_way_back() -> None:
    """They come from a stranger's file, as the cells do: no formula, no sign that damages the workbook."""
    out = io.BytesIO()
    hostile = ["=HYPERLINK(A1)", "\u202e@SUM(A1)", "a\x0b\x00b", "<b>&", "x" * 40_000]
    with TextWorkbook(out, title="Dòng không nhận", headings=hostile) as sheet:
        sheet.add(hostile)
    heads, cells = load_workbook(io.BytesIO(out.getvalue())).active.iter_rows(values_only=True)
    assert heads == cells
    assert heads[0] == "'=HYPERLINK(A1)" and str(heads[1]).startswith("'@") and heads[3] == "<b>&"
    assert len(str(heads[4])) <= 32_767
