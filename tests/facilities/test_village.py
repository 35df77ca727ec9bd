"""The hamlets of a village worker's post: who gives them, what they open, when they end."""

import datetime as dt
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.accounts.models import User
from apps.core.errors import Refused
from apps.core.ids import uuid7
from apps.core.models import AuditEntry
from apps.core.scope import enter
from apps.core.versions import StaleVersion
from apps.facilities import village
from apps.facilities.models import Facility, Hamlet, Post, PostHamlet
from apps.facilities.posts import scope_for
from apps.facilities.roles import role_copy
from apps.patients import emergency, queries, services
from apps.patients.data import PersonData
from apps.patients.models import Person
from tests.factories.accounts import a_member, a_post, a_role, a_user, client_of
from tests.factories.facilities import a_centre, a_department, a_point, a_station
from tests.factories.patients import a_person

pytestmark = pytest.mark.django_db


@pytest.fixture
def station() -> Facility:
    return a_station(hamlets=3)


@pytest.fixture
def hamlets(station: Facility) -> list[Hamlet]:
    return list(Hamlet.objects.filter(catchments__facility=station).order_by("name"))


@pytest.fixture
def head(station: Facility) -> User:
    return a_member("station_head", station, "truong.tram", "Phạm Văn Trưởng")


@pytest.fixture
def worker(station: Facility, hamlets: list[Hamlet]) -> User:
    return a_member("village_worker", station, "be.dv", "Đinh Văn Bế", hamlets=hamlets[:1])


def scope_of(user: User, station: Facility) -> Any:
    found = scope_for(User.objects.get(pk=user.pk), station.pk)
    assert found is not None
    return found


def give(head: User, station: Facility, post: Post, hamlets: list[Hamlet], version: int = 1) -> None:
    with enter(scope_of(head, station)):
        village.hamlets_set(post=post, hamlets=hamlets, expected_version=version)


def test_it_works(head: User, worker: User, station: Facility, hamlets: list[Hamlet]) -> None:
    here, there = a_person(station, hamlet=hamlets[0]), a_person(station, hamlet=hamlets[1])
    with enter(scope_of(worker, station)) as scope:
        assert scope.hamlet_ids == {hamlets[0].pk}
        assert list(Person.objects.all()) == [here]
    give(head, station, worker.posts.get(), hamlets[1:])
    with enter(scope_of(worker, station)):
        assert list(Person.objects.all()) == [there]
    entry = AuditEntry.objects.get(action="post.hamlets")
    assert entry.data == {"role": "Nhân viên y tế thôn", "added": 2, "removed": 1}


def test_without_hamlets_she_sees_nobody(worker: User, station: Facility) -> None:
    a_person(station)
    PostHamlet.objects.all().delete()
    with enter(scope_of(worker, station)) as scope:
        assert scope.hamlet_ids == frozenset()
        assert not Person.objects.exists() and not queries.find_people(scope, "hoa")


def test_who_holds_another_post_there_sees_the_whole_station(worker: User, station: Facility) -> None:
    a_post(worker, "nurse", station)
    assert scope_of(worker, station).hamlet_ids is None


def test_hamlets_of_two_posts_count_together(worker: User, station: Facility, hamlets: list[Hamlet]) -> None:
    a_post(worker, "village_worker", a_point(station), hamlets=hamlets[2:])
    point = Facility.objects.get(kind="point")
    assert scope_of(worker, point).hamlet_ids == {hamlets[0].pk, hamlets[2].pk}


def test_a_hamlet_taken_back_bites_at_once_and_is_remembered(
    head: User, worker: User, station: Facility, hamlets: list[Hamlet]
) -> None:
    give(head, station, worker.posts.get(), [])
    assert scope_of(worker, station).hamlet_ids == frozenset()
    row = PostHamlet.objects.get()
    assert row.valid_to == timezone.localdate() - dt.timedelta(days=1)


