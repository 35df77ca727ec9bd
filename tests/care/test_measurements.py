"""What is measured outside a visit: written, shown as series, confirmed, corrected; and by whom not."""

import datetime as dt
from decimal import Decimal as D

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.care import course, measuring
from apps.care.models import FactState, Measurement
from apps.core.errors import NeedsReason, Refused
from apps.core.ids import uuid7
from apps.core.models import AuditEntry, ReadEntry
from apps.core.versions import StaleVersion
from tests.factories import encounters as make
from tests.factories.care import a_measurement


def now():
    return timezone.now()


def typed(**values):
    today = timezone.localdate()
    return {"form_key": str(uuid7()), "on": f"{today:%d/%m/%Y}", "time": "", "source": "station", **values}


def test_it_works(nurse, hoa):
    """A nurse takes pressure, weight and glucose outside a visit; the page shows them, the book says so."""
    path = f"/nguoi/{hoa.pk}/chi-so/them/"
    assert nurse.get(path).status_code == 200
    answer = nurse.post(
        path, typed(pressure="150/95", weight="52,5", glucose_fasting="7,2", method="capillary", time="7h30")
    )
    assert answer.status_code == 302, answer.content.decode()
    rows = {row.vital.key: row for row in Measurement.unscoped.all()}
    assert {key: row.value for key, row in rows.items()} == {
        "systolic": D(150), "diastolic": D(95), "weight": D("52.5"), "glucose_fasting": D("7.2"),
    }  # fmt: skip
    assert rows["glucose_fasting"].method == "capillary" and rows["weight"].method == ""
    assert rows["weight"].performer_text == "Lê Thị Thu" and rows["weight"].age_days > 60 * 365
    assert timezone.localtime(rows["weight"].occurred_at).time() == dt.time(7, 30)
    page = nurse.get(answer.url).content.decode()
    assert "150/95" in page and "52,5" in page and "Cần theo dõi" in page
    assert AuditEntry.objects.get(action="measurement.added").data == {"count": 4, "odd": []}
    assert ReadEntry.objects.filter(screen="care.measurements", person_ids=[hoa.pk]).count() == 2
    panel = nurse.get(f"/nguoi/{hoa.pk}/").content.decode()
    assert "Chỉ số gần nhất" in panel and "150/95" in panel


def test_the_same_form_saves_once(nurse, hoa):
    said = typed(weight="52")
    path = f"/nguoi/{hoa.pk}/chi-so/them/"
    assert [nurse.post(path, said).status_code for _ in range(2)] == [302, 302]
    assert Measurement.unscoped.count() == 1


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({}, "ít nhất một số đo"),
        ({"weight": "525"}, "525 kg là không thể. Có phải là 52,5 không?"),
        ({"glucose_fasting": "126"}, "Có phải là 126 mg/dL, tức 7 mmol/L không?"),
        ({"pressure": "80/120"}, "số tối đa phải lớn hơn số tối thiểu"),
        ({"pressure": "120"}, "chưa đủ hai số"),
        ({"weight": "😀"}, "không phải là số"),
        ({"weight": "5\x002"}, "ký tự"),
        ({"weight": "52", "on": "31/02/2026"}, "không có ngày 31"),
        ({"weight": "52", "on": "01/01/2150"}, "tương lai"),
        ({"weight": "52", "on": "01/01/1950"}, "sau ngày ghi"),
        ({"weight": "52", "time": "25h"}, "không phải là giờ"),
        ({"weight": "52", "source": "visit"}, "chọn nơi đo"),
        ({"glucose_fasting": "7", "method": "tay"}, "chọn cách lấy máu"),
        ({"length": "150", "height": "150"}, "Chỉ ghi một"),
        ({"weight": "52", "note": "x" * 201}, "200"),
    ],
)
def test_what_cannot_be_is_a_sentence_and_nothing_is_saved(nurse, hoa, said, sentence):
    answer = nurse.post(f"/nguoi/{hoa.pk}/chi-so/them/", typed(**said))
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert not Measurement.unscoped.exists()


