"""The steps of an import: columns named by hand, doubtful rows decided, runs that break off, refusals."""

import datetime as dt
import io
import random
from unittest import mock

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from openpyxl import load_workbook

from apps.core import jobs, scope
from apps.core.errors import Refused
from apps.core.ids import uuid7
from apps.core.models import AuditEntry, Job, ReadEntry
from apps.facilities.models import AdminUnit, Catchment, UnitSuccession
from apps.households import checking, imports, results, review, writing
from apps.households.models import Household, ImportBatch, ImportHeading, ImportRow, Membership
from apps.patients.models import Person
from tests.factories.accounts import a_member as a_user_of
from tests.factories.accounts import client_of
from tests.factories.patients import a_hamlet, a_person, a_station, scope_at
from tests.households.lists import CON, HEADS, HOA, as_csv, bring_in, check, states, work

pytestmark = pytest.mark.usefixtures("code_lists")

PLACE = "Thôn Làng Teng"


def families(count, size=3):
    """Lines of invented families, each with a head."""
    rows = []
    for number in range(count):
        for at in range(size):
            word = ("Chủ hộ", "Vợ", "Con đẻ")[min(at, 2)]
            born = f"{1 + number % 28}/{1 + at}/{1960 + number % 50}"
            rows.append([str(number + 1), f"Nguyễn Văn Thứ {number} {at}", born, "Nam", word, PLACE])
    return rows


# --- columns


STRANGE = ["Số sổ", "Tên khai sinh", "Ngày sinh", "Phái tính", "Quan hệ", "Thôn", "Cột thừa"]
MEANT = dict(enumerate(["household", "full_name", "birth", "sex", "relation", "hamlet", ""]))
ROW = ["7", "Nguyễn Thị Hòa", "5/3/1990", "Nữ", "Chủ hộ", PLACE, "x"]


def test_unknown_headings_wait_for_somebody_to_name_them(at_station):
    batch = imports.batch_create(file_name="a.csv", content=as_csv(ROW, heads=STRANGE))
    assert (batch.state, batch.columns) == ("mapping", {"birth": 2, "relation": 4, "hamlet": 5})
    assert imports.missing(batch.columns) == ["Họ và tên", "Giới tính"]
    imports.batch_map(batch=batch, chosen=MEANT)
    assert work()
    batch.refresh_from_db()
    assert (batch.state, states(batch)) == ("checked", {"new": 1})


def test_what_was_named_once_is_known_for_the_station_and_for_no_other(at_station):
    check(as_csv(ROW, heads=STRANGE), columns={0: "household", 1: "full_name", 3: "sex"})
    assert set(ImportHeading.objects.values_list("heading", "column")) >= {
        ("so so", "household"), ("ten khai sinh", "full_name"), ("phai tinh", "sex"), ("cot thua", ""),
    }  # fmt: skip
    again = imports.batch_create(file_name="b.csv", content=as_csv(ROW, heads=STRANGE))
    assert again.state == "checking"
    with scope.enter(scope_at(a_station("21490", "Trạm Y tế xã Ba Vì"))):
        assert imports.batch_create(file_name="b.csv", content=as_csv(ROW, heads=STRANGE)).state == "mapping"


@pytest.mark.parametrize(
    ("chosen", "sentence"),
    [
        ({1: "full_name", 3: "full_name"}, "Hai cột cùng là"),
        ({1: "full_name"}, "Chưa có cột nào là: Giới tính"),
        ({1: "full_name", 3: "sex", 6: "pass_word"}, "không có trong danh sách"),
    ],
)
def test_columns_that_cannot_be_are_refused_by_a_sentence(at_station, chosen, sentence):
    batch = imports.batch_create(file_name="a.csv", content=as_csv(ROW, heads=STRANGE))
    with pytest.raises(Refused, match=sentence):
        imports.batch_map(batch=batch, chosen=chosen)
    batch.refresh_from_db()
    assert batch.state == "mapping" and not ImportHeading.objects.exists()