def test_given_and_taken_on_one_day_leaves_no_row(
    head: User, worker: User, station: Facility, hamlets: list[Hamlet]
) -> None:
    post = worker.posts.get()
    give(head, station, post, hamlets)
    give(head, station, Post.objects.get(pk=post.pk), hamlets[:1], version=2)
    give(head, station, Post.objects.get(pk=post.pk), hamlets, version=3)
    assert PostHamlet.objects.count() == 3
    assert scope_of(worker, station).hamlet_ids == {each.pk for each in hamlets}


def test_hamlets_of_a_day_to_come_are_not_seen_yet(
    worker: User, station: Facility, hamlets: list[Hamlet]
) -> None:
    tomorrow = timezone.localdate() + dt.timedelta(days=1)
    PostHamlet.objects.create(post=worker.posts.get(), hamlet=hamlets[1], valid_from=tomorrow)
    assert scope_of(worker, station).hamlet_ids == {hamlets[0].pk}


def test_the_scope_costs_no_query_more(worker: User, station: Facility) -> None:
    with CaptureQueriesContext(connection) as found:
        scope_for(worker, station.pk)
    assert len(found) <= 2


# --- who may, and what is refused


@pytest.mark.parametrize("role", ["nurse", "population", "village_worker"])
def test_others_give_no_hamlets(worker: User, station: Facility, hamlets: list[Hamlet], role: str) -> None:
    other = a_member(role, station, "khac")
    with enter(scope_of(other, station)), pytest.raises(PermissionDenied):
        village.hamlets_set(post=worker.posts.get(), hamlets=hamlets, expected_version=1)


def test_the_head_of_another_station_gives_none(worker: User, hamlets: list[Hamlet]) -> None:
    there = a_station("21490", "Ba Vì")
    other = a_member("station_head", there, "khac")
    with enter(scope_of(other, there)), pytest.raises(PermissionDenied):
        village.hamlets_set(post=worker.posts.get(), hamlets=hamlets, expected_version=1)


def test_a_head_gives_herself_none(head: User, station: Facility, hamlets: list[Hamlet]) -> None:
    post = a_post(head, "village_worker", station, hamlets=[])
    with enter(scope_of(head, station)), pytest.raises(PermissionDenied):
        village.hamlets_set(post=post, hamlets=hamlets, expected_version=1)


def test_another_stations_hamlet_is_refused(head: User, worker: User, station: Facility) -> None:
    foreign = Hamlet.objects.get(catchments__facility=a_station("21490", "Ba Vì"))
    with pytest.raises(Refused, match="không thuộc địa bàn"):
        give(head, station, worker.posts.get(), [foreign])


def test_a_nurses_post_takes_none(head: User, station: Facility, hamlets: list[Hamlet]) -> None:
    post = a_post(a_user("lan"), "nurse", station)
    with pytest.raises(Refused, match="cả địa bàn"):
        give(head, station, post, hamlets)


def test_the_second_of_two_heads_is_told(
    head: User, worker: User, station: Facility, hamlets: list[Hamlet]
) -> None:
    give(head, station, worker.posts.get(), hamlets)
    with pytest.raises(StaleVersion):
        give(head, station, worker.posts.get(), [])
    assert PostHamlet.objects.count() == 3


def test_a_copy_of_the_role_sees_no_further(station: Facility) -> None:
    department = a_department(a_centre(station))
    admin = a_member("province_admin", department, "quan.tri")
    with enter(scope_of(admin, department)):
        copied = role_copy(source=a_role("village_worker"), name="Cô đỡ thôn bản")
        again = role_copy(source=copied, name="Cô đỡ thôn bản vùng cao")
    assert copied.by_hamlet and again.by_hamlet


# --- what a wider role of some hamlets may not do


@pytest.fixture
def wide(station: Facility, hamlets: list[Hamlet]) -> Any:
    role = a_role("village_worker")
    role.rights = sorted({*role.rights, *a_role("nurse").rights})
    role.save()
    return scope_of(a_member("village_worker", station, "rong", hamlets=hamlets[:1]), station)


