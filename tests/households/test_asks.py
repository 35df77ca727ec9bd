"""A station asks for somebody whose departure nobody has recorded: told nothing before she is given."""

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone

from apps.accounts.backends import AccountBackend
from apps.accounts.models import User
from apps.core import scope
from apps.core.errors import Refused
from apps.core.ids import uuid7
from apps.core.models import AuditEntry, Parameter, ReadEntry, Task
from apps.facilities.models import Facility, Post
from apps.facilities.posts import scope_for
from apps.households import asks, newcomers, transfers
from apps.households.correcting import event_withdraw
from apps.households.families import Joining
from apps.households.models import Household, ResidenceEvent, Transfer, TransferAsk
from apps.households.moving import members_depart
from apps.households.places import Elsewhere
from apps.patients.models import Person
from tests.factories.accounts import a_member, client_of
from tests.factories.deaths import a_death
from tests.factories.households import a_household, an_ask
from tests.factories.households import a_member as joins
from tests.factories.patients import a_card, a_hamlet, a_person, a_station, scope_at

pytestmark = pytest.mark.django_db

TODAY = timezone.localdate()
SINCE = TODAY - dt.timedelta(days=10)
NUMBER = "051180000777"
NAME = "Phạm Văn Ba"


@pytest.fixture
def here(db: None) -> Facility:
    """Where she has always been."""
    return a_station()


@pytest.fixture
def there(here: Facility) -> Facility:
    """Where she lives now."""
    return a_station("23293", "Trạm Y tế xã Đăk Cấm")


@pytest.fixture
def head(here: Facility) -> Person:
    return a_person(here, NAME, sex="male", birth_date=dt.date(1980, 1, 1), cccd=NUMBER)


@pytest.fixture
def home(here: Facility, head: Person) -> Household:
    return a_household(here, head)


@pytest.fixture
def wife(here: Facility, home: Household) -> Person:
    person = a_person(here, "Đinh Thị Tư", birth_date=dt.date(1982, 1, 1))
    joins(home, person, "01")
    return person


@pytest.fixture
def asker(there: Facility) -> User:
    return a_member("nurse", there, "dieuduong.moi")


@pytest.fixture
def keeper(here: Facility) -> User:
    return a_member("nurse", here, "dieuduong.cu")


def as_user(user: User) -> Any:
    place = Post.objects.get(user=user).facility_id
    found = scope_for(AccountBackend().get_user(user.pk), place)
    assert found is not None
    return scope.enter(found)


def ask(asker: User, number: str = NUMBER, **more: Any) -> TransferAsk:
    with as_user(asker):
        said: dict[str, Any] = {"number": number, "since": SINCE, "reason": "Về ở với con gái", **more}
        return asks.person_ask(**said)


def give(found: TransferAsk, keeper: User, home: Household | None, *people: Person, **more: Any) -> Any:
    found.refresh_from_db()
    if home is not None:
        home.refresh_from_db()
    with as_user(keeper):
        said = {"on": SINCE, **more}
        return asks.ask_give(ask=found, household=home, people=people, **said)


def waiting(station: Facility) -> list[str]:
    with scope.enter(scope_at(station)):
        return [row.part.person.full_name for row in newcomers.waiting(scope.current(), "").items]


def test_it_works(
    here: Facility, there: Facility, home: Household, head: Person, asker: User, keeper: User
) -> None:
    """Asked by her number, given with the day, waiting there, taken in: hers with all that was recorded."""
    found = ask(asker)
    assert (found.person, found.from_station, found.station) == (head, here, there)
    task = Task.unscoped.get(kind=asks.TASK)
    assert (task.facility_id, task.person_id, task.state) == (here.pk, head.pk, "open")
    departure = give(found, keeper, home, head)
    found.refresh_from_db()
    task.refresh_from_db()
    assert (found.state, found.departure, task.state) == ("given", departure, "done")
    assert (departure.kind, departure.on, departure.unit, departure.reach) == (
        "departed",
        SINCE,
        there.unit,
        "province",
    )
    assert waiting(there) == [NAME]
    with as_user(asker):
        transfers.newcomers_receive(
            departure=departure.pk,
            joining=[Joining(Person.unscoped.get(pk=head.pk), "")],
            on=SINCE,
            hamlet_id=a_person(there).hamlet_id,
            head=head,
        )
    assert Person.unscoped.get(pk=head.pk).station == there
    acts = set(AuditEntry.objects.values_list("action", flat=True))
    assert {"household.asked", "household.ask_given", "household.event.departed"} <= acts


