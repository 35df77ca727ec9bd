"""Keys of the API: what they open, until when, and who sees them."""

import datetime as dt
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from apps.accounts import api_tokens, services
from apps.accounts.models import ApiToken, User
from apps.core.ids import uuid7
from apps.core.models import AuditEntry, ReadEntry
from apps.core.scope import system
from apps.facilities.models import Facility, Post
from tests.factories.accounts import a_member, client_of
from tests.factories.facilities import a_centre, a_department, a_station
from tests.factories.patients import a_person

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nobody_has_tried() -> None:
    cache.clear()


@pytest.fixture
def station() -> Facility:
    return a_station()


@pytest.fixture
def owner(station: Facility) -> User:
    return a_member("station_head", station, "truong.pv", "Phạm Văn Trưởng")


def a_key(owner: User, station: Facility, *rights: str, days: int = 30) -> str:
    with system("test"):
        return api_tokens.token_create(
            owner=owner,
            name="Máy xét nghiệm",
            rights=rights or ("people.view",),
            facility_id=station.pk,
            days=days,
        )[1]


def ask(key: str, path: str = "/api/people/", **headers: str) -> Any:
    return Client().get(path, headers={"authorization": f"Bearer {key}", **headers})


def test_it_works(owner: User, station: Facility) -> None:
    head = client_of(owner)
    page = head.post(
        "/tai-khoan/ma-truy-cap/moi/", {"name": "Máy xét nghiệm", "rights": ["people.view"], "days": "90"}
    )
    key = page.context["text"]
    assert key in page.content.decode() and "no-store" in page.headers["Cache-Control"]
    person = a_person(station, "Đinh Thị Vân Kiều")
    answer = ask(key)
    assert answer.status_code == 200 and "Vân Kiều" in answer.content.decode()
    token = ApiToken.objects.get()
    assert token.last_used_at is not None and token.last_address == "127.0.0.1"
    listed = head.get("/tai-khoan/ma-truy-cap/").content.decode()
    assert "Máy xét nghiệm" in listed and key not in listed
    read = ReadEntry.objects.get(person_ids__contains=[person.pk])
    assert (read.user_id, read.username) == (owner.pk, f"truong.pv (mã {token.prefix})")
    assert AuditEntry.objects.filter(action="api_token.created", object_id=token.pk).exists()


def test_who_has_nothing_to_give_is_told_so(station: Facility) -> None:
    above = client_of(a_member("province_admin", a_department(a_centre(station)), "quan.tri"))
    data = {"name": "Máy xét nghiệm", "rights": ["people.view"], "days": "90"}
    for answer in (
        above.get("/tai-khoan/ma-truy-cap/moi/", follow=True),
        above.post("/tai-khoan/ma-truy-cap/moi/", data, follow=True),
    ):
        assert answer.redirect_chain == [("/tai-khoan/ma-truy-cap/", 302)]
        assert "không có quyền nào như vậy để giao" in answer.content.decode()
        assert "Lập mã mới" not in answer.content.decode() and 'href="/api/"' in answer.content.decode()
    assert not ApiToken.objects.exists()


def test_the_key_stands_in_no_table(owner: User, station: Facility) -> None:
    key = a_key(owner, station)
    assert key not in str([row.__dict__ for row in [*ApiToken.objects.all(), *AuditEntry.objects.all()]])


def test_it_may_less_than_its_owner(owner: User, station: Facility) -> None:
    key = a_key(owner, station, "people.view")
    assert ask(key).status_code == 200
    assert ask(key, "/api/visits/").status_code == 403
    assert ask(key, "/api/households/").status_code == 403


def test_and_never_more(owner: User, station: Facility) -> None:
    key = a_key(owner, station, "people.view", "visits.view")
    role = Post.objects.get(user=owner).role
    role.rights = ["visits.view"]
    role.save()
    assert ask(key).status_code == 403
    assert ask(key, "/api/visits/").status_code == 200


def test_nobody_gives_a_key_what_she_lacks(owner: User) -> None:
    head = client_of(owner)
    for right in ("users.edit", "visits.approve", "audit.view", "people.export", "x"):
        data = {"name": "x", "rights": [right], "days": "30"}
        assert head.post("/tai-khoan/ma-truy-cap/moi/", data).status_code == 422
    assert not ApiToken.objects.exists()