def test_columns_are_named_on_the_page_with_a_sample_of_each(station, django_capture_on_commit_callbacks):
    head = client_of(a_user_of("station_head", station))
    file = SimpleUploadedFile("cũ.csv", as_csv(ROW, heads=STRANGE))
    address = head.post("/ho/nhap/", {"form_key": str(uuid7()), "file": file}).url
    page = head.get(address).content.decode()
    assert "Tên khai sinh" in page and "Nguyễn Thị Hòa" in page and "Họ và tên, Giới tính" in page
    wrong = head.post(
        f"{address}cot/", {"form_key": str(uuid7()), "column_1": "full_name", "column_3": "full_name"}
    )
    assert wrong.status_code == 422 and "Hai cột cùng là" in wrong.content.decode()
    said = {f"column_{at}": key for at, key in MEANT.items()}
    with django_capture_on_commit_callbacks(execute=True):
        assert head.post(f"{address}cot/", {"form_key": str(uuid7()), **said}).url == address
    assert "Nhập 1 người" in head.get(address).content.decode()


# --- surely the same


def test_another_writing_of_one_name_changes_nothing(at_station):
    a_person(at_station, "Nguyễn Thị Hòa")
    for written in ("NGUYỄN THỊ HOÀ", "nguyễn  thị hòa", "Nguye\u0302\u0303n Thị Hòa"):
        batch, (row,) = check(as_csv(["", written, "5/3/1990", "Nữ", "", PLACE]))
        assert states(batch) == {"same": 1}, row.changes


def test_a_new_name_in_capitals_is_written_as_names_are(at_station):
    bring_in(as_csv(["", "H'HEN NIÊ KĐĂM", "5/3/1990", "Nữ", "", PLACE]))
    assert Person.objects.get().full_name == "H'Hen Niê Kđăm"


# --- perhaps the same


@pytest.fixture
def stored(at_station):
    return a_person(at_station, "Nguyễn Thị Hòa", phone="0912000111", cccd="051190000222")


ALIKE = ["", "Nguyễn Thị Hoa", "5/3/1990", "Nữ", "", PLACE, "", "0912345678"]


def test_another_spelling_of_the_name_is_asked_about(stored):
    batch, (row,) = check(as_csv(ALIKE))
    assert states(batch) == {"doubtful": 1}
    assert row.candidates[0][0] == str(stored.pk) and "trùng ngày sinh" in row.candidates[0][2]


def test_another_number_is_asked_about_and_not_written_over(stored):
    row = [*HOA]
    _, (found,) = check(as_csv(row))
    assert (found.state, found.candidates[0][0]) == ("doubtful", str(stored.pk))


def test_a_number_under_another_name_is_asked_about(stored):
    row = ["", "Lê Văn Xuân", "1/1/1980", "Nam", "", PLACE, "", "", "051190000222"]
    _, (found,) = check(as_csv(row))
    assert found.state == "doubtful" and "tên khác" in found.reasons[0]


def test_one_year_and_name_need_one_hamlet_to_be_one_person(at_station):
    old = a_person(at_station, "Nguyễn Thị Lan", birth_date=dt.date(1950, 1, 1), birth_precision="year")
    _, (found,) = check(as_csv(["", "Nguyễn Thị Lan", "1950", "Nữ", "", PLACE]))
    assert found.person_id == old.pk and found.state == "same"
    other = a_hamlet(at_station.unit, "Thôn Khác")
    Catchment.objects.create(facility=at_station, hamlet=other)
    _, (found,) = check(as_csv(["", "Nguyễn Thị Lan", "1950", "Nữ", "", "Thôn Khác"]))
    assert found.state == "doubtful"


@pytest.mark.parametrize(
    ("choice", "people", "phone"),
    [("same", 1, "0912345678"), ("new", 2, "0912000111"), ("skip", 1, "0912000111")],
)
def test_what_is_decided_is_done(stored, choice, people, phone):
    batch, (row,) = check(as_csv(ALIKE))
    assert imports.rows_choose(batch=batch, choices={row.place: choice, 99: "same"}) == 1
    imports.batch_start(batch=batch)
    assert work()
    stored.refresh_from_db()
    assert (Person.objects.count(), stored.phone) == (people, phone)
    batch.refresh_from_db()
    assert batch.counts["refused"] == (choice == "skip")


