"""The pages of a death, and register A6 on screen, as a workbook and on paper."""

import datetime as dt
import io

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from openpyxl import load_workbook

from apps.catalogues import codes
from apps.catalogues.models import CodeEntry
from apps.core import sealed_files
from apps.core.ids import uuid7
from apps.core.models import Draft, GuardedExport, ReadEntry
from apps.facilities import registers
from apps.patients import death_register, restricted
from apps.patients.death_rules import Cause
from apps.patients.models import Death, MaternalReview
from tests.factories.accounts import a_member, client_of
from tests.factories.catalogues import a_code, an_icd10
from tests.factories.deaths import a_death
from tests.factories.patients import a_hamlet, a_person, a_station

pytestmark = pytest.mark.django_db


@pytest.fixture
def nurse(station):
    return client_of(a_member("nurse", station))


@pytest.fixture
def head(station):
    return client_of(a_member("station_head", station))


@pytest.fixture
def man(station):
    return a_person(station, "Phạm Văn Hrê", sex="male", birth_date=dt.date(1950, 3, 5))


def form(**fields):
    today = timezone.localdate()
    return {
        "form_key": str(uuid7()),
        "died_on": f"{today:%d/%m/%Y}",
        "entered_on": f"{today:%d/%m/%Y}",
        "place": "home",
        "a_text": "Không rõ nguyên nhân",
    } | fields


def wrong(response):
    assert response.status_code == 422
    return {name: list(errors) for name, errors in response.context["form"].errors.items()}


def path(person):
    return f"/nguoi/{person.pk}/tu-vong/"


# --- recording


def test_it_works(nurse, man):
    an_icd10("I21.9", "Nhồi máu cơ tim cấp")
    assert nurse.get(path(man)).status_code == 200
    said = form(
        died_time="14h30", a_code="I21.9", a_text="", a_value="2", a_unit="hour", b_text="Tăng huyết áp"
    )
    response = nurse.post(path(man), said)
    death = Death.unscoped.get()
    assert response.headers["Location"] == f"/tu-vong/{death.pk}/"
    assert death.died_time == dt.time(14, 30)
    shown = nurse.get(f"/tu-vong/{death.pk}/").content.decode()
    for words in ("Nhồi máu cơ tim cấp", "2 giờ", "Tăng huyết áp", "nguyên nhân chính", "14:30"):
        assert words in shown
    assert "Đã mất" in nurse.get(f"/nguoi/{man.pk}/").content.decode()
    # Opening the form again leads to what is recorded.
    assert nurse.get(path(man)).headers["Location"] == f"/tu-vong/{death.pk}/"


def test_sent_twice_saves_once(nurse, man):
    said = form()
    nurse.post(path(man), said)
    nurse.post(path(man), said)
    assert Death.unscoped.count() == 1


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"died_on": "", "a_text": ""}, {"died_on", "a_text"}),
        ({"died_on": "31/02/2026"}, {"died_on"}),
        ({"died_on": "1/1/2199"}, {"died_on", "entered_on"}),
        ({"died_on": "1/1/1940"}, {"died_on"}),
        ({"died_time": "25:00"}, {"died_time"}),
        ({"died_time": "sáng"}, {"died_time"}),
        ({"place": ""}, {"place"}),
        ({"place": "\x00"}, {"place"}),
        ({"a_text": ""}, {"a_text"}),
        ({"a_text": "\u202e\u200b"}, {"a_text"}),
        ({"a_text": "x" * 301}, {"a_text"}),
        ({"a_value": "-1"}, {"a_value"}),
        ({"a_value": "ba"}, {"a_value"}),
        ({"a_value": "99999"}, {"a_value"}),
        ({"a_unit": "century"}, {"a_unit"}),
        ({"a_code": "K99.9"}, {"a_code"}),
        ({"a_code": "'; DROP--"}, {"a_code"}),
        ({"codes_two": ["X", "Y"]}, {"codes_two"}),
        ({"c_text": "Lao"}, {"b_text"}),
        ({"injury_cause": "99"}, {"injury_cause"}),
        ({"note": "😀" * 501}, {"note"}),
    ],
)
def test_nonsense_comes_back_beside_its_field_with_what_was_typed(nurse, man, fields, where):
    response = nurse.post(path(man), form(informant="Con trai", **fields))
    assert set(wrong(response)) == where
    assert "Con trai" in response.content.decode()
    assert not Death.unscoped.exists()
    assert Draft.unscoped.get().kind == "death-new"  # nothing typed is lost


