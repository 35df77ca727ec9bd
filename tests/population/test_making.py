"""Rows made by COPY are what the rooms' services would have made, and pass the rooms' own checks."""

import csv
import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection, models, transaction
from django.utils import timezone

from apps.accounts.models import Role, User
from apps.care import enrolling, vitals
from apps.care.models import Appointment, Enrolment, Measurement
from apps.catalogues.models import CommunicableDisease
from apps.core import scope
from apps.core.errors import NeedsReason, Refused
from apps.core.models import Task
from apps.core.scope import enter
from apps.encounters import checking, services
from apps.encounters.inputs import DiagnosisInput, LineInput, Opening, VisitInput
from apps.encounters.models import Diagnosis, Prescription, PrescriptionLine, Visit
from apps.facilities.models import Facility, Post, Practitioner
from apps.field.models import ContraceptionMark, Proposal
from apps.households import history, statuses
from apps.households.correcting import event_withdraw
from apps.households.models import (
    Household,
    HouseholdStatus,
    LivingSurvey,
    Membership,
    PersonStatus,
    ResidenceEvent,
)
from apps.households.models.conditions import CATEGORIES, MENTAL, StatusKind
from apps.patients import closing, death_data, deaths, plausibility, unrecorded
from apps.patients import services as patients
from apps.patients.data import FIELDS, CardData, NumberData, PersonData
from apps.patients.health_record.parts import PARTS
from apps.patients.health_record.reading import read
from apps.patients.health_record.saving import blocks as record_blocks
from apps.patients.health_record.saving import doubts as record_doubts
from apps.patients.models import (
    Birth,
    Death,
    DueItem,
    DuplicatePair,
    HealthRecord,
    Identifier,
    InsuranceCard,
    MergeRecord,
    OwnDisease,
    Person,
    TimelineEntry,
)
from apps.population import demo, hamlets, lives
from apps.population.making import Made, Order, make, usual_intensity
from apps.shifts.models import ShiftHandover
from tests.factories.accounts import a_role
from tests.factories.catalogues import a_code, an_icd10
from tests.factories.encounters import scope_of
from tests.factories.facilities import a_centre, a_department
from tests.factories.patients import scope_at
from tests.factories.population import ground

pytestmark = pytest.mark.django_db

ON = dt.date(2026, 11, 20)
NIGHT = 40  # minutes past midnight: nothing of the day to come may be told
ORDER = Order(people=160, seed=5, on=ON, stations=2, years=2, minute=NIGHT)


@pytest.fixture(scope="module")
def population(django_db_setup: None, django_db_blocker: Any) -> Iterator[Made]:
    """Two small communes in a transaction around the tests of this file: making them is slow."""
    with django_db_blocker.unblock(), transaction.atomic():
        ground("21484", "21040")
        yield make(ORDER)
        transaction.set_rollback(True)


@pytest.fixture
def made(population: Made, db: None) -> Iterator[Made]:
    """The two communes, looked at as the system; what a test changes is taken back."""
    with scope.system("test"):
        yield population


def test_it_works(made: Made) -> None:
    assert Person.objects.count() == 160
    assert [station.unit.code for station in made.stations] == ["21484", "21040"]
    assert all(Person.objects.filter(station=station).count() == 80 for station in made.stations)
    for model in (Household, Membership, Identifier, InsuranceCard, Visit, Diagnosis, Prescription,
                  PrescriptionLine, Measurement, Appointment, TimelineEntry, DueItem, Enrolment):  # fmt: skip
        assert made.rows[model._meta.db_table] == model.unscoped.count() > 0


def test_every_foreign_key_finds_its_row(made: Made) -> None:
    # The embedded server let the rows in without looking: here each one is looked up.
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if isinstance(field, models.ForeignKey):
                orphans = (
                    f'SELECT count(*) FROM "{model._meta.db_table}" a WHERE a."{field.column}" IS NOT NULL '
                    f'AND NOT EXISTS (SELECT 1 FROM "{field.related_model._meta.db_table}" b '
                    f'WHERE b."{field.target_field.column}" = a."{field.column}")'
                )
                with connection.cursor() as cursor:
                    cursor.execute(orphans)
                    assert cursor.fetchone() == (0,), f"{model.__name__}.{field.name}"