def test_what_is_odd_asks_for_its_reason_and_keeps_it(nurse, hoa):
    path = f"/nguoi/{hoa.pk}/chi-so/them/"
    asked = nurse.post(path, typed(weight="27"))
    assert asked.status_code == 422 and "là lạ ở tuổi này" in asked.content.decode()
    assert nurse.post(path, typed(weight="27", reason="cân lại hai lần", note="gầy")).status_code == 302
    assert Measurement.unscoped.get().note == "gầy; cân lại hai lần"


def test_a_baby_is_measured_lying(at_work, baby):
    with pytest.raises(NeedsReason, match="dưới 9 tháng đo nằm"):
        measuring.measurements_add(person=baby, values={"height": D(66)}, at=now(), source="hamlet")
    (row,) = measuring.measurements_add(person=baby, values={"length": D(66)}, at=now(), source="hamlet")
    assert row.code == "8306-3"
    (found,) = course.courses(at_work, baby, course.limits_on(timezone.localdate()))
    assert found.series.key == "chieu-cao" and found.rows[0].notes == ("đo nằm",)


def test_what_was_measured_at_home_waits_for_a_look(nurse, hoa):
    nurse.post(f"/nguoi/{hoa.pk}/chi-so/them/", typed(pressure="150/95", source="home"))
    rows = list(Measurement.unscoped.all())
    assert {row.state for row in rows} == {FactState.PRELIMINARY}
    page = nurse.get(f"/nguoi/{hoa.pk}/chi-so/huyet-ap/").content.decode()
    assert "chưa xác nhận" in page and "Xác nhận" in page
    path = f"/nguoi/{hoa.pk}/chi-so/{rows[0].pk}/xac-nhan/"
    assert nurse.post(path, {"form_key": str(uuid7()), "version": "1"}).status_code == 302
    assert Measurement.unscoped.get(pk=rows[0].pk).state == FactState.FINAL
    assert nurse.post(path, {"form_key": str(uuid7()), "version": "1"}).status_code == 302
    assert AuditEntry.objects.filter(action="measurement.confirmed").count() == 1


def test_a_correction_keeps_the_old_row(nurse, hoa):
    old = a_measurement(hoa, "weight", "25.2")
    path = f"/nguoi/{hoa.pk}/chi-so/{old.pk}/sua/"
    said = {"form_key": str(uuid7()), "version": "1", "value": "52,2", "why": "gõ ngược hai số"}
    assert nurse.get(path).status_code == 200
    assert nurse.post(path, said).status_code == 302
    old.refresh_from_db()
    new = Measurement.unscoped.get(corrects=old)
    assert (old.state, old.value, old.error_reason) == ("entered_in_error", D("25.2"), "gõ ngược hai số")
    assert (new.state, new.value, new.occurred_at, new.age_days) == (
        "final", D("52.2"), old.occurred_at, old.age_days,
    )  # fmt: skip
    page = nurse.get(f"/nguoi/{hoa.pk}/chi-so/can-nang/").content.decode()
    assert "52,2" in page and "<s>25,2</s>" in page and "gõ ngược hai số" in page
    overview = nurse.get(f"/nguoi/{hoa.pk}/chi-so/").content.decode()
    assert "25,2" not in overview
    assert nurse.get(path).status_code == 302, "what is in error is not corrected again"


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"value": "52,2", "why": ""}, "Hãy ghi lý do"),
        ({"value": "52", "why": "nhầm"}, "giống giá trị cũ"),
        ({"value": "", "why": "nhầm"}, "Hãy ghi giá trị đúng"),
        ({"value": "522", "why": "nhầm"}, "là không thể"),
        ({"value": "27", "why": "nhầm"}, "là lạ ở tuổi này"),
    ],
)
def test_a_correction_that_cannot_be(nurse, hoa, said, sentence):
    old = a_measurement(hoa, "weight", "52")
    answer = nurse.post(
        f"/nguoi/{hoa.pk}/chi-so/{old.pk}/sua/", {"form_key": str(uuid7()), "version": "1", **said}
    )
    assert answer.status_code == 422 and sentence in answer.content.decode()
    assert Measurement.unscoped.get().state == FactState.FINAL