def test_two_hundred_characters_of_emoji_are_kept_as_written(nurse, man):
    nurse.post(path(man), form(place_text="Thôn Làng Teng 😀" + "à" * 180))
    assert Death.unscoped.get().place_text.startswith("Thôn Làng Teng 😀")


def test_what_is_odd_asks_for_a_reason(nurse, man):
    said = form(a_value="3", a_unit="year", b_text="Viêm phổi", b_value="2", b_unit="day")
    response = nurse.post(path(man), said)
    assert set(wrong(response)) == {"a_value"}
    assert 'name="reason"' in response.content.decode()
    nurse.post(path(man), said | {"form_key": str(uuid7()), "reason": "theo giấy ra viện"})
    assert Death.unscoped.get().overrides["warnings"] == ["order_ab"]


def test_a_young_woman_is_asked_about_a_man_is_not(nurse, man, station):
    woman = a_person(station, "Đinh Thị Nhung", birth_date=dt.date(1998, 3, 5))
    assert set(wrong(nurse.post(path(woman), form()))) == {"maternal"}
    assert "mang thai" not in nurse.get(path(man)).content.decode()
    nurse.post(path(woman), form(maternal="within42", pregnancy_ended_on=f"{timezone.localdate():%d/%m/%Y}"))
    assert MaternalReview.unscoped.count() == 1


def test_a_stranger_is_not_there(nurse, man):
    other = client_of(a_member("nurse", a_station("23293", "Trạm Y tế xã Đăk Cấm"), username="khac"))
    death = a_death(man)
    assert other.get(path(man)).status_code == 404
    for rest in ("", "sua-doi/", "ghi-nham/", "cac-ban/"):
        assert other.get(f"/tu-vong/{death.pk}/{rest}").status_code == 404
    assert "Hrê" not in other.get("/tu-vong/?tu=1/1/2026").content.decode()


def test_a_village_worker_records_nothing(station, man):
    worker = client_of(a_member("village_worker", station))
    assert worker.get(path(man)).status_code == 403
    assert worker.get("/tu-vong/").status_code == 403


# --- amending, taking back


def test_an_amendment_shows_both_versions(nurse, man):
    death = a_death(man)
    address = f"/tu-vong/{death.pk}/sua-doi/"
    shown = nurse.get(address)
    assert shown.context["form"]["a_text"].value() == "Không rõ nguyên nhân"
    day = f"{death.died_on:%d/%m/%Y}"
    assert set(wrong(nurse.post(address, form(died_on=day, version=1, a_text="Đột quỵ")))) == {"reason"}
    nurse.post(address, form(died_on=day, version=1, a_text="Đột quỵ", reason="bác sĩ xem lại"))
    versions = nurse.get(f"/tu-vong/{death.pk}/cac-ban/").content.decode()
    for words in ("Không rõ nguyên nhân", "Đột quỵ", "bác sĩ xem lại"):
        assert words in versions


def test_the_second_of_two_editors_sees_both(nurse, man):
    death = a_death(man)
    address = f"/tu-vong/{death.pk}/sua-doi/"
    day = f"{death.died_on:%d/%m/%Y}"
    nurse.post(address, form(died_on=day, version=1, note="một", reason="a"))
    said = form(died_on=day, version=1, note="hai", a_text="Đột quỵ", reason="b")
    response = nurse.post(address, said)
    assert response.status_code == 409
    differing = {row["label"]: (row["before"], row["after"]) for row in response.context["outrun"]}
    assert differing["ghi chú"] == ("một", "hai")
    assert differing["nguyên nhân"] == ("Ia. Không rõ nguyên nhân", "Ia. Đột quỵ")
    # What she typed is still in the form, against the version that is stored now.
    assert response.context["form"]["version"].value() == "2"
    nurse.post(address, said | {"form_key": str(uuid7()), "version": 2})
    assert Death.unscoped.get().note == "hai"


def test_taken_back_she_lives(nurse, man):
    death = a_death(man)
    address = f"/tu-vong/{death.pk}/ghi-nham/"
    assert set(wrong(nurse.post(address, {"form_key": str(uuid7()), "version": 1}))) == {"reason"}
    nurse.post(address, {"form_key": str(uuid7()), "version": 1, "reason": "nhầm"})
    man.refresh_from_db()
    assert man.life_status == "alive"
    assert "Đã ghi là nhầm" in nurse.get(f"/tu-vong/{death.pk}/").content.decode()


def test_the_wrong_person_is_corrected_in_one_step(nurse, man, station):
    right = a_person(station, "Phạm Văn Hre", sex="male", birth_date=dt.date(1951, 1, 1))
    death = a_death(man)
    said = {"form_key": str(uuid7()), "version": 1, "reason": "nhầm người", "instead": right.code}
    nurse.post(f"/tu-vong/{death.pk}/ghi-nham/", said)
    assert Death.unscoped.exclude(state="entered_in_error").get().person_id == right.pk


