"""Courses of treatment over days, and herbal formulas."""

import datetime as dt
import re
from decimal import Decimal as D

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.catalogues import codes
from apps.catalogues.models import CodeEntry
from apps.core.errors import NeedsReason, Refused
from apps.core.scope import enter
from apps.encounters import revisions, services
from apps.encounters.models import HerbalFormula, HerbalLine, Order, TreatmentSession, Visit, VisitRevision
from apps.encounters.ordering import queries as order_queries
from apps.encounters.ordering import traditional
from apps.encounters.ordering.traditional import HerbInput, SessionInput
from tests.encounters.conftest import signed_in
from tests.factories import encounters as make
from tests.factories.orders import GLUCOSE, NEEDLES, an_order, order_catalogues

NOW = dt.timedelta(0)


@pytest.fixture
def visit(hoa, doctor):
    order_catalogues()
    return make.an_examined_visit(hoa, doctor, at=timezone.now() - dt.timedelta(days=5))


@pytest.fixture
def course(visit, doctor):
    return an_order(visit, doctor, NEEDLES, sessions=3)


def sit(course, *, days=0, methods=("dien_cham",), override="", **fields):
    at = timezone.now() - dt.timedelta(days=days)
    return traditional.session_add(
        order_id=course.pk, data=SessionInput(at=at, methods=methods, **fields), override=override
    )


def prescribe(visit, *herbs, packets=7, usage="Sắc uống ngày 1 thang", override=""):
    return traditional.formula_save(
        visit_id=visit.pk,
        herbs=[HerbInput(name, D(grams)) for name, grams in herbs],
        packets=packets,
        usage=usage,
        override=override,
    )


def test_it_works(course, nurse, doctor):
    with enter(make.scope_of(nurse)):
        sit(course, days=2, minutes=25, points="Giáp tích L1-L5")
        sit(course, days=1, methods=("dien_cham", "xoa_bop"))
        course.refresh_from_db()
        assert (course.state, course.summary) == ("ordered", "2/3 buổi")
        sit(course)
    course.refresh_from_db()
    assert (course.state, course.summary) == ("resulted", "3/3 buổi")
    assert [row.methods for row in order_queries.sittings(course)] == [
        "Điện châm",
        "Điện châm, Xoa bóp bấm huyệt",
        "Điện châm",
    ]
    assert TreatmentSession.unscoped.first().performer == nurse


def test_two_sittings_a_day_ask(course, as_doctor):
    sit(course)
    with pytest.raises(NeedsReason, match="Hôm đó đã ghi"):
        sit(course)
    assert "buổi chiều" in sit(course, override="buổi chiều").note


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"days": -1}, "tương lai"),
        ({"days": 9}, "trước ngày chỉ định"),
        ({"methods": ()}, "Chọn phương pháp"),
        ({"methods": ("lạ",)}, "Chọn phương pháp"),
        ({"minutes": 0}, "Số phút"),
    ],
    ids=["future", "before", "none", "unknown", "minutes"],
)
def test_what_cannot_be(course, as_doctor, fields, sentence):
    with pytest.raises(Refused, match=sentence):
        sit(course, **fields)


def test_a_wrong_sitting_is_not_counted(course, as_doctor):
    for days in (2, 1, 0):
        row = sit(course, days=days)
    traditional.session_in_error(session_id=row.pk, reason="Nhầm người")
    course.refresh_from_db()
    assert (course.state, course.summary) == ("ordered", "2/3 buổi")


def test_a_course_ends_early_with_a_reason(course, as_doctor):
    sit(course)
    version = Order.unscoped.get(pk=course.pk).version
    with pytest.raises(Refused, match="Ghi lý do"):
        traditional.course_end(order_id=course.pk, expected_version=version, reason="")
    traditional.course_end(order_id=course.pk, expected_version=version, reason="Đỡ đau")
    course.refresh_from_db()
    assert (course.state, course.summary) == ("resulted", "1/3 buổi; kết thúc sớm: Đỡ đau")


def test_only_a_course_has_sittings(visit, doctor, as_doctor):
    with pytest.raises(Refused, match="không làm theo buổi"):
        sit(an_order(visit, doctor, GLUCOSE))


def test_a_course_goes_on_after_the_visit(visit, course, as_doctor):
    services.visit_finalise(visit_id=visit.pk, expected_version=visit.version)
    sit(course)
    course.refresh_from_db()
    assert course.summary == "1/3 buổi"


# ---- formulas


def test_a_formula(visit, doctor, as_doctor):
    formula = prescribe(visit, ("Độc hoạt", "12"), ("YH001", "8.5"), ("Lá lạ", "6"))
    rows = HerbalLine.unscoped.filter(formula=formula)
    assert [(row.name, row.grams) for row in rows] == [
        ("Độc hoạt", D(12)),
        ("Bạch chỉ", D("8.5")),
        ("Lá lạ", D(6)),
    ]
    assert (formula.prescriber, formula.packets) == (doctor, 7)