def test_what_nobody_decides_is_left_out_with_its_family_told(stored):
    rows = [["1", *ALIKE[1:4], "Chủ hộ", PLACE], CON]
    batch, _ = check(as_csv(*rows))
    imports.batch_start(batch=batch)
    assert work()
    assert Person.objects.count() == 1
    reasons = {row.place: " ".join(row.reasons) for row in ImportRow.objects.filter(batch=batch)}
    assert "chưa ai chọn" in reasons[2] and "thiếu chủ hộ" in reasons[3]


def test_all_undecided_rows_are_decided_at_once(stored):
    a_person(stored.station, "Lê Văn Tám", sex="male")
    rows = [ALIKE, ["", "Lê Văn Tâm", "5/3/1990", "Nam", "", PLACE]]
    batch, found = check(as_csv(*rows))
    assert states(batch) == {"doubtful": 2}, [(row.candidates, row.reasons) for row in found]
    imports.rows_choose(batch=batch, choices={found[0].place: "skip"})
    assert imports.rows_choose_all(batch=batch, choice="new") == 1
    with pytest.raises(Refused):
        imports.rows_choose_all(batch=batch, choice="gì đó")
    assert set(ImportRow.objects.values_list("choice", flat=True)) == {"skip", "new"}


def test_what_stands_chosen_on_the_page_is_kept_when_the_import_begins(
    stored, station, django_capture_on_commit_callbacks
):
    batch, (row,) = check(as_csv(ALIKE))
    head = client_of(a_user_of("station_head", station))
    said = {"form_key": str(uuid7()), f"row_{row.place}": "same", "row_x": "new", "row_999999999": "new"}
    with django_capture_on_commit_callbacks(execute=True):
        head.post(f"/ho/nhap/{batch.pk}/chay/", said)
    stored.refresh_from_db()
    assert stored.phone == "0912345678"


def test_a_list_under_way_is_not_decided_about(stored):
    batch, (row,) = check(as_csv(ALIKE))
    imports.batch_start(batch=batch)
    with pytest.raises(Refused, match="đang nhập"):
        imports.rows_choose(batch=batch, choices={row.place: "new"})


def test_the_review_shows_both_and_is_a_look(stored, station):
    batch, _ = check(as_csv(ALIKE, ["", "Nguyễn Thị Hòa", "5/3/1990", "Nữ", "", "", "", "0987654321"]))
    head = client_of(a_user_of("station_head", station))
    page = head.get(f"/ho/nhap/{batch.pk}/").content.decode()
    assert "Nguyễn Thị Hoa" in page and stored.code in page and "trùng ngày sinh" in page
    assert ReadEntry.objects.get(screen=review.SCREEN).person_ids == [stored.pk]
    changed = head.get(f"/ho/nhap/{batch.pk}/?loai=changed").content.decode()
    assert "0912000111" in changed and "0987654321" in changed
    assert head.get(f"/ho/nhap/{batch.pk}/?loai=%00<script>").status_code == 200


@pytest.mark.parametrize("state", ["doubtful", "changed", "new", "rejected", "same"])
def test_a_page_of_the_review_asks_as_often_for_20_rows_as_for_2(at_station, state):
    counts = []
    for size in (2, 2, 20):
        batch = _review_of(at_station, state, size)
        with CaptureQueriesContext(connection) as asked:
            _, rows = review.page_of(batch, state, "")
        assert len(rows) == size
        counts.append(len(asked))
    assert counts[1] == counts[2]


def _review_of(station, state, size):
    Person.unscoped.all().delete()
    rows = []
    for at in range(size):
        name = f"Nguyễn Văn {'ABCDEGHIKLMNOPQRSTUVX'[at]}"
        if state in ("doubtful", "changed", "same"):
            a_person(station, name, sex="male", birth_date=dt.date(1990, 1, 1 + at))
        shown = {"doubtful": name.replace("ễ", "ế"), "rejected": ""}.get(state, name)
        phone = "0912345678" if state == "changed" else ""
        rows.append(["", shown, f"{1 + at}/1/1990", "Nam", "", PLACE, "", phone])
    batch, found = check(as_csv(*rows))
    assert states(batch) == {state: size}, [(row.state, row.reasons) for row in found]
    return batch