def test_the_edit_form_no_longer_says_who_is_dead(nurse, man, station):
    shown = nurse.get(f"/nguoi/{man.pk}/sua/").content.decode()
    assert 'value="dead"' not in shown
    a_death(man)
    shown = nurse.get(f"/nguoi/{man.pk}/sua/").content.decode()
    assert "life_status" not in shown and "died_on" not in shown


# --- the review


def test_the_head_writes_and_closes_the_file(head, nurse, station):
    woman = a_person(station, "Đinh Thị Nhung", birth_date=dt.date(1998, 3, 5))
    death = a_death(woman, maternal="delivery")
    address = f"/tu-vong/{death.pk}/tham-dinh/"
    assert nurse.get(address).status_code == 403
    assert "biên bản" not in nurse.get(f"/tu-vong/{death.pk}/").content.decode()
    assert head.get(address).status_code == 200
    said = {"form_key": str(uuid7()), "version": 1, "course": "Chảy máu sau đẻ", "action": "save"}
    assert head.post(address, said).status_code == 302
    said |= {"form_key": str(uuid7()), "version": 2, "action": "close"}
    assert set(wrong(head.post(address, said))) == {"kind"}
    said |= {
        "form_key": str(uuid7()),
        "kind": "direct",
        "members": "Trưởng trạm, hộ sinh",
        "reviewed_on": f"{timezone.localdate():%d/%m/%Y}",
    }
    assert head.post(address, said).status_code == 302
    review = MaternalReview.unscoped.get()
    assert (review.state, review.course) == ("closed", "Chảy máu sau đẻ")
    assert head.post(address, said | {"form_key": str(uuid7()), "version": 2}).status_code == 409


# --- register A6


def test_the_book_has_its_18_columns_in_order(head, man):
    an_icd10("J18.9", "Viêm phổi")
    a_code("ethnic_groups", "01", "Kinh")
    a_death(
        man,
        died_on=dt.date(2026, 11, 2),
        entered_on=dt.date(2026, 11, 5),
        causes=(
            Cause("a", "", "Suy hô hấp", 2, "day"),
            Cause("b", "J18.9", "", 1, "week"),
            Cause("o", "", "Lao"),
        ),
        attended="yes",
        certified_by="Y sĩ Bình",
        certificate_no="12",
        note="Mất tại nhà",
    )
    page = head.get("/tu-vong/?tu=1/11/2026&den=30/11/2026")
    (line,) = page.context["lines"]
    assert len(death_register.COLUMNS) == 18
    assert line.cells == (
        "1",
        "Phạm Văn Hrê",
        "05/03/1950 (76 tuổi)",
        "Nam",
        "",
        "Thôn Làng Teng, xã Ba Tơ, tỉnh Quảng Ngãi",
        "Kinh",
        "",
        "05/11/2026",
        "02/11/2026",
        "Tại nhà",
        "Viêm phổi",
        "J18.9",
        "Ia. Suy hô hấp (2 ngày); Ib. Viêm phổi (J18.9, 1 tuần); II. Lao",
        "Có",
        "Y sĩ Bình; giấy báo tử số 12",
        "",
        "Mất tại nhà",
    )
    assert ReadEntry.objects.filter(screen="deaths.a6.page", person_ids=[man.pk]).exists()


def test_by_death_and_by_entry_are_two_books(head, man):
    a_death(man, died_on=dt.date(2026, 10, 30), entered_on=dt.date(2026, 11, 5))
    november = "tu=1/11/2026&den=30/11/2026"
    assert head.get(f"/tu-vong/?{november}").context["lines"] == []
    assert len(head.get(f"/tu-vong/?theo=entered&{november}").context["lines"]) == 1
    assert len(head.get("/tu-vong/?tu=1/10/2026&den=31/10/2026").context["lines"]) == 1


def test_the_book_of_one_hamlet(head, station, man):
    other = a_hamlet(station.unit, "Thôn Gò Loang")
    a_death(man)
    today = timezone.localdate()
    period = f"tu=1/1/{today.year}&den={today:%d/%m/%Y}"
    assert len(head.get(f"/tu-vong/?thon={man.hamlet_id}&{period}").context["lines"]) == 1
    assert head.get(f"/tu-vong/?thon={other.pk}&{period}").context["lines"] == []
    assert len(head.get(f"/tu-vong/?thon=xyz&{period}").context["lines"]) == 1