def test_nothing_of_her_is_told_before(
    here: Facility, there: Facility, home: Household, head: Person, asker: User
) -> None:
    """Not who she is, not where; that one person carries the number, and that stands in the read log."""
    client = client_of(asker)
    said = {"form_key": str(uuid7()), "number": NUMBER, "since": f"{SINCE:%d/%m/%Y}", "reason": "Về với con"}
    sent = client.post("/ho/xin-chuyen/moi/", said, follow=True)
    shown = sent.content.decode() + client.get("/").content.decode()
    assert "1 người khớp" in shown and "số …0777" in shown
    for secret in (NAME, NUMBER, head.code, here.name, here.unit.name):
        assert secret not in shown
    found = TransferAsk.unscoped.get()
    for path in (
        f"/ho/xin-chuyen/{found.pk}/",
        f"/ho/xin-chuyen/{found.pk}/khong-cho/",
        f"/nguoi/{head.pk}/",
    ):
        assert client.get(path).status_code == 404
    with as_user(asker):
        assert not Person.objects.filter(pk=head.pk).exists()
        with pytest.raises(TransferAsk.DoesNotExist):
            asks.ask_give(ask=found, household=home, people=[head], on=SINCE)
        with pytest.raises(TransferAsk.DoesNotExist):
            asks.ask_refuse(ask=found, reason="x")
    assert ReadEntry.objects.filter(screen="household.asks", person_ids=[head.pk]).exists()


def test_the_head_of_the_asking_station_reads_no_more_than_she_who_asked(
    here: Facility, there: Facility, home: Household, asker: User
) -> None:
    ask(asker)
    theirs = client_of(a_member("station_head", there, "truongtram.moi")).get("/").content.decode()
    ours = client_of(a_member("station_head", here, "truongtram.cu")).get("/").content.decode()
    assert "Xin chuyển hồ sơ trong 7 ngày" in theirs and "Xin chuyển hồ sơ trong 7 ngày" in ours
    assert here.name not in theirs and f"người của {here.name}" in ours


def test_refused_with_the_reason(home: Household, head: Person, asker: User, keeper: User) -> None:
    found = ask(asker)
    with as_user(keeper):
        with pytest.raises(Refused, match="vì sao"):
            asks.ask_refuse(ask=found, reason=" ")
        asks.ask_refuse(ask=found, reason="Vẫn ở thôn Làng Teng")
    shown = client_of(asker).get("/ho/xin-chuyen/").content.decode()
    assert "Không cho chuyển" in shown and "Vẫn ở thôn Làng Teng" in shown and NAME not in shown
    assert Task.unscoped.get(kind=asks.TASK).state == "done"
    assert Person.unscoped.get(pk=head.pk).life_status == "alive"
    ask(asker)  # and may be asked anew


def test_asked_no_more(home: Household, asker: User, keeper: User) -> None:
    found = ask(asker)
    with as_user(keeper), pytest.raises(TransferAsk.DoesNotExist):
        asks.ask_withdraw(ask=found, expected_version=1)
    with as_user(asker):
        asks.ask_withdraw(ask=found, expected_version=1)
    assert Task.unscoped.get(kind=asks.TASK).state == "cancelled"
    with as_user(keeper), pytest.raises(Refused, match="đã được trả lời"):
        asks.ask_refuse(ask=found, reason="Còn ở đây")


def test_the_family_goes_with_her(
    there: Facility, home: Household, head: Person, wife: Person, asker: User, keeper: User
) -> None:
    found = ask(asker)
    with pytest.raises(Refused, match="Hãy chọn cả Phạm Văn Ba"):
        give(found, keeper, home, wife)
    with pytest.raises(Refused, match="chủ hộ mới"):
        give(found, keeper, home, head)
    give(found, keeper, home, head, wife)
    assert waiting(there) == [NAME, "Đinh Thị Tư"]


def test_who_records_the_departure_anyhow_has_answered(
    there: Facility, home: Household, head: Person, asker: User, keeper: User
) -> None:
    found = ask(asker)
    with as_user(keeper):
        members_depart(household=home, people=[head], place=Elsewhere("province", "23293"), on=SINCE)
    found.refresh_from_db()
    assert found.state == "given" and waiting(there) == [NAME]
    assert Task.unscoped.get(kind=asks.TASK).state == "done"


def test_who_had_left_for_elsewhere_is_told_to_the_station_that_asks(
    there: Facility, home: Household, head: Person, asker: User, keeper: User
) -> None:
    with as_user(keeper):
        left = members_depart(household=home, people=[head], place=Elsewhere("country"), on=SINCE)
    found = ask(asker)
    assert give(found, keeper, None) == left
    assert waiting(there) == [NAME]