def test_she_enters_nobody_elsewhere(wide: Any, hamlets: list[Hamlet]) -> None:
    with enter(wide), pytest.raises(Refused, match="phụ trách"):
        services.person_create(
            data=PersonData(
                full_name="Đinh Văn Nơi Khác",
                sex="male",
                birth_date=dt.date(1990, 1, 1),
                hamlet_id=hamlets[1].pk,
            )
        )
    assert not Person.unscoped.exists()


def test_she_moves_nobody_away(wide: Any, station: Facility, hamlets: list[Hamlet]) -> None:
    person = a_person(station, hamlet=hamlets[0])
    with enter(wide), pytest.raises(Refused, match="phụ trách"):
        services.person_relocate(
            person=person, hamlet_id=hamlets[1].pk, address_text="", on=timezone.localdate()
        )


def test_she_opens_no_record_in_an_emergency(wide: Any) -> None:
    with enter(wide), pytest.raises(Refused, match="nhân viên của trạm"):
        emergency.open_record(number="051190000111", reason="coma", note="Ngất")


def test_a_parent_of_another_hamlet_is_not_named(wide: Any, station: Facility, hamlets: list[Hamlet]) -> None:
    mother = a_person(station, "Hồ Thị Mẹ", hamlet=hamlets[1])
    child = a_person(station, "Hồ Văn Con", hamlet=hamlets[0], mother=mother)
    with enter(wide):
        found = queries.get_person(child.pk)
    assert found is not None and found.mother is None


# --- the pages


def post(client: Client, path: str, **fields: Any) -> Any:
    return client.post(path, {"form_key": str(uuid7()), **fields})


def test_a_new_worker_is_asked_for_her_hamlets_at_once(
    head: User, station: Facility, hamlets: list[Hamlet]
) -> None:
    client = client_of(head)
    answer = post(
        client,
        "/tai-khoan/moi/",
        full_name="Đinh Thị Bế",
        facility=station.pk,
        role=a_role("village_worker").pk,
    )
    new = Post.objects.get(user__full_name="Đinh Thị Bế")
    assert answer.url == f"/tai-khoan/vi-tri/{new.pk}/thon/"
    page = client.get(answer.url).content.decode()
    assert all(hamlet.name in page for hamlet in hamlets)
    answer = post(client, answer.url, hamlets=[hamlets[0].pk, hamlets[2].pk], version=1)
    assert answer.url == f"/tai-khoan/{new.user_id}/"
    assert "Thôn 1, Thôn 3" in client.get(answer.url).content.decode()


def test_an_account_without_hamlets_says_so(head: User, worker: User) -> None:
    PostHamlet.objects.all().delete()
    assert "Chưa giao thôn nào" in client_of(head).get(f"/tai-khoan/{worker.pk}/").content.decode()


@pytest.mark.parametrize("typed", ["khong-phai-ma", "\0", "01920000-0000-7000-8000-000000000000", "9" * 200])
def test_what_is_no_hamlet_is_a_sentence(head: User, worker: User, typed: str) -> None:
    path = f"/tai-khoan/vi-tri/{worker.posts.get().pk}/thon/"
    answer = post(client_of(head), path, hamlets=[typed], version=1)
    assert answer.status_code == 422
    assert "Có thôn không thuộc địa bàn" in answer.content.decode()


def test_a_post_without_hamlets_of_its_own_has_no_such_page(head: User, station: Facility) -> None:
    nurse = a_post(a_user("lan"), "nurse", station)
    assert client_of(head).get(f"/tai-khoan/vi-tri/{nurse.pk}/thon/").status_code == 404


def test_the_second_of_two_heads_sees_a_page_not_a_crash(
    head: User, worker: User, station: Facility, hamlets: list[Hamlet]
) -> None:
    held = worker.posts.get()
    give(head, station, held, hamlets)
    path = f"/tai-khoan/vi-tri/{held.pk}/thon/"
    answer = post(client_of(head), path, hamlets=[hamlets[1].pk], version=1)
    assert answer.status_code == 409
    assert PostHamlet.objects.count() == 3