def test_nothing_is_told_of_what_is_still_to_come(made: Made) -> None:
    now = dt.datetime.combine(ON, dt.time(0, NIGHT), tzinfo=timezone.get_current_timezone())
    told = {}
    for model in apps.get_models():
        moments = [
            field.name for field in model._meta.concrete_fields if isinstance(field, models.DateTimeField)
        ]
        if model._meta.db_table not in made.rows or not moments:
            continue
        last = model._base_manager.aggregate(**{f"{name}_last": models.Max(name) for name in moments})
        told |= {f"{model.__name__}.{name}": at for name, at in last.items() if at and at > now}
    assert told == {}


def test_every_row_passes_its_model(made: Made) -> None:
    for model in (
        Person, Household, Membership, Identifier, InsuranceCard, Visit, Diagnosis, Measurement, Enrolment,
    ):  # fmt: skip
        for row in model.unscoped.order_by("?")[:15]:
            row.clean_fields()


def test_everybody_passes_the_checks_of_a_form(made: Made) -> None:
    for person in Person.objects.all():
        data = PersonData(**{name: getattr(person, name) for name in FIELDS})
        rows = Identifier.unscoped.filter(person=person).values_list("kind", "value")
        cards = InsuranceCard.unscoped.filter(person=person).values_list("number", flat=True)
        numbers = [NumberData(*row) for row in rows] + [NumberData("bhyt", number) for number in cards]
        assert data.cleaned() == data
        assert plausibility.blocks(data, ON) == []
        assert plausibility.doubts(data, numbers, ON) == []


def test_a_person_is_what_the_service_would_have_made(made: Made, settings: Any) -> None:
    station = made.stations[0]
    childless = Person.objects.filter(
        station=station, birth_date__lt=dt.date(1995, 1, 1), cards__isnull=False
    )
    copied = childless.exclude(children_of_mother__isnull=False).exclude(children_of_father__isnull=False)
    copied = copied.filter(identifiers__isnull=False).first()
    card = InsuranceCard.objects.get(person=copied)
    number = Identifier.objects.get(person=copied)
    data = PersonData(**{name: getattr(copied, name) for name in FIELDS})
    numbers = [NumberData(number.kind, number.value, number.issued_on, number.issuer)]
    given = CardData(card.number, card.valid_from, card.valid_to, card.registered_facility_code)
    _forget(copied)
    served = patients.person_create(data=data, numbers=numbers, card=given, another=True)
    _same(copied, served, but={"code", "tokens"})
    assert copied.tokens.replace(copied.code.lower(), served.code.lower()) == served.tokens
    _same(card, InsuranceCard.objects.get(person=served), but={"person"})
    _same(number, Identifier.objects.get(person=served), but={"person"})
    assert int(served.code[1:]) == 81  # goes on counting where the commune ended