def test_who_was_not_taken_in_elsewhere_waits_again_here(
    here: Facility, there: Facility, home: Household, head: Person, asker: User, keeper: User
) -> None:
    """Declined by the station that she was told to, asked for by the one where she is."""
    third = a_station("21520", "Trạm Y tế xã Ba Động")
    with as_user(keeper):
        left = members_depart(household=home, people=[head], place=Elsewhere("province", "21520"), on=SINCE)
    found = ask(asker)
    with pytest.raises(Refused, match="đang chờ một trạm khác nhận"):
        give(found, keeper, None)
    with as_user(a_member("nurse", third, "ba.dong")):
        transfers.newcomers_decline(departure=left.pk, people=[head.pk], reason="Không về")
    give(found, keeper, None)
    assert waiting(there) == [NAME] and waiting(third) == []


def test_a_departure_taken_back_is_told_to_the_station_that_asked(
    there: Facility, home: Household, head: Person, asker: User, keeper: User
) -> None:
    found = ask(asker)
    departure = give(found, keeper, home, head)
    with as_user(keeper):
        stored = ResidenceEvent.objects.get(pk=departure.pk)
        event_withdraw(event=stored, reason="Nhầm người", expected_version=1)
    found.refresh_from_db()
    assert (found.state, found.answer) == ("refused", "Trạm được xin đã rút lại.")
    assert waiting(there) == []


def test_who_dies_moves_no_more(home: Household, head: Person, asker: User) -> None:
    found = ask(asker)
    a_death(Person.unscoped.get(pk=head.pk), died_on=TODAY)
    found.refresh_from_db()
    assert (found.state, found.answer) == ("refused", "Người này đã mất.")


def test_who_is_in_no_family_is_entered_into_one_first(head: Person, asker: User, keeper: User) -> None:
    found = ask(asker)
    with pytest.raises(Refused, match="chưa ở hộ nào"):
        give(found, keeper, None)
    shown = client_of(keeper).get(f"/ho/xin-chuyen/{found.pk}/").content.decode()
    assert "chưa ở hộ nào của trạm" in shown


def test_by_her_insurance_card_too(home: Household, head: Person, asker: User) -> None:
    a_card(head, "DN4515112345678")
    assert ask(asker, "dn 4515 1123 45678").number_end == "5678"


@pytest.mark.parametrize(
    ("said", "match"),
    [
        ({"number": "051180000778"}, "Không có ai"),
        ({"number": "0777"}, "Không có ai"),
        ({"number": "Phạm Văn Ba"}, "Không có ai"),
        ({"reason": " "}, "vì sao xin"),
        ({"reason": "x" * 301}, "dài quá 300"),
        ({"since": TODAY + dt.timedelta(days=1)}, "tương lai"),
    ],
    ids=["miss", "short", "name", "reason", "long", "future"],
)
def test_bad_input(home: Household, asker: User, said: dict[str, Any], match: str) -> None:
    with pytest.raises(Refused, match=match):
        ask(asker, **said)
    assert not TransferAsk.unscoped.exists()


def test_ones_own_and_who_waits_already_are_not_asked_for(
    home: Household, head: Person, asker: User, keeper: User
) -> None:
    with pytest.raises(Refused, match="thuộc trạm mình"):
        ask(keeper)
    found = ask(asker)
    with pytest.raises(Refused, match="đang chờ trả lời"):
        ask(asker)
    give(found, keeper, home, head)
    with pytest.raises(Refused, match="Chuyển đến chờ nhận"):
        ask(asker)


def test_so_many_tries_a_day_misses_counted(home: Household, asker: User, keeper: User) -> None:
    Parameter.objects.filter(key=asks.CAP).update(value=2)
    for number in ("051180000001", "051180000002"):
        with pytest.raises(Refused, match="Không có ai"):
            ask(asker, number)
    with pytest.raises(Refused, match="hết số lần"):
        ask(asker)


def test_a_village_worker_neither_asks_nor_sees(here: Facility, there: Facility, head: Person) -> None:
    worker = a_member("village_worker", there, "thonban", hamlets=[a_hamlet(there.unit, "Thôn Ba")])
    client = client_of(worker)
    found = an_ask(head, there)
    for path in ("", "moi/", f"{found.pk}/", f"{found.pk}/khong-cho/"):
        assert client.get(f"/ho/xin-chuyen/{path}").status_code in (403, 404)
    hamlet = a_hamlet(there.unit, "Thôn Bốn")
    with scope.enter(scope_at(there, hamlet_ids=frozenset({hamlet.pk}))):
        assert not TransferAsk.objects.exists()
        with pytest.raises(Refused, match="Chỉ nhân viên của trạm"):
            asks.person_ask(number=NUMBER, since=SINCE, reason="x")