def test_a_death_taken_back_stands_in_no_book(head, nurse, man):
    death = a_death(man)
    nurse.post(f"/tu-vong/{death.pk}/ghi-nham/", {"form_key": str(uuid7()), "version": 1, "reason": "nhầm"})
    assert head.get("/tu-vong/?tu=1/1/2026").context["lines"] == []


def test_the_number_of_queries_does_not_grow(head, station, django_assert_max_num_queries):
    def ask():
        with CaptureQueriesContext(
            connection,
        ) as queries:
            head.get("/tu-vong/?tu=1/1/2020")
        return len(queries)

    def die(count, first):
        for number in range(count):
            a_death(a_person(station, f"Phạm Văn {first + number}", sex="male"))

    die(2, 0)
    ask()
    few = ask()
    die(18, 2)
    assert ask() == few


def test_pages_follow_each_other_and_numbers_run_on(head, station, monkeypatch):
    monkeypatch.setattr(registers, "PAGE", 3)
    for number in range(7):
        a_death(
            a_person(station, f"Phạm Văn {number}", sex="male"), died_on=dt.date(2026, 11, 1 + number // 3)
        )
    address, seen = "/tu-vong/?tu=1/1/2026", []
    cursor = ""
    for _ in range(3):
        page = head.get(f"{address}&c={cursor}")
        seen += [int(line.cells[0]) for line in page.context["lines"]]
        cursor = page.context["page"].next_cursor
    assert seen == [1, 2, 3, 4, 5, 6, 7]
    assert cursor == ""


def test_the_book_leaves_as_a_guarded_file(head, man, django_capture_on_commit_callbacks):
    a_death(man, note="=1+1")
    address = "/tu-vong/xuat/?tu=1/1/2026"
    assert set(wrong(head.post(address, {"form_key": str(uuid7())}))) == {"reason"}
    with django_capture_on_commit_callbacks(execute=True):
        response = head.post(address, {"form_key": str(uuid7()), "reason": "báo cáo năm"})
    assert response.status_code == 302
    made = GuardedExport.unscoped.get()
    assert (made.kind, made.rows, made.state) == ("deaths.a6.book", 1, "ready")
    book = load_workbook(io.BytesIO(sealed_files.get(made.pk, made.key)))
    rows = list(book.active.iter_rows(values_only=True))
    assert book.active.title == "Sổ A6" and rows[0][0].startswith("Sổ theo dõi nguyên nhân tử vong (A6) – ")
    assert rows[1] == death_register.COLUMNS
    assert rows[2][1] == "Phạm Văn Hrê"
    assert not str(rows[2][17]).startswith("=")


def test_the_paper_is_a_pdf(head, nurse, man):
    a_death(man)
    response = head.get("/tu-vong/so-a6.pdf?tu=1/1/2026")
    assert response.content.startswith(b"%PDF")
    assert ReadEntry.objects.filter(screen="deaths.a6.paper", person_ids=[man.pk]).exists()
    assert nurse.get("/tu-vong/so-a6.pdf").status_code == 403
    assert nurse.get("/tu-vong/xuat/").status_code == 403


def test_too_many_rows_are_told(head, station, monkeypatch):
    monkeypatch.setattr(registers, "MOST_PRINTED", 1)
    for name in ("Phạm Văn A", "Phạm Văn B"):
        a_death(a_person(station, name, sex="male"))
    response = head.get("/tu-vong/so-a6.pdf?tu=1/1/2026", follow=True)
    assert "Hãy thu hẹp số ngày" in response.content.decode()


def test_a_restricted_cause_shows_in_no_channel(head, nurse, man):
    CodeEntry.objects.create(
        list=restricted.LIST,
        scope="icd10",
        code="B20",
        name="HIV",
        extra={"until": "B24", "group": "hiv", "send": "no"},
    )
    codes.forget()
    an_icd10("B20.9", "Bệnh do HIV giả định")
    death = a_death(man, causes=(Cause("a", "B20.9"),), note="điều trị ARV")
    for address in ("/tu-vong/?tu=1/1/2026", f"/tu-vong/{death.pk}/", f"/tu-vong/{death.pk}/cac-ban/"):
        shown = nurse.get(address).content.decode()
        assert "HIV" not in shown and "B20" not in shown and "ARV" not in shown
    assert death_register.HIDDEN in nurse.get("/tu-vong/?tu=1/1/2026").context["lines"][0].cells
    assert nurse.get(f"/tu-vong/{death.pk}/sua-doi/").status_code == 302
    assert "HIV" in head.get("/tu-vong/?tu=1/1/2026").content.decode()