def test_the_review_pages_by_key(at_station):
    batch, _ = check(as_csv(*families(30)))
    page, rows = review.page_of(batch, "new", "")
    assert len(rows) == review.PAGE and page.next_cursor
    _, rest = review.page_of(batch, "new", page.next_cursor)
    assert [shown.row.place for shown in rows + rest] == list(range(2, 92))


# --- a run that breaks off


class Killed(BaseException):
    """As a worker dies: nothing in the program catches it."""


@pytest.mark.parametrize("seed", range(4))
def test_a_run_that_dies_leaves_whole_families_and_goes_on(at_station, seed, monkeypatch):
    monkeypatch.setattr(writing, "FAMILIES", 2)
    chance = random.Random(seed)
    batch, _ = check(as_csv(*families(12)))
    imports.batch_start(batch=batch)
    left = chance.randrange(60)

    def or_die(act):
        def acting(*args, **kwargs):
            nonlocal left
            left -= 1
            if left == 0:
                raise Killed
            done = act(*args, **kwargs)
            left -= 1
            if left == 0:
                raise Killed
            return done

        return acting

    with monkeypatch.context() as broken:
        broken.setattr(writing, "people_create", or_die(writing.people_create))
        broken.setattr(writing.bulk, "households_create", or_die(writing.bulk.households_create))
        broken.setattr(jobs, "progress", or_die(jobs.progress))
        try:
            work()
        except Killed:
            written = ImportRow.objects.filter(batch=batch).exclude(outcome="").count()
            assert Person.objects.count() == written and written % 3 == 0
            assert Membership.objects.count() == written and Household.objects.count() == written // 3
    Job.objects.filter(kind=writing.JOB).update(leased_until=timezone.now() - dt.timedelta(seconds=1))
    while Job.objects.filter(state__in=["waiting", "running"]).exists():
        assert work()
    batch.refresh_from_db()
    assert batch.state == "done" and batch.counts == {"added": 36, "updated": 0, "same": 0, "refused": 0}
    assert (Person.objects.count(), Household.objects.count(), Membership.objects.count()) == (36, 12, 36)


def test_a_check_that_dies_begins_anew(at_station, monkeypatch):
    batch = imports.batch_create(file_name="a.csv", content=as_csv(*families(5)))
    with monkeypatch.context() as broken:
        broken.setattr(checking, "judged", mock.Mock(side_effect=Killed))
        with pytest.raises(Killed):
            work()
    Job.objects.update(leased_until=timezone.now() - dt.timedelta(seconds=1))
    assert work()
    batch.refresh_from_db()
    assert states(batch) == {"new": 15} and ImportRow.objects.count() == 15


def test_a_run_that_failed_is_resumed_from_its_page(at_station, station, monkeypatch):
    batch, _ = check(as_csv(*families(4)))
    imports.batch_start(batch=batch)
    monkeypatch.setattr(writing, "FAMILIES", 1)
    with monkeypatch.context() as broken:
        broken.setattr(writing, "_end", mock.Mock(side_effect=RuntimeError))
        broken.setattr(writing, "_write_parents", mock.Mock(side_effect=RuntimeError))
        work()
    batch.refresh_from_db()
    assert (batch.state, batch.job.state) == ("running", "failed")
    head = client_of(a_user_of("station_head", station))
    assert "Nhập tiếp" in head.get(f"/ho/nhap/{batch.pk}/").content.decode()
    imports.batch_resume(batch=batch)
    with pytest.raises(Refused, match="đang nhập"):
        imports.batch_resume(batch=batch)
    assert work()
    batch.refresh_from_db()
    assert batch.state == "done" and Person.objects.count() == 12


def test_what_others_enter_between_review_and_run_is_seen(at_station):
    batch, (row,) = check(as_csv(["", "Nguyễn Thị Hòa", "5/3/1990", "Nữ", "", PLACE]))
    assert row.state == "new"
    a_person(at_station, "Nguyễn Thị Hòa")
    imports.batch_start(batch=batch)
    assert work()
    assert Person.objects.count() == 1
    batch.refresh_from_db()
    assert batch.counts["same"] == 1


# --- what was not taken