def test_a_nurse_makes_none_and_a_foreign_head_sees_none(owner: User, station: Facility) -> None:
    a_key(owner, station)
    token = ApiToken.objects.get()
    nurse = client_of(a_member("nurse", station, "hoa.nt"))
    assert nurse.get("/tai-khoan/ma-truy-cap/").status_code == 403
    assert nurse.get("/tai-khoan/ma-truy-cap/moi/").status_code == 403
    stranger = client_of(a_member("station_head", a_station("21490", "Ba Vì"), "xa.pv"))
    assert "Máy xét nghiệm" not in stranger.get("/tai-khoan/ma-truy-cap/").content.decode()
    path = f"/tai-khoan/ma-truy-cap/{token.pk}/thu-hoi/"
    assert stranger.post(path, {"form_key": str(uuid7())}).status_code == 404


def test_another_stations_people_stay_out_of_sight(owner: User, station: Facility) -> None:
    a_person(a_station("21490", "Ba Vì"), "Hồ Thị Bảy Lạ")
    assert "Bảy Lạ" not in ask(a_key(owner, station)).content.decode()


@pytest.mark.parametrize("end", ["revoked", "expired", "disabled", "post revoked", "post over"])
def test_an_ended_key_opens_nothing_at_once(owner: User, station: Facility, end: str) -> None:
    key = a_key(owner, station)
    assert ask(key).status_code == 200
    now = timezone.now()
    if end == "revoked":
        head = client_of(a_member("station_head", station, "khac.pv"))
        path = f"/tai-khoan/ma-truy-cap/{ApiToken.objects.get().pk}/thu-hoi/"
        assert head.post(path, {"form_key": str(uuid7())}).status_code == 302
    elif end == "expired":
        ApiToken.objects.update(expires_at=now)
    elif end == "disabled":
        User.objects.filter(pk=owner.pk).update(is_active=False)
    elif end == "post revoked":
        Post.objects.filter(user=owner).update(revoked_at=now)
    else:
        Post.objects.filter(user=owner).update(valid_to=timezone.localdate() - dt.timedelta(days=1))
    answer = ask(key)
    assert answer.status_code == 401 and "không đúng" in answer.json()["detail"]


def test_ending_the_account_or_its_last_post_withdraws_its_keys(owner: User, station: Facility) -> None:
    from apps.accounts import services
    from apps.facilities.posting import post_revoke

    a_key(owner, station)
    with system("test"):
        services.user_set_active(user=owner, is_active=False)
    assert ApiToken.objects.get().revoked_at is not None
    other = a_member("station_head", station, "khac.pv")
    a_key(other, station)
    post = Post.objects.get(user=other)
    with system("test"):
        post_revoke(post=post, expected_version=post.version)
    assert not ApiToken.objects.filter(revoked_at=None).exists()


def test_a_slip_withdraws_the_keys_that_were_made_before(owner: User, station: Facility) -> None:
    """A slip is made for an account that somebody else may have held; what she made ends with it."""
    key = a_key(owner, station)
    with system("test"):
        services.slip_issue(user=owner)
    assert ask(key).status_code == 401
    assert AuditEntry.objects.filter(action="api_token.revoked").exists()
    later = a_key(owner, station)
    assert ask(later).status_code == 401, "until she has a password of her own"
    User.objects.update(must_change_password=False)
    assert ask(later).status_code == 200


@pytest.mark.parametrize("key", ["", "x", "tramyte_", "é" * 40, "x" * 5000])
def test_a_wrong_key_is_a_401_in_vietnamese(owner: User, key: str) -> None:
    answer = Client().get(
        "/api/people/", headers={"authorization": f"Bearer {key}".encode().decode("latin-1")}
    )
    assert answer.status_code == 401 and "Mã truy cập" in answer.json()["detail"]


def test_twenty_wrong_keys_slow_the_guesser(owner: User, station: Facility) -> None:
    answers = [ask("tramyte_sai").status_code for _ in range(21)]
    assert answers == [401] * 20 + [429]


