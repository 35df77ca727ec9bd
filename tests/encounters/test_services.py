"""A visit from reception to its end, and every way it may go wrong on the way."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal as D
from unittest import mock

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from apps.care.models import Appointment, Measurement
from apps.core.errors import NeedsReason, Refused
from apps.core.models import AuditEntry, NumberBook
from apps.core.scope import enter
from apps.core.versions import StaleVersion
from apps.encounters import services, states
from apps.encounters.inputs import DiagnosisInput, LineInput, Opening, VisitInput
from apps.encounters.models import Diagnosis, Prescription, PrescriptionLine, Visit, VisitRevision
from apps.encounters.writing import Problems
from apps.patients.models import DueItem, TimelineEntry, TreatingAccess
from tests.factories import encounters as make
from tests.factories.catalogues import an_icd10
from tests.factories.patients import a_card, a_person, a_station, an_allergy, scope_at


def save(visit, data, version=None):
    return services.visit_save(visit_id=visit.pk, expected_version=version or visit.version, data=data)


def finalise(visit, override="", version=None):
    return services.visit_finalise(
        visit_id=visit.pk, expected_version=version or visit.version, override=override
    )


def test_it_works(hoa, doctor, station):
    station.kcb_code = "51C01"
    station.save()
    visit = make.a_finished_visit(hoa, doctor)
    visit = Visit.unscoped.get(pk=visit.pk)
    assert visit.state == states.FINALISED
    assert visit.doctor == doctor
    assert visit.summary == "J06.9 - Nhiễm trùng đường hô hấp trên cấp"
    assert (visit.age_days, visit.ethnicity, visit.hamlet) == (hoa.age_days(visit.on), "01", hoa.hamlet)
    line = PrescriptionLine.unscoped.get()
    assert (line.quantity, line.usage) == (10, "Ngày uống 2 lần, mỗi lần 1 viên")
    assert line.prescription.code[:5] == "51c01"
    assert len(line.prescription.code) == 14
    assert {row.code for row in Measurement.unscoped.all()} == {"8310-5", "8867-4", "29463-7"}
    assert TimelineEntry.unscoped.get(kind="visit").title == visit.summary
    actions = list(
        AuditEntry.objects.filter(object_id=visit.pk).order_by("at").values_list("action", flat=True)
    )
    assert actions == ["visit.opened", "visit.saved", "visit.finalised"]


def test_numbers_run_by_year_and_day_without_gap(hoa, doctor):
    first = make.a_visit(hoa, doctor)
    second = make.a_visit(hoa, doctor)
    last_year = make.a_visit(hoa, doctor, at=timezone.now() - dt.timedelta(days=400))
    year = timezone.localdate().year
    assert (first.number, second.number) == (f"{year}-000001", f"{year}-000002")
    assert (first.queue_no, second.queue_no, last_year.queue_no) == (1, 2, 1)
    assert last_year.number.endswith("-000001")


def test_numbers_go_on_after_visits_that_came_another_way(hoa, doctor):
    visit = make.a_visit(hoa, doctor)
    NumberBook.unscoped.all().delete()
    Visit.unscoped.filter(pk=visit.pk).update(number=f"{visit.on.year}-000041", queue_no=7)
    following = make.a_visit(hoa, doctor)
    assert following.number.endswith("-000042")
    assert following.queue_no == 8


def test_one_open_visit_a_person_a_day_warns(hoa, as_doctor):
    services.visit_open(person=hoa, opening=Opening(reason="Ho"))
    with pytest.raises(NeedsReason, match="đã có lượt khám"):
        services.visit_open(person=hoa, opening=Opening(reason="Ho"))
    again = services.visit_open(person=hoa, opening=Opening(), override="Tái khám chiều")
    assert again.overrides[0]["reason"] == "Tái khám chiều"


def test_the_dead_are_not_received(station, as_doctor):
    late = a_person(station, "Phạm Văn Sáu", life_status="dead", died_on=dt.date(2020, 1, 1))
    with pytest.raises(Refused, match="đã mất"):
        services.visit_open(person=late, opening=Opening())


def test_an_expired_or_foreign_card_is_refused(hoa, station, as_doctor):
    expired = a_card(hoa, valid_to=dt.date(2026, 1, 2))
    with pytest.raises(Refused, match="không có giá trị"):
        services.visit_open(person=hoa, opening=Opening(card_id=expired.pk))
    foreign = a_card(a_person(station, "Đinh Văn Bé"), "DN4515187654321")
    with pytest.raises(Refused, match="không phải của"):
        services.visit_open(person=hoa, opening=Opening(card_id=foreign.pk))


def test_the_payer_comes_from_a_card_that_is_good(hoa, as_doctor):
    a_card(hoa, valid_from=None, valid_to=None)
    assert services.visit_open(person=hoa, opening=Opening()).payer == "bhyt"


def test_saving_moves_to_in_progress_and_counts_the_version(hoa, doctor):
    visit = make.an_examined_visit(hoa, doctor)
    assert (visit.state, visit.version) == (states.IN_PROGRESS, 2)


def test_375_degrees_are_refused_and_nothing_is_saved(hoa, doctor, as_doctor):
    visit = make.a_visit(hoa, doctor)
    with pytest.raises(Problems, match=r"37,5 không") as caught:
        save(visit, VisitInput(fields={"reason": "Sốt"}, vitals={"temperature": D(375)}))
    assert caught.value.field == "temperature"
    assert Visit.unscoped.get(pk=visit.pk).reason == ""
    assert not Measurement.unscoped.exists()


def test_a_figure_is_corrected_and_taken_back(hoa, doctor, as_doctor):
    visit = make.an_examined_visit(hoa, doctor)
    visit = save(visit, VisitInput(vitals={"temperature": D("37.2"), "pulse": None}))
    rows = {row.code: (row.value, row.state) for row in Measurement.unscoped.all()}
    assert rows["8310-5"] == (D("37.2"), "final")
    assert rows["8867-4"][1] == "entered_in_error"


def test_a_code_retired_on_that_day_is_refused(hoa, doctor, as_doctor):
    an_icd10("A90", "Sốt dengue cổ điển", valid_to=dt.date(2026, 7, 31))
    visit = make.a_visit(hoa, doctor)
    with pytest.raises(Problems, match="A90 không có trong danh mục"):
        save(visit, VisitInput(diagnoses=[DiagnosisInput("A90", "main")]))


@pytest.mark.parametrize(
    "entries",
    [
        [DiagnosisInput("Z99.99", "main")],
        [DiagnosisInput("J06.9", "main"), DiagnosisInput("J06.9")],
        [DiagnosisInput("J06.9", "main"), DiagnosisInput("I10", "main")],
    ],
)
def test_wrong_diagnoses_are_refused(hoa, doctor, as_doctor, entries):
    visit = make.a_visit(hoa, doctor)
    with pytest.raises(Problems):
        save(visit, VisitInput(diagnoses=entries))


def test_main_and_secondary_change_places_and_keep_their_rows(hoa, doctor, as_doctor):
    visit = make.a_visit(hoa, doctor)
    visit = save(visit, VisitInput(diagnoses=[DiagnosisInput("J06.9", "main"), DiagnosisInput("I10")]))
    before = dict(Diagnosis.unscoped.values_list("icd_code", "pk"))
    visit = save(visit, VisitInput(diagnoses=[DiagnosisInput("I10", "main"), DiagnosisInput("J06.9")]))
    assert dict(Diagnosis.unscoped.values_list("icd_code", "pk")) == before
    assert visit.summary.startswith("I10")
    visit = save(visit, VisitInput(diagnoses=[DiagnosisInput("I10", "main")]))
    assert Diagnosis.unscoped.count() == 1


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"quantity": D(0)}, "số lượng phải lớn hơn 0"),
        ({"days": 400}, "400 ngày là quá 90 ngày"),
        ({"days": 0}, "từ 1"),
        ({"times_per_day": 0}, "0 lần một ngày"),
        ({"drug_code": "TD999"}, "không có trong danh mục"),
        ({"dose": D(5), "dose_unit": "ml"}, "chưa có số lượng"),
    ],
)
def test_lines_that_cannot_be_are_refused(hoa, doctor, as_doctor, change, sentence):
    visit = make.a_visit(hoa, doctor)
    with pytest.raises(Problems, match=sentence):
        save(visit, VisitInput(lines=[replace(make.PARACETAMOL, **change)]))
    assert not Prescription.unscoped.exists()


def test_all_wrong_fields_are_told_at_once(hoa, doctor, as_doctor):
    visit = make.a_visit(hoa, doctor)
    with pytest.raises(Problems) as caught:
        save(
            visit,
            VisitInput(
                vitals={"spo2": D(200)},
                diagnoses=[DiagnosisInput("X", "main")],
                lines=[replace(make.PARACETAMOL, days=400)],
            ),
        )
    assert [problem.field for problem in caught.value.problems] == ["spo2", "diagnosis-main", "line-1-days"]


def test_narcotics_go_on_a_sheet_of_their_own(hoa, doctor, as_doctor):
    make.a_drug("TD200.1", "Morphin", controlled="narcotic")
    visit = make.an_examined_visit(hoa, doctor)
    visit = save(visit, VisitInput(lines=[make.PARACETAMOL, LineInput("TD200.1", D(1), 1, 3)]))
    assert list(Prescription.unscoped.order_by("kind").values_list("kind", flat=True)) == ["c", "n"]
    save(visit, VisitInput(lines=[make.PARACETAMOL]))
    assert list(Prescription.unscoped.values_list("kind", flat=True)) == ["c"]


def test_without_a_diagnosis_it_does_not_end(hoa, doctor, as_doctor):
    visit = save(make.a_visit(hoa, doctor), VisitInput(fields={"reason": "Ho"}))
    with pytest.raises(Problems, match="chẩn đoán chính"):
        finalise(visit)
    assert Visit.unscoped.get(pk=visit.pk).state == states.IN_PROGRESS


def test_what_is_odd_is_asked_once_and_the_reason_is_kept(hoa, doctor, as_doctor):
    an_allergy(hoa, "Paracetamol")
    visit = make.an_examined_visit(hoa, doctor)
    with pytest.raises(NeedsReason, match="dị ứng Paracetamol"):
        finalise(visit)
    visit = finalise(visit, override="Đã dùng nhiều lần, không phản ứng")
    kept = Visit.unscoped.get(pk=visit.pk).overrides
    assert [(row["code"], row["reason"]) for row in kept] == [
        ("line-1-allergy", "Đã dùng nhiều lần, không phản ứng")
    ]


def test_a_small_child_is_weighed_or_a_reason_given(station, doctor, as_doctor):
    be = a_person(station, "Phạm Gia Bảo", birth_date=timezone.localdate() - dt.timedelta(days=500))
    visit = make.an_examined_visit(be, doctor, replace(make.USUAL, vitals={"temperature": D("37.1")}))
    with pytest.raises(NeedsReason, match="cân nặng"):
        finalise(visit)


def test_a_long_prescription_is_asked_about_unless_the_disease_allows_it(hoa, doctor, as_doctor):
    long = [replace(make.PARACETAMOL, days=60)]
    visit = make.an_examined_visit(hoa, doctor, replace(make.USUAL, lines=long))
    with pytest.raises(NeedsReason, match="60 ngày"):
        finalise(visit)
    visit = save(visit, VisitInput(diagnoses=[DiagnosisInput("I10", "main")]))
    assert finalise(visit).state == states.FINALISED


def test_a_nurse_ends_a_visit_and_the_doctor_signs_it(hoa, nurse, doctor):
    visit = make.a_finished_visit(hoa, nurse)
    assert (visit.state, visit.doctor, visit.finalised_at) == (states.AWAITING_SIGNATURE, None, None)
    with enter(make.scope_of(nurse)), pytest.raises(Refused, match="chưa được giao ký"):
        services.visit_sign(visit_id=visit.pk, expected_version=visit.version)
    with enter(make.scope_of(doctor)):
        visit = services.visit_sign(visit_id=visit.pk, expected_version=visit.version)
    assert (visit.state, visit.performer, visit.doctor) == (states.FINALISED, nurse, doctor)


def test_a_visit_that_waits_may_be_reopened(hoa, nurse):
    visit = make.a_finished_visit(hoa, nurse)
    with enter(make.scope_of(nurse)):
        visit = services.visit_reopen(visit_id=visit.pk, expected_version=visit.version)
        visit = save(visit, VisitInput(fields={"advice": "Nghỉ ngơi"}))
    assert visit.state == states.IN_PROGRESS


def test_a_finished_visit_is_amended_and_its_earlier_version_stays(hoa, doctor, as_doctor):
    visit = make.a_finished_visit(hoa, doctor)
    first_final = visit.finalised_at
    with pytest.raises(Refused, match="đã hoàn tất"):
        save(visit, VisitInput(fields={"reason": "khác"}))
    visit = services.visit_amend(
        visit_id=visit.pk,
        expected_version=visit.version,
        data=VisitInput(
            fields={"advice": "Tái khám nếu sốt"}, diagnoses=[DiagnosisInput("I10", "main")], lines=[]
        ),
        reason="Chẩn đoán lại",
    )
    revision = VisitRevision.unscoped.get()
    assert revision.reason == "Chẩn đoán lại"
    assert revision.data["diagnoses"][0]["code"] == "J06.9"
    assert revision.data["lines"][0]["drug"] == "Paracetamol 500mg"
    assert revision.data["fields"]["advice"] == "Uống nhiều nước"
    assert (visit.state, visit.finalised_at) == (states.FINALISED, first_final)
    assert not PrescriptionLine.unscoped.exists()


def test_an_amendment_needs_a_reason_and_a_diagnosis(hoa, doctor, as_doctor):
    visit = make.a_finished_visit(hoa, doctor)
    for data, reason in ((VisitInput(), " "), (VisitInput(diagnoses=[]), "Sửa")):
        with pytest.raises(Refused):
            services.visit_amend(visit_id=visit.pk, expected_version=visit.version, data=data, reason=reason)
    assert not VisitRevision.unscoped.exists()
    assert Diagnosis.unscoped.count() == 1


def test_entered_in_error_keeps_all_and_counts_nowhere(hoa, doctor, as_doctor):
    visit = make.an_examined_visit(hoa, doctor)
    visit = save(visit, VisitInput(fields={"follow_up_on": visit.on + dt.timedelta(days=7)}))
    visit = finalise(visit)
    with pytest.raises(Refused, match="lý do"):
        services.visit_entered_in_error(visit_id=visit.pk, expected_version=visit.version, reason="")
    visit = services.visit_entered_in_error(
        visit_id=visit.pk, expected_version=visit.version, reason="Nhầm người"
    )
    assert (visit.state, visit.error_reason) == (states.ENTERED_IN_ERROR, "Nhầm người")
    assert set(Measurement.unscoped.values_list("state", flat=True)) == {"entered_in_error"}
    assert Appointment.unscoped.get().state == "cancelled"
    assert TimelineEntry.unscoped.get(kind="visit").state == "entered_in_error"
    with pytest.raises(Refused):
        services.visit_entered_in_error(visit_id=visit.pk, expected_version=visit.version, reason="Nữa")


def test_a_follow_up_is_due_and_is_kept_by_coming(hoa, doctor, as_doctor):
    visit = make.an_examined_visit(hoa, doctor)
    finalise(save(visit, VisitInput(fields={"follow_up_on": visit.on + dt.timedelta(days=5)})))
    assert DueItem.unscoped.get().state == "open"
    make.a_visit(hoa, doctor, at=timezone.now() + dt.timedelta(days=5))
    assert Appointment.unscoped.get().state == "came"
    assert DueItem.unscoped.get().state == "done"


def test_a_second_tab_is_told_and_nothing_is_lost(hoa, doctor, as_doctor):
    visit = make.an_examined_visit(hoa, doctor)
    finalise(visit)
    with pytest.raises(StaleVersion) as caught:
        save(visit, VisitInput(fields={"advice": "Ở thẻ thứ hai"}))
    assert caught.value.mine.advice == "Ở thẻ thứ hai"
    assert caught.value.current.advice == "Uống nhiều nước"


def test_another_station_neither_sees_nor_writes(hoa, doctor):
    visit = make.an_examined_visit(hoa, doctor)
    elsewhere = make.a_practitioner(a_station("21490", "Trạm Y tế xã Ba Vì"), "Võ Thị Lan")
    with enter(make.scope_of(elsewhere)), pytest.raises(Visit.DoesNotExist):
        save(visit, VisitInput(fields={"advice": "từ xa"}))


def test_a_station_sees_a_visit_of_its_own_person_elsewhere_but_does_not_write_it(hoa, station):
    other = make.a_practitioner(a_station("21490", "Trạm Y tế xã Ba Vì"), "Võ Thị Lan")
    visit = make.a_visit(hoa, other)
    with enter(scope_at(station)), pytest.raises(PermissionDenied):
        save(visit, VisitInput(fields={"advice": "từ xa"}))


def test_a_station_goes_on_seeing_whom_it_has_treated(hoa, doctor):
    other = make.a_practitioner(a_station("21490", "Trạm Y tế xã Ba Vì"), "Võ Thị Lan")
    visit = make.a_visit(hoa, other)
    access = TreatingAccess.objects.get()
    assert (access.facility, access.until) == (other.facility, visit.on + dt.timedelta(days=90))
    make.a_visit(hoa, doctor)
    assert TreatingAccess.objects.count() == 1


def test_without_the_right_nothing_is_written(hoa, doctor, station):
    visit = make.an_examined_visit(hoa, doctor)
    with enter(scope_at(station, frozenset({"visits.view"}))):
        with pytest.raises(PermissionDenied):
            services.visit_open(person=hoa, opening=Opening())
        with pytest.raises(PermissionDenied):
            save(visit, VisitInput(fields={"advice": "x"}))
        with pytest.raises(PermissionDenied):
            finalise(visit)


def test_an_error_in_the_middle_leaves_nothing_half_saved(hoa, doctor, as_doctor):
    visit = make.a_visit(hoa, doctor)
    with mock.patch.object(services, "save_versioned", side_effect=OSError("đứt")), pytest.raises(OSError):
        save(visit, make.USUAL)
    assert not Measurement.unscoped.exists()
    assert not Diagnosis.unscoped.exists()
    assert not Prescription.unscoped.exists()


@pytest.mark.parametrize("text", ["Ho\x00 khan", "Ho\u202e khan", "Ho   khan"])
def test_texts_are_cleaned(hoa, doctor, as_doctor, text):
    visit = save(make.a_visit(hoa, doctor), VisitInput(fields={"reason": text}))
    assert visit.reason == "Ho khan"


def test_a_field_that_may_not_be_saved_is_a_mistake_of_the_caller():
    with pytest.raises(KeyError):
        VisitInput(fields={"state": "finalised"})


def test_who_writes_the_first_diagnosis_is_the_examiner(hoa, nurse, doctor, station):
    """The nurse received her and took the pulse; register A1 asks who examined."""
    visit = make.a_visit(hoa, nurse)
    with enter(make.scope_of(nurse)):
        data = VisitInput(vitals={"pulse": D(80)})
        visit = services.visit_save(visit_id=visit.pk, expected_version=visit.version, data=data)
    assert visit.performer == nurse
    with enter(make.scope_of(doctor)):
        visit = services.visit_save(visit_id=visit.pk, expected_version=visit.version, data=make.USUAL)
    assert (visit.performer, visit.performer_text) == (doctor, doctor.full_name)
    # A figure that the nurse mends afterwards makes no examiner of her.
    with enter(make.scope_of(nurse)):
        visit = services.visit_save(visit_id=visit.pk, expected_version=visit.version, data=data)
    assert visit.performer == doctor
