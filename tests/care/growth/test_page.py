"""A child's growth on the page, on paper, beside every figure; and by whom it is not seen."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.care.growth import queries
from apps.core.models import Parameter, ReadEntry
from tests.factories.care import a_measurement
from tests.factories.patients import a_person

pytestmark = pytest.mark.django_db


def days_ago(days):
    return timezone.now() - dt.timedelta(days=days)


def weigh(child, days, weight=None, length=None, head=None, **more):
    at = days_ago(days)
    if weight:
        a_measurement(child, "weight", weight, at=at, **more)
    if length:
        a_measurement(child, "length", length, at=at)
    if head:
        a_measurement(child, "head", head, at=at)


@pytest.fixture
def thin(baby):
    """A boy of 200 days, measured three times, thin and small at last."""
    weigh(baby, 140, "5.2", "57", "39")
    weigh(baby, 60, "6.0", "61", "41")
    weigh(baby, 2, "6.0", "62.5", "42")
    return baby


def test_it_works(nurse, thin):
    page = nurse.get(f"/nguoi/{thin.pk}/tang-truong/")
    text = page.content.decode()
    assert page.status_code == 200
    assert "Suy dinh dưỡng thể nhẹ cân" in text and "Suy dinh dưỡng thể thấp còi" in text
    assert "Không tăng cân trong 58 ngày" in text
    assert text.count('<svg class="growth-chart"') == 5
    assert "62,5 cm, đo nằm" in text
    assert ReadEntry.objects.filter(screen="care.growth", person_ids=[thin.pk]).count() == 1


def test_the_paper_shows_the_same(nurse, thin):
    answer = nurse.get(f"/nguoi/{thin.pk}/tang-truong.pdf")
    assert answer.status_code == 200 and answer.content.startswith(b"%PDF")
    assert ReadEntry.objects.filter(screen="care.growth_paper", person_ids=[thin.pk]).count() == 1


def test_z_scores_stand_beside_the_figures(nurse, thin):
    overview = nurse.get(f"/nguoi/{thin.pk}/chi-so/").content.decode()
    assert "Tăng trưởng (WHO)" in overview and overview.count('<svg class="growth-chart"') == 1
    assert "Nhẹ cân" in overview and "cân nặng theo tuổi" in overview
    series = nurse.get(f"/nguoi/{thin.pk}/chi-so/chieu-cao/").content.decode()
    assert "chiều cao theo tuổi" in series and "Thấp còi" in series
    panel = nurse.get(f"/nguoi/{thin.pk}/").content.decode()
    assert "Biểu đồ tăng trưởng" in panel and "Nhẹ cân" in panel


def test_a_childs_panel_costs_no_statement_more(nurse, thin, hoa):
    a_measurement(hoa)

    def cost(person):
        with CaptureQueriesContext(connection) as caught:
            assert nurse.get(f"/nguoi/{person.pk}/").status_code == 200
        return len(caught)

    cost(hoa)  # what is kept in the process is read once
    assert cost(thin) <= cost(hoa)


def test_pictures_cost_the_same_at_two_and_at_twenty_measurings(nurse, baby):
    def cost():
        counts = []
        for path in ("tang-truong/", "chi-so/"):
            with CaptureQueriesContext(connection) as caught:
                assert nurse.get(f"/nguoi/{baby.pk}/{path}").status_code == 200
            counts.append(len(caught))
        return counts

    for day in range(2):
        weigh(baby, day, "6.5", "64")
    cost()
    few = cost()
    for day in range(2, 20):
        weigh(baby, day, "6.5", "64")
    assert cost() == few


def test_what_is_in_error_or_not_confirmed_is_not_drawn(at_work, baby):
    weigh(baby, 30, "6.5")
    weigh(baby, 20, "8", state="entered_in_error")
    weigh(baby, 10, "8", state="preliminary")
    growth = queries.growth_of(baby, queries.rows(at_work, baby.pk), queries.limits())
    assert [point.of("weight") for point in growth.points] == [6.5]


def test_the_age_is_that_of_the_birth_date_known_now(at_work, baby):
    weigh(baby, 0, "6.5")
    baby.birth_date -= dt.timedelta(days=100)
    baby.save()
    growth = queries.growth_of(baby, queries.rows(at_work, baby.pk), queries.limits())
    assert growth.points[0].age_days == 300


def test_limits_hold_by_the_day_of_the_measuring(at_work, baby):
    weigh(baby, 90, "5.2")
    weigh(baby, 0, "7.5")
    since = timezone.localdate() - dt.timedelta(days=30)
    Parameter.objects.create(
        key="growth.waz",
        value=[
            {
                "to_days": None,
                "classes": [{"code": "new", "word": "M", "short": "Mới", "state": "info", "over": -9}],
            }
        ],
        valid_from=since,
        source="Thử",
        confidence="local",
    )
    growth = queries.growth_of(baby, queries.rows(at_work, baby.pk), queries.limits())
    first, last = (point.verdict("waz") for point in growth.points)
    assert first and first.found and first.found.code != "new"
    assert last and last.found and last.found.code == "new"


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"birth_precision": "month"}, "Chỉ biết tháng sinh"),
        ({"birth_precision": "year"}, "Chỉ biết năm sinh"),
        ({"sex": "unknown"}, "Chưa rõ giới tính"),
    ],
)
def test_what_is_not_known_is_said_and_not_guessed(nurse, station, fields, sentence):
    born = timezone.localdate().replace(month=1, day=1) - dt.timedelta(days=1)
    born = born.replace(month=1, day=1)
    child = a_person(station, "Đinh Y Mai", **{"birth_date": born, "sex": "female", **fields})
    weigh(child, 0, "9", "76")
    for path in ("tang-truong/", "chi-so/"):
        assert sentence in nurse.get(f"/nguoi/{child.pk}/{path}").content.decode()
    assert nurse.get(f"/nguoi/{child.pk}/tang-truong.pdf").status_code == 200


def test_an_adult_and_a_child_without_figures_have_an_empty_page(nurse, hoa, baby):
    a_measurement(hoa)
    for person in (hoa, baby):
        text = nurse.get(f"/nguoi/{person.pk}/tang-truong/").content.decode()
        assert "Chưa có số đo nào để vẽ" in text
    overview = nurse.get(f"/nguoi/{hoa.pk}/chi-so/").content.decode()
    assert "Tăng trưởng (WHO)" not in overview


def test_a_swollen_child_is_severely_ill_whatever_it_weighs(nurse, baby):
    weigh(baby, 0, "8", "66", oedema=True)
    text = nurse.get(f"/nguoi/{baby.pk}/tang-truong/").content.decode()
    assert "Suy dinh dưỡng cấp tính nặng" in text and "Phù hai bàn chân" in text
    assert "Cân nặng theo tuổi</th>" not in text


@pytest.mark.parametrize("path", ["tang-truong/", "tang-truong.pdf"])
def test_a_stranger_finds_nothing(stranger, thin, path):
    assert stranger.get(f"/nguoi/{thin.pk}/{path}").status_code == 404