def test_a_key_is_rate_limited(owner: User, station: Facility, monkeypatch: pytest.MonkeyPatch) -> None:
    from apps.facilities.api_access import KeyThrottle

    monkeypatch.setattr(KeyThrottle, "THROTTLE_RATES", {"api_key": "3/min"})
    key = a_key(owner, station)
    assert [ask(key).status_code for _ in range(4)] == [200, 200, 200, 429]
    browser = client_of(owner)
    assert [browser.get("/api/people/").status_code for _ in range(4)] == [200] * 4


def test_a_key_opens_no_page(owner: User, station: Facility) -> None:
    key = a_key(owner, station)
    for path in ("/", "/nguoi/", "/tai-khoan/", "/quan-tri/"):
        assert ask(key, path).status_code in (302, 404, 405)


def test_a_session_beside_a_key_adds_nothing(owner: User, station: Facility) -> None:
    key = a_key(owner, station, "people.view")
    answer = client_of(owner).get("/api/visits/", headers={"authorization": f"Bearer {key}"})
    assert answer.status_code == 403


def test_it_writes_without_a_csrf_token_where_it_may(owner: User, station: Facility) -> None:
    person = a_person(station)
    client = Client(enforce_csrf_checks=True)
    data = {"person": str(person.pk), "reason": "Ho"}
    for rights, wanted in ((("visits.view",), 403), (("visits.enter", "visits.view"), None)):
        headers = {
            "authorization": f"Bearer {a_key(owner, station, *rights)}",
            "Idempotency-Key": str(uuid7()),
        }
        answer = client.post("/api/visits/", data, content_type="application/json", headers=headers)
        assert answer.status_code == wanted or (wanted is None and answer.status_code not in (401, 403)), (
            answer.content
        )


@pytest.mark.parametrize(
    "data",
    [
        {"x": ""},
        {"name": ""},
        {"name": "x", "rights": []},
        {"name": "x", "rights": ["people.view"], "days": "9999"},
    ],
)
def test_bad_input_is_a_sentence(owner: User, data: dict[str, Any]) -> None:
    assert client_of(owner).post("/tai-khoan/ma-truy-cap/moi/", data).status_code == 422


@pytest.mark.parametrize("right", ["sync.export", "audit.view"])
def test_what_was_lent_to_its_owner_is_not_the_keys(owner: User, station: Facility, right: str) -> None:
    from apps.facilities.api_access import scope_of_token
    from apps.facilities.models import GrantedRight
    from apps.facilities.posts import scope_for

    until = timezone.now() + dt.timedelta(hours=1)
    GrantedRight.objects.create(user=owner, facility=station, right=right, until=until, granted_by=owner.pk)
    hers = scope_for(User.objects.get(pk=owner.pk), station.pk)
    assert hers is not None and right in hers.rights
    found = scope_of_token(a_key(owner, station, "people.view", right), None)
    assert found is not None and found[1].rights == {"people.view"}
    head = client_of(owner)
    data = {"name": "x", "rights": [right], "days": "30"}
    assert head.post("/tai-khoan/ma-truy-cap/moi/", data).status_code == 422, "nor is it offered"


def test_a_record_opened_in_an_emergency_stays_shut_for_the_key(owner: User, station: Facility) -> None:
    from apps.facilities.api_access import scope_of_token
    from apps.facilities.posts import scope_for
    from apps.patients.emergency import people_opened
    from apps.patients.models import EmergencyAccess

    stranger = a_person(a_station("21490", "Ba Vì"), "Hồ Thị Bảy Lạ")
    until = timezone.now() + dt.timedelta(hours=1)
    EmergencyAccess.unscoped.create(
        person=stranger, user_id=owner.pk, facility_id=station.pk, reason="coma", until=until
    )
    person = User.objects.annotate(people_opened=people_opened()).get(pk=owner.pk)
    hers, programs = scope_for(person, station.pk), scope_for(person, station.pk, lent=False)
    assert hers is not None and hers.opened == {stranger.pk}
    assert programs is not None and programs.opened == frozenset()
    key = a_key(owner, station)
    assert ask(key, f"/api/people/{stranger.pk}/").status_code == 404
    found = scope_of_token(key, None)
    assert found is not None and found[1].opened == frozenset()
