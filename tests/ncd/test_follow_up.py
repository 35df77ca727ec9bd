"""The follow-up form: saved with its visit, amended afterwards, judged anew with what the visit says."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal as D

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from apps.care import enrolling
from apps.care.models import Appointment, Measurement
from apps.core.errors import Refused
from apps.core.models import AuditEntry
from apps.core.scope import enter
from apps.core.versions import StaleVersion
from apps.encounters import moving, undoing
from apps.encounters import services as visits
from apps.encounters.inputs import DiagnosisInput, VisitInput
from apps.encounters.models import Visit
from apps.ncd import queries, services
from apps.ncd.events import NcdFollowedUp, NcdFollowUpAmended, NcdFollowUpInError
from apps.ncd.models import FollowUp, FollowUpRevision, FollowUpState
from apps.ncd.services import FollowUpInput
from apps.patients.models import TimelineEntry
from tests.factories import encounters as make
from tests.factories import ncd
from tests.factories.care import a_measurement, an_enrolment
from tests.factories.patients import a_person, a_station, scope_at

NEXT = timezone.localdate() + dt.timedelta(days=30)


def put(visit, data=None, *, version=0, programme="hypertension", reason="", visit_version=None):
    return services.follow_up_put(
        visit_id=visit.pk,
        programme=programme,
        visit_version=visit_version or Visit.unscoped.get(pk=visit.pk).version,
        expected_version=version,
        data=data or FollowUpInput(adherence="all", medicine_days=30, next_on=NEXT),
        reason=reason,
    )


def ended(visit):
    version = Visit.unscoped.get(pk=visit.pk).version
    return visits.visit_finalise(visit_id=visit.pk, expected_version=version, override="đã xem")


@pytest.fixture
def visit(lan, enrolment, doctor):
    return ncd.a_pressed_visit(lan, doctor)


def test_it_works(visit, as_doctor, heard):
    told = heard(NcdFollowedUp, NcdFollowUpAmended)
    form = put(visit)
    assert (form.systolic, form.diastolic, form.target, form.version) == (148, 92, 0, 1)
    assert form.computed_why == "148/92, mục tiêu dưới 140/90"
    assert form.medicines_until == form.on + dt.timedelta(days=29)
    assert Visit.unscoped.get(pk=visit.pk).follow_up_on == NEXT
    assert told == []  # nobody hears of what is not finished
    ended(visit)
    form.refresh_from_db()
    assert told == [
        NcdFollowedUp(
            form.pk, visit.pk, form.person_id, form.facility_id, "hypertension", form.on, form.version
        )
    ]
    assert Appointment.unscoped.get(person=visit.person_id).on == NEXT  # care's own, once
    line = TimelineEntry.unscoped.get(kind="ncd")
    assert line.title == "Theo dõi tăng huyết áp: 148/92, không đạt" and line.object_id == form.pk
    assert AuditEntry.objects.filter(action="ncd.saved", object_id=form.pk).count() == 1


def test_it_is_saved_again_while_the_visit_is_open(visit, as_doctor):
    form = put(visit)
    again = put(visit, FollowUpInput(side_effects="Phù chân nhẹ", next_on=NEXT), version=form.version)
    assert (again.pk, again.version, again.side_effects) == (form.pk, 2, "Phù chân nhẹ")
    assert not FollowUpRevision.unscoped.exists()


def test_two_windows(visit, as_doctor):
    put(visit)
    with pytest.raises(StaleVersion) as stale:
        put(visit, FollowUpInput(adherence="none"), version=0)
    assert stale.value.current.adherence == "all"
    with pytest.raises(Refused) as refused:
        put(visit, version=1, visit_version=1)
    assert refused.value.code == "visit-stale"


def test_the_visit_is_changed_afterwards(visit, as_doctor):
    form = put(visit)
    stored = Visit.unscoped.get(pk=visit.pk)
    visits.visit_save(
        visit_id=visit.pk,
        expected_version=stored.version,
        data=VisitInput(vitals={"systolic": D(132), "diastolic": D(84)}),
    )
    ended(visit)
    form.refresh_from_db()
    assert (form.systolic, form.target) == (132, 1)


def test_the_target_is_changed_by_hand_with_a_reason(visit, as_doctor):
    with pytest.raises(Refused) as refused:
        put(visit, FollowUpInput(target=1))
    assert refused.value.field == "target_why"
    form = put(visit, FollowUpInput(target=1, target_why="Đo ở nhà 128/78"))
    assert (form.computed, form.target, form.by_hand) == (0, 1, True)
    ended(visit)
    form.refresh_from_db()
    assert (form.target, form.target_why) == (1, "Đo ở nhà 128/78")
    assert put_same(visit).target_why == ""


def put_same(visit):
    """Amended to what the arithmetic says: no reason is kept."""
    form = FollowUp.unscoped.get(visit=visit)
    data = FollowUpInput(target=0, next_on=Visit.unscoped.get(pk=visit.pk).follow_up_on)
    return put(visit, data, version=form.version, reason="xem lại")


def test_with_diabetes_the_target_is_lower(visit, lan, as_doctor):
    an_enrolment(lan, "diabetes", since=timezone.localdate() - dt.timedelta(days=100))
    form = put(visit)
    assert "130/80 vì có đái tháo đường" in form.computed_why


def test_complications_lower_it_too(visit, as_doctor):
    form = put(visit, FollowUpInput(complications=["kidney"]))
    assert "bệnh thận mạn" in form.computed_why
    assert (form.risk, form.risk_word) == (None, "Nguy cơ cao, không cần tra bảng: có bệnh thận mạn")


def test_the_risk_is_kept_with_its_chart(visit, as_doctor):
    form = put(visit, FollowUpInput(smoker=False, cholesterol=D("5.4")))
    assert form.risk and form.risk_chart == "who-2019-sea-lab"


def test_a_finished_form_is_amended_never_edited(visit, as_doctor, heard):
    form = put(visit)
    ended(visit)
    form.refresh_from_db()
    told = heard(NcdFollowUpAmended)
    with pytest.raises(Refused) as refused:
        put(visit, version=form.version)
    assert refused.value.field == "reason"
    before = Visit.unscoped.get(pk=visit.pk).version
    amended = put(
        visit, FollowUpInput(adherence="some", medicine_days=28, next_on=NEXT), version=form.version,
        reason="ghi nhầm số ngày",
    )  # fmt: skip
    kept = FollowUpRevision.unscoped.get()
    assert (kept.of_version, kept.data["medicine_days"], kept.reason) == (
        form.version, 30, "ghi nhầm số ngày",
    )  # fmt: skip
    assert Visit.unscoped.get(pk=visit.pk).version == before  # the visit says the same
    assert [each.version for each in told] == [amended.version]


def test_an_amendment_of_what_belongs_to_the_visit_amends_the_visit(visit, as_doctor):
    form = put(visit)
    ended(visit)
    form.refresh_from_db()
    later = NEXT + dt.timedelta(days=7)
    put(visit, FollowUpInput(next_on=later), version=form.version, reason="hẹn lại")
    stored = Visit.unscoped.get(pk=visit.pk)
    assert stored.follow_up_on == later and stored.revisions.count() == 1
    assert FollowUp.unscoped.get().next_on == later
    assert Appointment.unscoped.get(person=visit.person_id).on == later


def test_glucose_is_the_visits_own_figure(lan, doctor, as_doctor):
    ncd.an_old_enrolment(lan, "diabetes")
    visit = make.an_examined_visit(
        lan, doctor, VisitInput(fields={"reason": "Tái khám"}, diagnoses=[DiagnosisInput("E11", "main")])
    )
    form = put(visit, FollowUpInput(glucose=D("7.8"), glucose_kind="fasting"), programme="diabetes")
    assert (form.glucose, form.target) == (D("7.8"), 0)
    row = Measurement.unscoped.get(code="14771-0")
    assert (row.source_kind, row.source_id, row.value) == ("visit", visit.pk, D("7.8"))
    form = put(visit, FollowUpInput(hba1c=D("6.5")), programme="diabetes", version=form.version)
    assert (form.glucose, form.hba1c, form.target) == (None, D("6.5"), 1)
    row.refresh_from_db()
    assert row.state == "entered_in_error"


def test_what_a_result_says_is_taken_over_and_not_written_again(lan, doctor, as_doctor):
    ncd.an_old_enrolment(lan, "diabetes")
    visit = make.a_visit(lan, doctor, reason="Tái khám")
    a_measurement(lan, "glucose_fasting", "6.1", at=visit.occurred_at, source_kind="result")
    form = put(visit, FollowUpInput(glucose=D("6.1"), glucose_kind="fasting"), programme="diabetes")
    assert (form.glucose, form.target) == (D("6.1"), 1)
    assert Measurement.unscoped.filter(code="14771-0").count() == 1


def test_an_impossible_figure_is_refused_beside_its_box(lan, doctor, as_doctor):
    ncd.an_old_enrolment(lan, "diabetes")
    visit = make.a_visit(lan, doctor, reason="Tái khám")
    with pytest.raises(Refused) as refused:
        put(visit, FollowUpInput(glucose=D(100)), programme="diabetes")
    assert refused.value.field == "glucose_fasting"
    assert not FollowUp.unscoped.exists()


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"medicine_days": 0}, "medicine_days"), ({"medicine_days": 400}, "medicine_days"),
        ({"next_on": dt.date(2020, 1, 1)}, "next_on"), ({"complications": ["x"]}, "complications"),
        ({"glucose_kind": "tea"}, "glucose_kind"), ({"cholesterol": D(200)}, "cholesterol"),
        ({"target": 7}, "target"),
    ],
)  # fmt: skip
def test_what_cannot_be(visit, as_doctor, said, field):
    with pytest.raises(Refused) as refused:
        put(visit, FollowUpInput(**said))
    assert refused.value.field == field
    assert not FollowUp.unscoped.exists()


def test_who_is_not_followed_has_no_form(lan, doctor, as_doctor):
    visit = ncd.a_pressed_visit(lan, doctor)
    with pytest.raises(Refused) as refused:
        put(visit)
    assert refused.value.code == "not-followed"
    ncd.an_old_enrolment(lan, days_ago=-5)  # from next week on
    with pytest.raises(Refused):
        put(visit)


def test_one_click_takes_her_in_from_the_visits_day(lan, doctor, as_doctor):
    visit = ncd.a_pressed_visit(lan, doctor)
    made = services.take_in(visit_id=visit.pk, programme="hypertension")
    assert (made.since, made.programme) == (visit.on, "hypertension") and made.number
    with pytest.raises(Refused):
        services.take_in(visit_id=visit.pk, programme="hypertension")
    with pytest.raises(Refused):
        services.take_in(visit_id=visit.pk, programme="tb")


def test_a_refill_copies_the_last_prescription(lan, enrolment, doctor, as_doctor):
    last = ncd.a_finished_follow_up(lan, doctor, days_ago=30)
    visit = make.a_visit(lan, doctor, reason="Lĩnh thuốc")
    said = {"visit_id": visit.pk, "visit_version": visit.version}
    with pytest.raises(Refused, match="không có đơn thuốc"):
        services.refill(**said, of_visit=None)
    services.refill(**said, of_visit=last.visit_id)
    assert [sheet.lines.get().drug_name for sheet in visit.prescriptions.all()] == ["Amlodipin"]
    with pytest.raises(Refused):
        services.refill(**said, of_visit=last.visit_id)


def test_a_visit_in_error_takes_its_form_along(visit, as_doctor, heard):
    told = heard(NcdFollowUpInError)
    form = put(visit)
    stored = ended(visit)
    visits.visit_entered_in_error(visit_id=visit.pk, expected_version=stored.version, reason="nhầm")
    form.refresh_from_db()
    assert form.state == FollowUpState.ENTERED_IN_ERROR and len(told) == 1
    assert not TimelineEntry.unscoped.filter(kind="ncd").exists()


def test_an_enrolment_in_error_takes_its_forms_along(visit, enrolment, as_doctor):
    form = put(visit)
    with enter(scope_at(visit.facility, ncd.MINE)):
        enrolling.in_error(enrolment_id=enrolment.pk, expected_version=enrolment.version, why="nhầm người")
    form.refresh_from_db()
    assert form.state == FollowUpState.ENTERED_IN_ERROR


def test_wrong_person(visit, station, as_doctor):
    other = a_person(station, "Phạm Thị Lành", birth_date=dt.date(1969, 1, 1))
    mine = ncd.an_old_enrolment(other)
    put(visit)
    stored = ended(visit)
    new = moving.visit_move(
        visit_id=visit.pk, expected_version=stored.version, person=other, reason="nhầm", override="đã xem"
    )
    form = FollowUp.unscoped.get(visit=new)
    assert (form.person_id, form.enrolment_id, form.systolic) == (other.pk, mine.pk, 148)
    assert FollowUp.unscoped.get(visit=visit).state == FollowUpState.ENTERED_IN_ERROR


def test_wrong_person_who_is_not_followed(visit, station, as_doctor):
    other = a_person(station, "Phạm Thị Lành", birth_date=dt.date(1969, 1, 1))
    put(visit)
    stored = Visit.unscoped.get(pk=visit.pk)
    new = moving.visit_move(
        visit_id=visit.pk, expected_version=stored.version, person=other, reason="nhầm", override="đã xem"
    )
    assert not FollowUp.unscoped.filter(visit=new).exists()


def test_an_end_taken_back(visit, as_doctor):
    """Undone, the form is saved again and heard of again."""
    form = put(visit)
    stored = ended(visit)
    as_user = Visit.unscoped.get(pk=visit.pk)
    assert as_user.signed_by == as_doctor.user_id
    undoing.visit_undo(visit_id=visit.pk, expected_version=stored.version)
    form.refresh_from_db()
    assert put(visit, version=form.version).state == FollowUpState.CURRENT


def test_strangers(visit, station):
    other = make.a_practitioner(a_station("21490", "Trạm Y tế xã Ba Vì"), "Võ Thị Xa")
    with enter(ncd.scope_of(other)), pytest.raises((Visit.DoesNotExist, PermissionDenied)):
        put(visit)
    with (
        enter(scope_at(station, rights=frozenset({"ncd.view", "visits.enter"}))),
        pytest.raises(PermissionDenied),
    ):
        put(visit)


def test_a_save_costs_at_most_25_queries(visit, as_doctor, django_assert_max_num_queries):
    put(visit)
    with django_assert_max_num_queries(26):
        put(visit, version=1)


# --- a target of her own


def test_her_own_target_is_judged_by_and_goes_along(visit, lan, doctor, as_doctor):
    form = put(visit, FollowUpInput(aim_systolic=150, aim_diastolic=95, next_on=NEXT))
    assert (form.target, form.computed_why) == (1, "148/92, mục tiêu riêng dưới 150/95")
    ended(visit)
    later = make.a_visit(lan, doctor)
    opened = queries.opening(as_doctor, later, form.enrolment)
    assert (opened.data.aim_systolic, opened.data.aim_diastolic) == (150, 95)
    taken_back = put(visit, FollowUpInput(next_on=NEXT), version=current(visit).version, reason="bỏ")
    assert (taken_back.target, taken_back.aim_words) == (0, "")
    assert FollowUpRevision.unscoped.get().data["aim_systolic"] == 150


def current(visit):
    return FollowUp.unscoped.get(visit=visit)


def test_her_own_target_of_hba1c(visit, lan, as_doctor):
    an_enrolment(lan, "diabetes", since=timezone.localdate() - dt.timedelta(days=100))
    data = FollowUpInput(hba1c=D("7.6"), aim_hba1c=D(8), next_on=NEXT)
    form = put(visit, data, programme="diabetes")
    assert (form.target, form.aim_words) == (1, "HbA1c dưới 8 %")
    again = put(visit, replace(data, aim_hba1c=None), programme="diabetes", version=form.version)
    assert (again.target, again.computed_why) == (0, "HbA1c 7,6 %, mục tiêu dưới 7 %")


@pytest.mark.parametrize(
    ("aim", "field"),
    [
        ({"aim_systolic": 130}, "aim_systolic"),
        ({"aim_diastolic": 80}, "aim_systolic"),
        ({"aim_systolic": 13, "aim_diastolic": 8}, "aim_systolic"),
        ({"aim_systolic": 130, "aim_diastolic": 800}, "aim_systolic"),
        ({"aim_hba1c": D(70)}, "aim_hba1c"),
    ],
)
def test_a_target_that_cannot_be_is_refused(visit, as_doctor, aim, field):
    with pytest.raises(Refused) as refused:
        put(visit, FollowUpInput(**aim))
    assert (refused.value.field, refused.value.code) == (field, "aim")