@pytest.mark.parametrize(
    ("herbs", "fields", "sentence"),
    [
        ([], {}, "ít nhất một vị"),
        ([("Độc hoạt", "12"), ("doc hoat", "6")], {}, "ghi hai lần"),
        ([("Độc hoạt", "0")], {}, "Ghi số gam"),
        ([("Độc hoạt", "12")], {"usage": " "}, "Ghi cách sắc"),
        ([("Độc hoạt", "12")], {"packets": 0}, "Ghi số thang"),
        ([(" ", "12")], {}, "Ghi tên vị thuốc"),
    ],
    ids=["empty", "twice", "grams", "usage", "packets", "nameless"],
)
def test_a_formula_that_cannot_be(visit, as_doctor, herbs, fields, sentence):
    with pytest.raises(Refused, match=sentence):
        prescribe(visit, *herbs, **fields)
    assert not HerbalFormula.unscoped.exists()


def test_much_of_a_herb_asks(visit, as_doctor):
    with pytest.raises(NeedsReason, match="Độc hoạt 150 g"):
        prescribe(visit, ("Độc hoạt", "150"))
    assert "theo bài" in prescribe(visit, ("Độc hoạt", "150"), override="theo bài").note


def test_a_toxic_herb_asks(visit, as_doctor):
    """As the list says it, and how sure the list is."""
    herbs = CodeEntry.objects.filter(list="yhct_herb")
    herbs.filter(code="YH085").update(extra={})  # the province has found that it is none
    herbs.filter(code="YH087").update(confidence="high")
    codes.forget()
    with pytest.raises(NeedsReason) as asked:
        prescribe(visit, ("YH085", "1"), ("YH087", "4"), ("YH088", "4"))
    assert [warning.sentence.partition(":")[0] for warning in asked.value.warnings] == [
        "Phụ tử là dược liệu độc",
        "Thiên nam tinh là dược liệu độc (chưa đối chiếu)",
    ]
    assert "đã chế" in prescribe(visit, ("YH087", "4"), override="đã chế").note


def test_the_insured_are_told_what_they_pay_themselves(visit, doctor, hoa):
    CodeEntry.objects.filter(list="yhct_herb", code="YH023").update(extra={"bhyt_code": "05V.84"})
    codes.forget()
    client = signed_in("doctor", doctor, "binh.tv")
    where = reverse("encounters:formula_new", args=[visit.pk])
    assert "BHYT chỉ trả" not in client.get(where).content.decode()
    Visit.unscoped.filter(pk=visit.pk).update(payer="bhyt")
    page = client.get(where).content.decode()
    assert re.search("hiện 1 trong [0-9]+ vị có mã", page)


def test_who_may_not_prescribe(visit, station):
    midwife = make.a_practitioner(station, "Võ Thị Sen", grade="nurse", can_sign=False, licence_no="12")
    with enter(make.scope_of(midwife)), pytest.raises(Refused, match="không được kê đơn"):
        prescribe(visit, ("Độc hoạt", "12"))


def test_a_formula_in_error(visit, as_doctor):
    formula = prescribe(visit, ("Độc hoạt", "12"))
    with pytest.raises(Refused, match="Ghi lý do"):
        traditional.formula_in_error(formula_id=formula.pk, reason="")
    traditional.formula_in_error(formula_id=formula.pk, reason="Nhầm người")
    formula.refresh_from_db()
    assert formula.in_error


def test_a_signed_formula_is_taken_out_by_a_prescriber_and_its_version_is_kept(visit, doctor, station):
    with enter(make.scope_of(doctor)):
        formula = prescribe(visit, ("Độc hoạt", "12"), packets=5)
        version = Visit.objects.get(pk=visit.pk).version
        done = services.visit_finalise(visit_id=visit.pk, expected_version=version)
    midwife = make.a_practitioner(station, "Võ Thị Sen", grade="nurse", can_sign=False, licence_no="12")
    with enter(make.scope_of(midwife)), pytest.raises(Refused, match="không được kê đơn") as refused:
        traditional.formula_in_error(formula_id=formula.pk, reason="Nhầm")
    assert refused.value.code == "cannot-prescribe"
    with enter(make.scope_of(doctor)):
        traditional.formula_in_error(formula_id=formula.pk, reason="Nhầm người")
    kept = VisitRevision.unscoped.get(visit=visit)
    assert (kept.reason, kept.of_version, kept.by_name) == ("Nhầm người", done.version, doctor.full_name)
    now = Visit.unscoped.get(pk=visit.pk)
    assert now.version == done.version + 1
    rows = revisions.side_by_side(kept.data, revisions.snapshot(now))
    assert [(row.label, row.after) for row in rows if row.differs] == [("bài thuốc thang", "")]
    assert "5 thang" in next(row.before for row in rows if row.differs)