def test_the_rejected_rows_come_back_mended_and_are_taken(at_station):
    rows = [
        HOA,
        ["3", "Trần Văn Ba", "31/02/1980", "Nam", "Chủ hộ", PLACE, "Kinh", "=1+1", "", "", "", "<b>x</b>"],
    ]
    batch = bring_in(as_csv(*rows))
    book = load_workbook(io.BytesIO(results.rejected(batch))).active
    table = [list(row) for row in book.iter_rows(values_only=True)]
    assert table[0] == ["Dòng", *HEADS, "Lý do không nhận"] and len(table) == 2
    assert table[1][0] == "3" and table[1][8] == "'=1+1" and "không có ngày 31" in table[1][-1]
    assert all(cell.data_type == "s" for row in book.iter_rows() for cell in row if cell.value)
    mended = [["" if cell is None else cell for cell in row] for row in table[1:]]
    mended[0][3], mended[0][8], mended[0][12] = "28/02/1980", "", ""
    assert bring_in(as_csv(*mended, heads=table[0])).counts["added"] == 1
    assert Person.objects.count() == 2


def test_taking_them_is_a_look(at_station):
    """Also at the people whom a line was found to mean."""
    batch = bring_in(as_csv(["3", "Trần Văn Ba", "31/02/1980", "Nam", "Chủ hộ", PLACE]))
    known = a_person(at_station, "Trần Văn Ba", sex="male")
    batch.rows.update(person_id=known.pk)
    results.rejected(batch)
    assert ReadEntry.objects.get(screen="people.import_rejected").person_ids == [known.pk]
    assert AuditEntry.objects.filter(action="people.import_rejected_taken").exists()


def test_what_was_taken_is_not_kept_in_the_list(at_station):
    batch = bring_in(as_csv(HOA, ["3", "Ba"]))
    assert [row.place for row in ImportRow.objects.filter(batch=batch)] == [3]
    ImportBatch.objects.update(created_at=timezone.now() - dt.timedelta(days=30))
    imports.forget_unstarted(timezone.localdate())
    assert not ImportRow.objects.exists()
    batch.refresh_from_db()
    assert batch.state == "done"


# --- communes of former days


def test_a_former_commune_is_found_by_code_and_day_then_by_name_and_kept_as_text_else(at_station):
    old = AdminUnit.objects.create(
        level="commune", code="21487", name="Ba Vinh", kind="xã", search_key="xa ba vinh",
        valid_to=dt.date(2025, 6, 30), parent=at_station.unit.parent,
    )  # fmt: skip
    UnitSuccession.objects.create(old=old, new=at_station.unit, on=dt.date(2025, 7, 1), is_default=True)
    heads = [*HEADS[:6], "Mã xã thường trú", "Xã thường trú", "Nơi thường trú"]
    rows = [
        ["", "Nguyễn Thị Một", "1/1/1990", "Nữ", "", PLACE, "21487", "", ""],
        ["", "Trần Thị Hai", "2/1/1990", "Nữ", "", PLACE, "", "Xã Ba Vinh", ""],
        ["", "Lê Thị Ba", "3/1/1990", "Nữ", "", PLACE, "99999", "Xã Không Đâu", "Xóm 3"],
    ]
    bring_in(as_csv(*rows, heads=heads))
    units = dict(Person.objects.values_list("full_name", "permanent_unit__name"))
    assert units == {"Nguyễn Thị Một": "Ba Tơ", "Trần Thị Hai": "Ba Tơ", "Lê Thị Ba": None}
    assert Person.objects.get(full_name="Lê Thị Ba").permanent_text == "Xóm 3, Xã Không Đâu"
    batch, found = check(as_csv(*rows, heads=heads))
    assert states(batch) == {"same": 3}, [(row.reasons, row.changes) for row in found]


def test_the_dead_are_taken_and_belong_to_no_family(at_station):
    heads = [*HEADS[:6], "Tình trạng"]
    rows = [HOA[:6], ["1", "Trần Văn Mất", "1/1/1930", "Nam", "Con đẻ", PLACE, "Đã mất"]]
    bring_in(as_csv(*rows, heads=heads))
    assert Person.objects.count() == 2 and Membership.objects.count() == 1
    batch, _ = check(as_csv(*rows, heads=heads))
    assert states(batch) == {"same": 2}