def test_a_pressure_corrected_stays_above_the_other(at_work, hoa):
    measuring.measurements_add(
        person=hoa, values={"systolic": D(150), "diastolic": D(90)}, at=now(), source="station"
    )
    low = Measurement.unscoped.get(code="8462-4")
    with pytest.raises(Refused, match="lớn hơn số tối thiểu"):
        measuring.measurement_correct(
            measurement_id=low.pk, expected_version=1, value=D(160), why="nhầm", reason="đúng thế"
        )


def test_a_figure_of_somebody_else_is_taken_back(nurse, hoa):
    old = a_measurement(hoa)
    said = {"form_key": str(uuid7()), "version": "1", "why": "đo cho người khác", "action": "error"}
    assert nurse.post(f"/nguoi/{hoa.pk}/chi-so/{old.pk}/sua/", said).status_code == 302
    assert Measurement.unscoped.get().state == FactState.ENTERED_IN_ERROR


def test_the_second_of_two_correctors_is_told(nurse, at_work, hoa):
    old = a_measurement(hoa)
    Measurement.unscoped.filter(pk=old.pk).update(version=2, value=D(53))
    with pytest.raises(StaleVersion):
        measuring.measurement_correct(measurement_id=old.pk, expected_version=1, value=D(51), why="x")
    said = {"form_key": str(uuid7()), "version": "1", "value": "51", "why": "nhầm"}
    answer = nurse.post(f"/nguoi/{hoa.pk}/chi-so/{old.pk}/sua/", said)
    assert answer.status_code == 409
    assert Measurement.unscoped.get().state == FactState.FINAL


def test_a_visits_figure_is_corrected_by_its_visit(nurse, at_work, hoa, station):
    make.a_finished_visit(hoa, make.a_practitioner(station))
    row = Measurement.unscoped.filter(source_kind="visit").first()
    assert nurse.get(f"/nguoi/{hoa.pk}/chi-so/{row.pk}/sua/").status_code == 404
    with pytest.raises(Refused, match="chỉ sửa trong lượt khám"):
        measuring.measurement_in_error(measurement_id=row.pk, expected_version=1, why="x")
    page = nurse.get(f"/nguoi/{hoa.pk}/chi-so/nhiet-do/").content.decode()
    assert f"/kham/{row.source_id}/" in page


@pytest.mark.parametrize("way", ["", "them/", "can-nang/", "{row}/sua/"])
def test_a_stranger_finds_nothing(stranger, hoa, way):
    row = a_measurement(hoa)
    path = f"/nguoi/{hoa.pk}/chi-so/{way.format(row=row.pk)}"
    assert stranger.get(path).status_code == 404
    assert stranger.post(path, typed(weight="50", why="x", version="1")).status_code in (404, 405)
    assert Measurement.unscoped.count() == 1


def test_another_persons_figure_is_not_found_under_this_one(nurse, hoa, baby):
    row = a_measurement(baby)
    assert nurse.get(f"/nguoi/{hoa.pk}/chi-so/{row.pk}/sua/").status_code == 404
    assert nurse.get(f"/nguoi/{hoa.pk}/chi-so/khong-co/").status_code == 404


def test_queries_do_not_grow_with_the_rows(nurse, hoa):
    def cost():
        counts = []
        for path in (f"/nguoi/{hoa.pk}/chi-so/", f"/nguoi/{hoa.pk}/chi-so/can-nang/"):
            with CaptureQueriesContext(connection) as caught:
                assert nurse.get(path).status_code == 200
            counts.append(len(caught))
        return counts

    for day in range(2):
        a_measurement(hoa, at=now() - dt.timedelta(days=day))
    cost()  # what is kept in the process is read once
    few = cost()
    for day in range(2, 20):
        a_measurement(hoa, at=now() - dt.timedelta(days=day))
        a_measurement(hoa, "glucose_random", "8", at=now() - dt.timedelta(days=day))
    assert cost() == few


def test_a_long_series_is_paged(nurse, hoa):
    for day in range(course.PAGE + 3):
        a_measurement(hoa, at=now() - dt.timedelta(days=day))
    page = nurse.get(f"/nguoi/{hoa.pk}/chi-so/can-nang/").content.decode()
    assert "Trang sau" in page