def test_a_third_station_sees_nothing(here: Facility, there: Facility, head: Person) -> None:
    found = an_ask(head, there)
    client = client_of(a_member("nurse", a_station("21520", "Trạm Y tế xã Ba Động"), "khac"))
    for path in (f"{found.pk}/", f"{found.pk}/khong-cho/"):
        assert client.get(f"/ho/xin-chuyen/{path}").status_code == 404
    assert client.post(f"/ho/xin-chuyen/{found.pk}/thoi/", {"form_key": str(uuid7())}).status_code == 404


# --- the pages


def test_the_pages(home: Household, head: Person, wife: Person, asker: User, keeper: User) -> None:
    found = ask(asker)
    client = client_of(keeper)
    assert "Trạm khác xin hồ sơ (1)" in client.get("/ho/").content.decode()
    address = f"/ho/xin-chuyen/{found.pk}/"
    form = client.get(address).context["form"]
    member = next(key for key, row in form.by_key.items() if row.person_id == head.pk)
    assert form["people"].value() == [member] and form["on"].value() == SINCE
    said = {"people": [member], "on": f"{SINCE:%d/%m/%Y}", "new_head": "", "note": ""}
    wrong = client.post(address, said | {"form_key": str(uuid7())})
    assert wrong.status_code == 422 and "new_head" in wrong.context["form"].errors
    other = next(key for key in form.by_key if key != member)
    done = client.post(address, said | {"form_key": str(uuid7()), "new_head": other})
    assert done.headers["Location"] == "/ho/xin-chuyen/"
    found.refresh_from_db()
    assert found.state == "given"
    again = client.post(address, said | {"form_key": str(uuid7()), "new_head": other})
    assert again.status_code == 422 and "đã được trả lời" in again.content.decode()
    assert ResidenceEvent.unscoped.filter(kind="departed").count() == 1


def test_asked_no_more_and_refused_on_their_pages(home: Household, asker: User, keeper: User) -> None:
    found = ask(asker)
    wrong = client_of(keeper).post(f"/ho/xin-chuyen/{found.pk}/khong-cho/", {"form_key": str(uuid7())})
    assert list(wrong.context["form"].errors) == ["reason"]
    client = client_of(asker)
    address = f"/ho/xin-chuyen/{found.pk}/thoi/"
    stale = client.post(address, {"form_key": str(uuid7()), "version": 7}, follow=True)
    assert "vừa trả lời" in stale.content.decode()
    client.post(address, {"form_key": str(uuid7()), "version": 1})
    found.refresh_from_db()
    assert found.state == "withdrawn"
    said = {"form_key": str(uuid7()), "reason": "Còn ở đây"}
    late = client_of(keeper).post(f"/ho/xin-chuyen/{found.pk}/khong-cho/", said)
    assert late.status_code == 422 and "đã được trả lời" in late.content.decode()


def test_the_number_of_queries_does_not_grow(
    here: Facility, there: Facility, django_assert_max_num_queries: Any
) -> None:
    def asked(count: int) -> None:
        for number in range(count):
            an_ask(a_person(here, f"Phạm Văn {number}", sex="male"), there)

    asked(2)
    for station in (here, there):
        with scope.enter(scope_at(station)), django_assert_max_num_queries(2):
            newcomers.asks(scope.current(), "")
    asked(18)
    for station in (here, there):
        with scope.enter(scope_at(station)), django_assert_max_num_queries(2):
            assert len(newcomers.asks(scope.current(), "").items) == 20


def test_a_station_that_has_become_another_asks_and_answers_as_that(
    here: Facility, there: Facility, head: Person
) -> None:
    from apps.core.journal import Journal
    from apps.core.registry import Succession
    from apps.households import succeeding

    successor = a_station("21520", "Trạm Y tế xã Ba Động")
    found = an_ask(head, there)
    step = Succession(uuid7(), TODAY, stations={here.pk: successor.pk})
    assert succeeding.asks(step) == 1
    journal = Journal()
    succeeding.move_asks(step, journal)
    found.refresh_from_db()
    assert (found.from_station, found.station) == (successor, there)
    assert succeeding.asks(step) == 0
    Journal(journal.lines).take_back()
    found.refresh_from_db()
    assert found.from_station == here


def test_told_twice_makes_one_row(home: Household, head: Person, asker: User, keeper: User) -> None:
    """By the unit of the departure, and to the station that asked."""
    give(ask(asker), keeper, home, head)
    assert Transfer.unscoped.count() == 1
    assert Task.unscoped.filter(kind=transfers.TASK).count() == 1