def _forget(person: Person) -> None:
    """Take a person away with all that hangs on her."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
    for model in (Identifier, InsuranceCard, Membership):
        model.unscoped.filter(person=person)._raw_delete("default")
    Person.unscoped.filter(pk=person.pk)._raw_delete("default")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = origin")


NOT_THE_SAME = {"id", "created_at", "updated_at", "recorded_at", "recorded_by", "search"}


def _same(copied: models.Model, served: models.Model, but: set[str]) -> None:
    for field in copied._meta.concrete_fields:
        if field.name not in NOT_THE_SAME | but:
            assert getattr(copied, field.attname) == getattr(served, field.attname), field.name


def test_a_visit_is_what_the_services_would_have_made(made: Made) -> None:
    signer = Practitioner.objects.filter(facility=made.stations[0], grade="doctor").get()
    finished = Visit.objects.filter(state="finalised", performer=signer, follow_up_on__isnull=False)
    visits = finished.filter(on__gte=dt.date(2026, 7, 1), on__lt=ON, prescriptions__isnull=False)
    assert visits
    for copied in visits[:3]:
        with scope.enter(scope_of(signer)):
            served = _again(copied)
        moments = {"occurred_at", "started_at", "signed_at", "finalised_at"}
        _same(copied, served, but={"number", "queue_no", "overrides", *moments})
        assert served.occurred_at == copied.occurred_at
        assert _parts(Diagnosis, copied) == _parts(Diagnosis, served)
        assert _parts(Prescription, copied, "code") == _parts(Prescription, served, "code")
        assert _parts(PrescriptionLine, copied, "prescription") == _parts(
            PrescriptionLine, served, "prescription"
        )
        assert _measured(copied) == _measured(served)
        _same(*_pair(TimelineEntry, copied, served), but={"object_id"})
        pair = [Appointment.objects.get(source_id=visit.pk) for visit in (copied, served)]
        _same(*pair, but={"source_id", "state"})
        _same(*[DueItem.objects.get(object_id=each.pk) for each in pair], but={"object_id", "state"})


def _again(visit: Visit) -> Visit:
    """The same visit through reception, examination and end."""
    opening = Opening(reason=visit.reason, payer=visit.payer, card_id=visit.card_id, at=visit.occurred_at)
    fields = ("examination", "treatment_text", "advice", "follow_up_on", "outcome", "result")
    lines = PrescriptionLine.unscoped.filter(prescription__visit=visit).select_related("drug")
    data = VisitInput(
        fields={name: getattr(visit, name) for name in fields},
        vitals={row.vital.key: row.value for row in Measurement.objects.filter(source_id=visit.pk)},
        diagnoses=[DiagnosisInput(row.icd_code, row.role) for row in visit.diagnoses.all()],
        lines=[
            LineInput(
                line.drug.code, line.dose, line.times_per_day, line.days, line.dose_unit,
                line.quantity if line.dose_unit != line.unit else None, line.note,
            )
            for line in lines
        ],
    )  # fmt: skip
    opened = services.visit_open(person=visit.person, opening=opening, override="thử")
    saved = services.visit_save(visit_id=opened.pk, expected_version=1, data=data)
    try:
        return services.visit_finalise(visit_id=saved.pk, expected_version=2)
    except NeedsReason as asked:  # the follow-up form of a programme is a record beside the visit
        assert all("phiếu theo dõi" in warning.sentence for warning in asked.warnings)
        return services.visit_finalise(visit_id=saved.pk, expected_version=2, override="thử")


def _parts(model: Any, visit: Visit, *but: str) -> list[dict[str, Any]]:
    dropped = {*NOT_THE_SAME, "version", "visit", *but}
    names = [field.attname for field in model._meta.concrete_fields if field.name not in dropped]
    order = "kind" if model is Prescription else "position"
    return list(model.unscoped.filter(**{model.to_visit: visit}).order_by(order).values(*names))


def _measured(visit: Visit) -> list[tuple[Any, ...]]:
    rows = Measurement.objects.filter(source_id=visit.pk).order_by("code")
    return list(rows.values_list("code", "value", "unit", "state", "age_days", "occurred_at", "performer_id"))


def _pair(model: Any, *visits: Visit) -> list[Any]:
    return [model.unscoped.get(object_id=visit.pk) for visit in visits]


def test_no_finished_visit_leaves_a_remark_that_blocks(made: Made) -> None:
    for visit in Visit.objects.filter(state="finalised"):
        left = [remark for remark in checking.remarks(visit) if remark.blocks]
        assert not left, left


def test_hardly_any_finished_visit_would_have_needed_a_reason(made: Made) -> None:
    visits = Visit.objects.filter(state="finalised", on__gte=dt.date(2026, 7, 1))
    asked = [remark.code for visit in visits for remark in checking.remarks(visit)]
    assert len(asked) <= 0.03 * len(visits), asked


def test_appointments_of_days_gone_are_kept_or_missed_and_the_others_planned(made: Made) -> None:
    states = {row.state for row in Appointment.objects.filter(on__lt=ON - dt.timedelta(days=31))}
    assert states <= {"came", "missed"}
    assert not Appointment.objects.filter(on__gt=ON).exclude(state="planned")
    open_items = DueItem.objects.filter(state="open").count()
    assert open_items == Appointment.objects.filter(state="planned").count() > 0


def test_the_day_under_way_has_a_queue_and_work_for_the_doctor(made: Made) -> None:
    for station in made.stations:
        states = list(Visit.objects.filter(facility=station, on=ON).values_list("state", flat=True))
        assert states.count("waiting") == 5
        assert states.count("awaiting_signature") == 2


def test_numbers_and_values_keep_their_kind(made: Made) -> None:
    visit = Visit.objects.filter(state="finalised").earliest("occurred_at")
    assert visit.number.startswith(f"{visit.on.year}-0000")
    assert visit.started_at > visit.occurred_at
    assert Measurement.objects.filter(code="8310-5").earliest("id").value > Decimal(35)


def test_stations_that_have_people_are_left_alone(made: Made) -> None:
    with pytest.raises(Refused, match="Cần 2 trạm"):
        make(ORDER)


def test_a_very_large_population_has_a_shorter_history() -> None:
    assert usual_intensity(8_000) == 1.0
    assert usual_intensity(1_000_000) == 0.3


def test_it_says_what_is_missing(made: Made) -> None:
    with pytest.raises(CommandError, match="load_catalogues"):
        call_command("make_population", people=10)


def test_a_production_system_refuses_it(settings: Any) -> None:
    settings.PRODUCTION = True
    with pytest.raises(CommandError, match="production"):
        call_command("make_population", people=10)


def test_the_demo_has_an_account_for_every_role(made: Made) -> None:
    a_role("nurse")
    station = made.stations[0]
    a_department(a_centre(station))
    Facility.objects.create(name="CDC", kind="cdc", unit=station.unit, is_demo=True)
    assert len(demo.accounts(station)) == len(demo.ACCOUNTS)
    assert demo.accounts(station) == []
    assert set(Post.objects.values_list("role__code", flat=True)) == set(
        Role.objects.values_list("code", flat=True)
    )
    doctor = User.objects.get(username="bacsi")
    assert doctor.check_password(demo.PASSWORD)
    assert doctor.posts.get().practitioner.can_sign
    assert not User.objects.get(username="hosinh").posts.get().practitioner.can_sign


def test_the_demo_has_cases_that_must_be_told(made: Made) -> None:
    a_role("nurse")
    station = made.stations[0]
    a_department(a_centre(station))
    Facility.objects.create(name="CDC", kind="cdc", unit=station.unit, is_demo=True)
    demo.accounts(station)
    for key, name, code in (("measles", "Bệnh sởi", "B05.9"), ("dengue", "Sốt xuất huyết Dengue", "A97.9")):
        an_icd10(code, name)
        CommunicableDisease.objects.create(
            regime="thử", key=key, name=name, icd=[code[:3]], report_class="24h", deadline="thử"
        )
    demo.cases(station)
    tasks = Task.unscoped.filter(facility_id=station.pk, state="open").order_by("due_at")
    assert [task.title for task in tasks] == ["Bệnh sởi", "Sốt xuất huyết Dengue"]
    assert tasks[0].due_at < timezone.now() < tasks[1].due_at
    assert Visit.objects.filter(state="finalised", pk__in=tasks.values("object_id")).count() == 2


def test_the_demo_has_handed_a_shift_over(made: Made) -> None:
    for role in ("nurse", "midwife"):
        a_role(role)
    station = made.stations[0]
    a_department(a_centre(station))
    Facility.objects.create(name="CDC", kind="cdc", unit=station.unit, is_demo=True)
    demo.accounts(station)
    for _ in range(2):  # the next start of the demo adds none
        demo.handover(station)
    found = ShiftHandover.unscoped.get()
    assert found.state == "taken" and found.given_by_name != found.taken_by_name


def test_programmes_are_numbered_as_their_books_would(made: Made) -> None:
    for station in made.stations:
        rows = Enrolment.objects.filter(facility=station)
        assert rows
        books: dict[tuple[str, str], list[str]] = {}
        for row in rows.order_by("since", "id"):
            books.setdefault((row.programme, row.number[:4]), []).append(row.number)
            assert row.number.startswith(str(row.since.year))
        for numbers in books.values():
            assert [int(number[5:]) for number in numbers] == list(range(1, len(numbers) + 1))
    nurse = scope_of(Practitioner.objects.filter(facility=made.stations[0]).first())
    newcomer = Person.objects.filter(station=made.stations[0]).exclude(
        pk__in=Enrolment.objects.values("person_id")
    )[0]
    a_code("care_programme", "hypertension", "Tăng huyết áp")
    with scope.enter(nurse):
        taken = enrolling.enrol(person=newcomer, programme="hypertension", since=ON)
    last = Enrolment.objects.filter(programme="hypertension", since__year=ON.year, facility=made.stations[0])
    assert int(taken.number[5:]) == last.count()


def test_small_children_are_weighed_in_their_hamlet(made: Made) -> None:
    rows = Measurement.objects.filter(source_kind="hamlet")
    assert rows.filter(code="29463-7").count() > 5
    lying, standing = rows.filter(code="8306-3"), rows.filter(code="8302-2")
    assert not lying.filter(age_days__gte=731) and not standing.filter(age_days__lt=730)
    assert not rows.filter(code="56072-2", age_days__lt=183)
    for row in rows:
        found = vitals.assess({row.vital.key: row.value}, row.age_days)
        assert not [each for each in found if each.level in ("impossible", "odd")], (row.vital.key, row.value)


def test_the_demos_village_worker_has_hamlets_and_has_told_something(made: Made) -> None:
    a_role("nurse")
    station = made.stations[0]
    a_department(a_centre(station))
    Facility.objects.create(name="CDC", kind="cdc", unit=station.unit, is_demo=True)
    demo.accounts(station)
    for code, name in (("1", "Vòng"), ("2", "Thuốc uống"), ("3", "Tiêm"), ("4", "Cấy"), ("5", "Bao cao su")):
        a_code("a0_contraception", code, name)
    for code, name in (("6", "Triệt sản nữ"), ("9", "Khác"), ("0", "Không dùng")):
        a_code("a0_contraception", code, name)
    hamlets.news(station)
    hamlets.news(station)
    post = Post.objects.get(user__username="thonban")
    given = set(post.hamlets.values_list("hamlet_id", flat=True))
    assert given
    states = list(Proposal.unscoped.values_list("state", flat=True))
    assert set(states) == {"new", "accepted", "refused"} and len(states) >= 5
    assert set(Proposal.unscoped.values_list("hamlet_id", flat=True)) <= given
    marks = ContraceptionMark.unscoped.all()
    assert marks.exists() and set(marks.values_list("hamlet_id", flat=True)) <= given


# --- how families live, and what has happened to them


def test_families_are_surveyed_and_entitled_as_the_services_would_say(made: Made) -> None:
    with (settings.BASE_DIR / "fixtures/catalogues/code_lists.csv").open(encoding="utf-8") as file:
        in_force = {(row["list"], row["code"]) for row in csv.DictReader(file)}
    surveys = list(LivingSurvey.objects.all())
    assert len({row.household_id for row in surveys}) > 0.5 * Household.objects.count()
    for row in surveys:
        assert {(listed, getattr(row, name)) for name, listed in statuses.LISTS.items()} <= in_force
        assert not (row.latrine == "0" and row.latrine_hygienic)
    poor = Household.objects.exclude(poverty="").values_list("pk", "poverty")
    assert set(HouseholdStatus.objects.values_list("household_id", "poverty")) == set(poor)
    for status in PersonStatus.objects.all():
        assert (CATEGORIES[StatusKind(status.kind)], status.category) in in_force
        assert bool(status.degree) == (status.kind == StatusKind.DISABILITY)
    assert not PersonStatus.objects.filter(kind="disability", category=MENTAL).exists()


def test_people_have_died_left_gone_away_and_married_in_every_commune(made: Made) -> None:
    """As the services would have written it: each can be read back, and taken back."""
    kinds = set(ResidenceEvent.unscoped.values_list("kind", flat=True))
    assert kinds >= {"died", "departed", "absent", "married"}
    for station in made.stations:
        with enter(scope_at(station)):
            events = list(ResidenceEvent.objects.filter(kind__in=["died", "departed", "absent", "married"]))
            assert len(events) >= 3
            for row in events:
                line = history.of_event(row, row.household)
                assert line.people and row.on < ON
            for death in Death.objects.select_related("person"):
                person = death.person
                assert (person.life_status, person.died_on) == ("dead", death.died_on)
                assert Membership.objects.get(person=person).valid_to == death.died_on
                assert closing.standing(person.pk) == death.pk
                assert not Visit.objects.filter(person=person, on__gt=death.died_on).exists()
                assert not DueItem.objects.filter(person=person, state="open").exists()
                assert death_data.judged(person, deaths.data_of(death)) == ([], [])
            assert unrecorded.count(scope.current()) == 0
            left = Person.objects.filter(life_status="moved")
            assert left and not Membership.objects.filter(person__in=left, valid_to=None).exists()


def test_a_departure_by_copy_can_be_taken_back(made: Made) -> None:
    row = ResidenceEvent.objects.filter(kind="departed", station=made.stations[0]).first()
    assert row is not None
    with enter(scope_at(made.stations[0])):
        event_withdraw(event=row, reason="thử", expected_version=row.version)
        person = row.people(manager="objects").get().person
        person.refresh_from_db()
        assert person.life_status == "alive"
        assert Membership.objects.get(person=person).valid_to is None


def test_the_demos_families_have_lived(made: Made) -> None:
    a_role("nurse")
    station = made.stations[0]
    a_department(a_centre(station))
    Facility.objects.create(name="CDC", kind="cdc", unit=station.unit, is_demo=True)
    demo.accounts(station)
    before = Death.unscoped.count(), ResidenceEvent.unscoped.count()
    lives.lives(station)
    assert Death.unscoped.count() == before[0]
    kinds = set(ResidenceEvent.unscoped.values_list("kind", flat=True))
    assert {"died", "departed", "absent"} <= kinds
    assert Birth.unscoped.exists() and MergeRecord.unscoped.count() == 1
    assert DuplicatePair.unscoped.filter(state="open").exists()
    counts = Birth.unscoped.count(), ResidenceEvent.unscoped.count()
    lives.lives(station)
    assert (Birth.unscoped.count(), ResidenceEvent.unscoped.count()) == counts, (
        "a second time changes nothing"
    )


# --- health records (QĐ 831)


def test_a_part_of_the_people_has_a_health_record(made: Made) -> None:
    count = HealthRecord.objects.count()
    assert 40 < count < 120
    assert made.rows["patients_healthrecord"] == count
    today = HealthRecord.objects.order_by("reviewed_on").values_list("reviewed_on", flat=True)
    assert min(today) < ON - dt.timedelta(days=365) < max(today) < ON  # some are due again, others are not
    for person in Person.objects.all():
        read(scope.current(), person)  # every line reads in words


def test_what_they_say_may_be_said(made: Made) -> None:
    """Every section and line passes the rules of its form."""
    call_command("load_catalogues", only=["code_lists"], verbosity=0)
    for part in PARTS.values():
        for row in part.model.objects.select_related("person"):
            values = {name: getattr(row, name) for name in part.fields if name != "icd_code"}
            assert part.fits(row.person), part.key
            told = [refusal.message for refusal in record_blocks(part, row.person, values)]
            assert told == [], part.key
            assert record_doubts(part, row.person, values) == [], part.key


def test_restricted_lines_are_marked(made: Made) -> None:
    assert not OwnDisease.objects.filter(code="10", restricted=False).exists()
    assert not OwnDisease.objects.exclude(code="10").filter(restricted=True).exists()
