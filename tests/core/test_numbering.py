"""Running numbers: no gap, no two alike, whatever happens at once."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from apps.core import numbering, registry
from apps.core.errors import Refused
from apps.core.models import AuditEntry, GivenNumber, NumberBook, PaperCode
from apps.core.registry import NumberKind
from apps.core.scope import Scope, enter
from tests.factories.accounts import a_member, client_of
from tests.factories.facilities import a_station

ON = dt.date(2026, 11, 22)
KIND = NumberKind("thu", "Giấy chuyển", "{number:04d}/{on.year}/GC")


@pytest.fixture(autouse=True)
def kinds():
    """A kind that keeps its numbers, beside those of the house."""
    registry.numbers.add(KIND)
    yield
    del registry.numbers._items["thu"]


@pytest.fixture
def head(db):
    """The scope of a head of a station."""
    station = uuid4()
    scope = Scope(
        uuid4(), "truong", "Trạm", frozenset({station}), station, rights=frozenset({"numbers.edit"})
    )
    with enter(scope):
        yield scope


def take(scope, on=ON, kind="thu"):
    return numbering.take(kind, facility_id=scope.workplace_id, on=on, object_id=uuid4())


def start(scope, number, reason=""):
    return numbering.start_at("thu", facility_id=scope.workplace_id, on=ON, number=number, reason=reason)


def test_it_works(head):
    assert [take(head) for _ in range(3)] == ["0001/2026/GC", "0002/2026/GC", "0003/2026/GC"]
    assert take(head, dt.date(2027, 1, 1)) == "0001/2027/GC"
    assert GivenNumber.unscoped.filter(state="given").count() == 4


def test_each_facility_has_its_own_book(head):
    take(head)
    assert numbering.take("thu", facility_id=uuid4(), on=ON, object_id=uuid4()) == "0001/2026/GC"


def test_a_record_that_is_rolled_back_gives_its_number_back(head):
    take(head)
    with pytest.raises(RuntimeError, match="fell"), transaction.atomic():
        take(head)
        raise RuntimeError("fell")
    assert take(head) == "0002/2026/GC"


def test_a_kind_nobody_registered_is_a_mistake_of_ours(head):
    with pytest.raises(KeyError):
        take(head, kind="unknown")


def test_go_live_goes_on_after_the_paper_book(head):
    start(head, 353)
    assert take(head) == "0353/2026/GC"
    book = NumberBook.unscoped.get()
    assert (book.first, book.skipped) == (353, [])


def test_numbers_left_out_later_are_kept_with_the_reason(head):
    take(head)
    with pytest.raises(Refused, match="Ghi lý do bỏ qua số"):
        start(head, 353)
    start(head, 353, "Sổ giấy đã đến 352")
    assert take(head) == "0353/2026/GC"
    (skipped,) = NumberBook.unscoped.get().skipped
    assert (skipped["from"], skipped["to"], skipped["reason"]) == (2, 352, "Sổ giấy đã đến 352")
    assert AuditEntry.objects.get(action="number.started").data["number"] == 353


@pytest.mark.parametrize("number", [0, -1, 1, 2, 100_000_000])
def test_a_number_is_never_given_twice(head, number):
    take(head), take(head)
    with pytest.raises(Refused):
        start(head, number, "thử")
    assert take(head) == "0003/2026/GC"


def test_a_voided_number_stays_taken(head):
    for _ in range(2):
        take(head)
    second = GivenNumber.unscoped.get(number=2)

    def void(reason):
        numbering.void(
            "thu",
            facility_id=head.workplace_id,
            on=ON,
            number=2,
            object_id=second.object_id,
            reason=reason,
        )

    with pytest.raises(Refused, match="Ghi lý do"):
        void("  ")
    void("Viết sai tên")
    with pytest.raises(Refused, match="đã hủy"):
        void("Lần nữa")
    second.refresh_from_db()
    assert (second.state, second.void_reason, take(head)) == ("void", "Viết sai tên", "0003/2026/GC")


def test_a_book_goes_on_after_numbers_that_came_another_way(head):
    registry.numbers._items["thu"] = NumberKind("thu", "Sổ", "{number}", highest=lambda facility, period: 41)
    assert [take(head), take(head)] == ["42", "43"]


@pytest.mark.django_db(transaction=True)
def test_eight_clients_at_once_leave_no_gap_and_no_double():
    station, each = uuid4(), 25
    scope = Scope(uuid4(), "truong", "Trạm", frozenset({station}), station)

    def client(place):
        given = []
        try:
            for turn in range(each):
                try:
                    with enter(scope), transaction.atomic():
                        number = take(scope)
                        if (turn + place) % 5 == 0:
                            raise Refused("the record was not saved")
                        given.append(number)
                except Refused:
                    pass
        finally:
            connection.close()
        return given

    with ThreadPoolExecutor(8) as pool:
        given = sorted(number for numbers in pool.map(client, range(8)) for number in numbers)
    assert given == [f"{n:04d}/2026/GC" for n in range(1, 8 * each * 4 // 5 + 1)]
    assert NumberBook.unscoped.get().last == len(given) == GivenNumber.unscoped.count()


# ---- the pages


@pytest.fixture
def station(db):
    return a_station()


@pytest.fixture
def client(station):
    return client_of(a_member("station_head", station))


def give(station, count, kind="thu"):
    scope = Scope(None, "hoa.nt", "", frozenset({station.pk}), station.pk)
    with enter(scope), transaction.atomic():
        for _ in range(count):
            numbering.take(kind, facility_id=station.pk, on=timezone.localdate(), object_id=uuid4())


def test_the_head_sees_books_and_sets_where_one_goes_on(client, station):
    give(station, 2)
    page = client.get(reverse("core:numbers")).content.decode()
    assert "Giấy chuyển" in page
    assert f"0002/{timezone.localdate().year}/GC" in page
    data = {"form_key": uuid4(), "kind": "visit", "number": 353, "reason": ""}
    assert client.post(reverse("core:numbers"), data).status_code == 302
    assert NumberBook.unscoped.get(kind="visit").last == 352
    again = client.post(reverse("core:numbers"), data)
    assert (again.status_code, NumberBook.unscoped.get(kind="visit").last) == (302, 352)


@pytest.mark.parametrize(
    "wrong", [{"number": "x"}, {"number": ""}, {"number": "1"}, {"kind": "queue"}, {"number": "9" * 30}]
)
def test_bad_input_is_told_and_changes_nothing(client, station, wrong):
    give(station, 2)
    data = {"form_key": uuid4(), "kind": "thu", "number": "9", "reason": "Sổ giấy"} | wrong
    assert client.post(reverse("core:numbers"), data).status_code == 422
    assert NumberBook.unscoped.get().last == 2


def test_a_book_lists_its_numbers_with_their_copies(client, station):
    give(station, 3)
    row = GivenNumber.unscoped.get(number=2)
    PaperCode.objects.create(code="c" * 22, kind="thu", object_id=row.object_id, copies=4)
    page = client.get(reverse("core:number_book", args=[row.book_id])).content.decode()
    assert page.index(f"0003/{timezone.localdate().year}/GC") < page.index("0002/")
    assert ">4</td>" in page


def test_the_same_queries_at_2_and_20_numbers(client, station):
    def queries():
        with CaptureQueriesContext(connection) as found:
            client.get(reverse("core:number_book", args=[NumberBook.unscoped.get().pk]))
        return len(found)

    give(station, 2)
    client.get(reverse("core:numbers"))  # the first page of a session costs more
    few = queries()
    give(station, 18)
    assert queries() == few


def test_a_nurse_does_not_set_numbers(station):
    nurse = client_of(a_member("nurse", station, "y.ta"))
    assert nurse.get(reverse("core:numbers")).status_code == 403
    give(station, 1)
    assert nurse.get(reverse("core:number_book", args=[NumberBook.unscoped.get().pk])).status_code == 403


def test_another_stations_book_is_not_there(client):
    other = a_station("21490", "Ba Vì")
    give(other, 1)
    assert client.get(reverse("core:number_book", args=[NumberBook.unscoped.get().pk])).status_code == 404
    assert "0001/" not in client.get(reverse("core:numbers")).content.decode()
