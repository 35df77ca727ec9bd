"""Programs at the API: filters, whole and masked numbers, writing once, changing by version, strangers."""

import datetime as dt
import json
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from apps.accounts import api_tokens
from apps.accounts.models import ApiToken, User
from apps.core import scope
from apps.core.ids import uuid7
from apps.core.models import AuditEntry, ReadEntry
from apps.facilities.models import Facility
from apps.households.models import Household, Membership
from apps.patients.models import Identifier, Person
from apps.patients.numbers import card_add
from tests.factories.accounts import a_member as a_user_of
from tests.factories.accounts import client_of
from tests.factories.facilities import a_hamlet
from tests.factories.households import a_household, a_member
from tests.factories.patients import a_person, a_station, scope_at
from tests.house.english import english

WRITES = (
    "people.view",
    "people.enter",
    "people.edit",
    "households.view",
    "households.enter",
    "households.edit",
)
NEW = {"full_name": "Đinh Thị Mới", "sex": "female", "birth_date": "2001-02-03"}


@pytest.fixture(autouse=True)
def _nobody_has_tried(db: None) -> None:
    cache.clear()


class Program:
    """Another program of the station, with its key."""

    def __init__(self, owner: User, station: Facility, *rights: str) -> None:
        with scope.system("test"):
            self.token, self.text = api_tokens.token_create(
                owner=owner, name="Cân điện tử", rights=rights or WRITES, facility_id=station.pk, days=30
            )
        self.client = Client()

    def ask(self, method: str, path: str, said: Any = None, *, key: Any = None, **headers: str) -> Any:
        headers = {"authorization": f"Bearer {self.text}", **headers}
        if method in ("post", "patch"):
            headers["Idempotency-Key"] = str(key or uuid7())
            return getattr(self.client, method)(
                f"/api/{path}", json.dumps(said), content_type="application/json", headers=headers
            )
        return self.client.get(f"/api/{path}", headers=headers)

    def get(self, path: str) -> Any:
        return self.ask("get", path)

    def post(self, path: str, said: Any, key: Any = None) -> Any:
        return self.ask("post", path, said, key=key)

    def patch(self, path: str, said: Any) -> Any:
        return self.ask("patch", path, said)


@pytest.fixture
def owner(station: Facility) -> User:
    return a_user_of("station_head", station, "truong.pv", "Phạm Văn Trưởng")


@pytest.fixture
def program(owner: User, station: Facility) -> Program:
    return Program(owner, station)


def names(answer: Any) -> list[str]:
    return [row["full_name"] for row in answer.json()["results"]]


def test_it_works(program: Program, station: Facility) -> None:
    hamlet = station.catchments.get().hamlet
    made = program.post("people/", NEW | {"hamlet_id": str(hamlet.pk)})
    assert made.status_code == 201, made.content.decode()
    person = made.json()
    changed = program.patch(f"people/{person['id']}/", {"version": 1, "phone": "0912 345 678"})
    assert (changed.status_code, changed.json()["phone"], changed.json()["version"]) == (200, "0912345678", 2)
    assert changed.json()["full_name"] == "Đinh Thị Mới"
    founded = program.post("households/", {"head": person["id"], "hamlet_id": str(hamlet.pk)})
    assert founded.status_code == 201, founded.content.decode()
    home = founded.json()
    assert [member["person"] for member in home["members"]] == [person["id"]]
    poor = program.patch(f"households/{home['id']}/", {"version": home["version"], "poverty": "poor"})
    assert (poor.status_code, poor.json()["poverty"]) == (200, "poor")
    assert names(program.get(f"people/?household={home['id']}")) == ["Đinh Thị Mới"]
    assert AuditEntry.objects.filter(action="person.changed", person_id=person["id"]).exists()
    assert {entry.username for entry in ReadEntry.objects.all()} == {f"truong.pv (mã {program.token.prefix})"}


# --- filters


def test_the_number_of_the_social_insurance(owner: User, station: Facility) -> None:
    """Written, found by, kept by a change that does not speak of it; whole for who may take numbers away."""
    program = Program(owner, station, *WRITES, "people.export")
    home = a_household(station, a_person(station, "Phạm Văn Hrê", sex="male"))
    path = f"households/{home.pk}/"
    given = program.patch(path, {"version": 1, "bhxh_code": "48 1234 5678"}).json()
    assert (given["bhxh_code"], given["masked"]) == ("4812345678", False)
    kept = program.patch(path, {"version": given["version"], "address_text": "Xóm 2"}).json()
    assert kept["bhxh_code"] == "4812345678"
    assert [row["id"] for row in program.get("households/?bhxh_code=4812345678").json()["results"]] == [
        str(home.pk)
    ]
    reader = Program(owner, station, "households.view")
    assert reader.get(path).json()["bhxh_code"] == "******5678"
    wrong = program.patch(path, {"version": kept["version"], "bhxh_code": "12"})
    assert wrong.status_code == 422 and "10 chữ số" in wrong.json()["bhxh_code"][0]
    head = a_person(station, "Phạm Văn Hai", sex="male")
    said = {"head": str(head.pk), "hamlet_id": str(home.hamlet_id), "bhxh_code": "4812345678"}
    taken = program.post("households/", said)
    assert taken.status_code == 422 and "một hộ khác" in taken.json()["bhxh_code"][0]
    assert program.post("households/", said | {"bhxh_code": "4812345679"}).status_code == 201


def test_filters_of_people(program: Program, station: Facility) -> None:
    child = a_person(station, "Phạm Gia Bảo", sex="male", birth_date=dt.date(2020, 5, 6))
    other = a_hamlet(station.unit, "Thôn Xa")
    a_person(station, "Nguyễn Thị Già", birth_date=dt.date(1950, 1, 1), hamlet=other)
    home = a_household(station, a_person(station, "Đinh Văn Chủ", sex="male"))
    a_member(home, child)
    Person.unscoped.update(updated_at=timezone.now() - dt.timedelta(days=10))
    assert names(program.get("people/?born_from=2020-05-06&born_to=2020-05-06")) == ["Phạm Gia Bảo"]
    assert names(program.get("people/?born_to=1960-01-01")) == ["Nguyễn Thị Già"]
    assert names(program.get(f"people/?hamlet={other.pk}")) == ["Nguyễn Thị Già"]
    assert sorted(names(program.get(f"people/?household={home.pk}"))) == ["Phạm Gia Bảo", "Đinh Văn Chủ"]
    assert names(program.get(f"people/?household={uuid7()}")) == []
    since = (timezone.now() - dt.timedelta(days=1)).isoformat().replace("+00:00", "Z")
    assert names(program.get(f"people/?changed_since={since}")) == []
    with scope.enter(scope_at(station)):
        from apps.patients.data import CardData

        card_add(person=child, card=CardData("TE1515112345678", valid_from=dt.date(2026, 1, 1)))
    assert names(program.get(f"people/?changed_since={since}")) == ["Phạm Gia Bảo"]


def test_a_household_has_changed_when_somebody_joined(program: Program, station: Facility) -> None:
    home = a_household(station, a_person(station))
    quiet = a_household(station, a_person(station, "Phạm Văn Yên"))
    long_ago = timezone.now() - dt.timedelta(days=10)
    Household.unscoped.update(updated_at=long_ago)
    Membership.unscoped.update(updated_at=long_ago)
    assert quiet.pk != home.pk
    joined = a_member(home, a_person(station, "Phạm Văn Đến"))
    since = (timezone.now() - dt.timedelta(days=1)).isoformat().replace("+00:00", "Z")
    rows = program.get(f"households/?changed_since={since}").json()["results"]
    assert [row["id"] for row in rows] == [str(home.pk)]
    rows = program.get(f"households/?member={joined.person_id}").json()["results"]
    assert [row["id"] for row in rows] == [str(home.pk)]


@pytest.mark.parametrize(
    "query",
    ["born_from=31/02/2020", "born_to=2020-02-31", "household=x", "changed_since=hom qua", "life_status=x"],
)
def test_a_wrong_filter_is_a_sentence_and_no_list(program: Program, station: Facility, query: str) -> None:
    a_person(station)
    answer = program.get(f"people/?{query}")
    assert answer.status_code == 400
    (sentences,) = answer.json().values()
    assert sentences and not english(" ".join(sentences))
    assert not ReadEntry.objects.exists()


# --- numbers


def test_numbers_are_whole_for_who_may_take_them_away(owner: User, station: Facility) -> None:
    person = a_person(station, cccd="051190000111", bhyt="DN4515112345678")
    plain = Program(owner, station, "people.view").get(f"people/{person.pk}/").json()
    assert (plain["identifiers"][0]["value"], plain["cards"][0]["number"]) == (
        "********0111",
        "***********5678",
    )
    assert "051190000" not in json.dumps(plain)
    whole = Program(owner, station, "people.view", "people.export").get(f"people/{person.pk}/").json()
    assert (whole["identifiers"][0]["value"], whole["cards"][0]["number"]) == (
        "051190000111",
        "DN4515112345678",
    )
    assert whole["identifiers"][0]["masked"] is False


def test_a_number_noted_by_mistake_is_not_told(program: Program, station: Facility) -> None:
    person = a_person(station, cccd="051190000111")
    Identifier.unscoped.update(in_error=True, valid_to=timezone.localdate())
    assert program.get(f"people/{person.pk}/").json()["identifiers"] == []


# --- written once


def test_the_same_key_writes_once(program: Program, station: Facility) -> None:
    key = uuid7()
    first, again = (program.post("people/", NEW, key) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["id"] == again.json()["id"]
    assert Person.unscoped.count() == 1


def test_a_refused_write_leaves_the_key_free(program: Program) -> None:
    key = uuid7()
    assert program.post("people/", NEW | {"birth_date": "2990-01-01"}, key).status_code == 422
    assert program.post("people/", NEW, key).status_code == 201


def test_a_key_is_for_one_thing(program: Program, station: Facility) -> None:
    key = uuid7()
    made = program.post("people/", NEW, key).json()
    hamlet = station.catchments.get().hamlet
    answer = program.post("households/", {"head": made["id"], "hamlet_id": str(hamlet.pk)}, key)
    assert (answer.status_code, answer.json()) == (
        409,
        {"Idempotency-Key": ["Khóa này đã dùng cho việc khác."]},
    )
    assert not Household.unscoped.exists()


@pytest.mark.parametrize("key", ["", "x", "0" * 300])
def test_no_key_no_write(program: Program, key: str) -> None:
    answer = program.client.post(
        "/api/people/",
        json.dumps(NEW),
        content_type="application/json",
        headers={"authorization": f"Bearer {program.text}", "Idempotency-Key": key},
    )
    assert (answer.status_code, list(answer.json())) == (400, ["Idempotency-Key"])
    assert not Person.unscoped.exists()


# --- changed by version


def test_the_second_of_two_is_told_the_version(program: Program, station: Facility) -> None:
    person = a_person(station)
    assert program.patch(f"people/{person.pk}/", {"version": 1, "phone": "0912345678"}).status_code == 200
    outrun = program.patch(f"people/{person.pk}/", {"version": 1, "phone": "0987654321"})
    assert outrun.status_code == 409
    assert outrun.json() == {
        "version": ["Hồ sơ vừa được người khác sửa; hãy đọc lại rồi gửi lại."],
        "current": 2,
    }
    assert Person.unscoped.get().phone == "0912345678"
    home = a_household(station, person)
    assert program.patch(f"households/{home.pk}/", {"version": 9, "poverty": "poor"}).status_code == 409
    assert Household.unscoped.get().poverty == ""


def test_what_is_odd_asks_for_a_reason(program: Program, station: Facility) -> None:
    person = a_person(station, cccd="051190000111")
    for said in ({}, {"reason": "\u200b"}):  # a sign that nobody sees is no reason
        odd = program.patch(f"people/{person.pk}/", {"version": 1, "sex": "male", **said})
        assert odd.status_code == 422
    done = program.patch(f"people/{person.pk}/", {"version": 1, "sex": "male", "reason": "Thẻ in sai"})
    assert (done.status_code, done.json()["sex"]) == (200, "male")


@pytest.mark.parametrize(
    ("said", "status", "field"),
    [
        ({"phone": "0912345678"}, 400, "version"),
        ({"version": 0}, 400, "version"),
        ({"version": 1, "full_name": ""}, 400, "full_name"),
        ({"version": 1, "full_name": None}, 400, "full_name"),
        ({"version": 1, "full_name": "A" * 101}, 400, "full_name"),
        ({"version": 1, "full_name": "A\x00"}, 400, "full_name"),
        ({"version": 1, "full_name": "👶"}, 422, "full_name"),
        ({"version": 1, "birth_date": "2020-02-31"}, 400, "birth_date"),
        ({"version": 1, "birth_date": "2990-01-01"}, 422, "birth_date"),
        ({"version": 1, "hamlet_id": "x"}, 400, "hamlet_id"),
        ({"version": 1, "hamlet_id": str(uuid7())}, 422, "hamlet"),
        ({"version": 1, "sex": "x"}, 400, "sex"),
        ({"version": 1, "station": str(uuid7())}, 400, "station"),
        ({"version": 1, "life_status": "dead"}, 400, "life_status"),
        ([1, 2], 400, "non_field_errors"),
    ],
)
def test_wrong_changes_are_sentences(
    program: Program, station: Facility, said: Any, status: int, field: str
) -> None:
    person = a_person(station)
    answer = program.patch(f"people/{person.pk}/", said)
    assert answer.status_code == status, answer.content.decode()
    assert field in answer.json()
    told = " ".join(text for texts in answer.json().values() for text in texts)
    assert told and not english(told)
    assert Person.unscoped.get().version == 1


@pytest.mark.parametrize("body", [b"{", b"\xff\xfe", b"[" * 5000, b"null", b'"x"', b""])
def test_what_is_no_json_is_a_sentence(program: Program, body: bytes) -> None:
    answer = program.client.post(
        "/api/people/",
        body,
        content_type="application/json",
        headers={"authorization": f"Bearer {program.text}", "Idempotency-Key": str(uuid7())},
    )
    assert answer.status_code == 400
    told = " ".join(str(text) for text in answer.json().values())
    assert told and not english(told)


# --- strangers


def test_another_stations_key_reaches_nothing(owner: User, station: Facility) -> None:
    other = a_station("21490", "Trạm Y tế xã Ba Vì")
    person, home = a_person(station), a_household(station, a_person(station, "Phạm Văn Chủ"))
    theirs = Program(a_user_of("station_head", other, "ba.vi"), other)
    for path in (f"people/{person.pk}/", f"households/{home.pk}/"):
        assert theirs.get(path).status_code == 404
        assert theirs.patch(path, {"version": 1}).status_code == 404
    assert theirs.get(f"people/?household={home.pk}").json()["results"] == []
    assert theirs.get(f"households/?member={person.pk}").json()["results"] == []
    own = other.catchments.get().hamlet
    answer = theirs.post("households/", {"head": str(person.pk), "hamlet_id": str(own.pk)})
    assert (answer.status_code, answer.json()) == (422, {"head": ["Không thấy người này trên địa bàn."]})
    hamlet = station.catchments.get().hamlet
    assert theirs.post("people/", NEW | {"hamlet_id": str(hamlet.pk)}).status_code == 422
    assert Person.unscoped.filter(full_name=NEW["full_name"]).count() == 0


@pytest.mark.parametrize("end", ["expired", "revoked", "inactive"])
def test_an_ended_key_writes_nothing(program: Program, owner: User, end: str) -> None:
    if end == "expired":
        ApiToken.objects.update(expires_at=timezone.now() - dt.timedelta(seconds=1))
    elif end == "revoked":
        with scope.system("test"):
            api_tokens.token_revoke(token=program.token)
    else:
        User.objects.filter(pk=owner.pk).update(is_active=False)
    answer = program.post("people/", NEW)
    assert (answer.status_code, answer.json()["detail"][:16]) == (401, "Mã truy cập khôn")
    assert not Person.unscoped.exists()


@pytest.mark.parametrize(
    ("right", "method", "path", "said"),
    [
        ("people.view", "post", "people/", NEW),
        ("people.view", "patch", "people/{person}/", {"version": 1}),
        ("people.enter", "get", "people/", None),
        ("people.view", "get", "households/", None),
        ("households.view", "post", "households/", {}),
        ("households.view", "patch", "households/{home}/", {"version": 1}),
    ],
)
def test_a_key_does_what_it_may(
    owner: User, station: Facility, right: str, method: str, path: str, said: Any
) -> None:
    person = a_person(station)
    home = a_household(station, person)
    path = path.format(person=person.pk, home=home.pk)
    answer = Program(owner, station, right).ask(method, path, said)
    assert answer.status_code == 403
    assert answer.json() == {"detail": "Bạn không có quyền này ở nơi làm việc đang chọn."}


def test_a_station_that_only_treats_her_does_not_change_her(owner: User, station: Facility) -> None:
    from apps.patients.models import TreatingAccess

    other = a_station("21490", "Trạm Y tế xã Ba Vì")
    person = a_person(other)
    TreatingAccess.objects.create(
        person=person, facility=station, until=timezone.localdate() + dt.timedelta(days=9)
    )
    here = Program(owner, station)
    assert here.get(f"people/{person.pk}/").json()["phone"] == ""
    assert here.patch(f"people/{person.pk}/", {"version": 1, "phone": "0912345678"}).status_code == 422


def test_too_often_is_a_sentence(program: Program, monkeypatch: Any) -> None:
    from apps.facilities.api_access import KeyThrottle

    monkeypatch.setattr(KeyThrottle, "THROTTLE_RATES", {"api_key": "2/min"})
    answers = [program.get("people/") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[-1].headers["Retry-After"] and not english(answers[-1].json()["detail"])


def test_the_description_speaks_vietnamese(owner: User) -> None:
    accept = {"accept": "application/vnd.oai.openapi+json"}
    answer = client_of(owner).get("/api/schema/", headers=accept)
    described = json.loads(answer.content)
    for path, calls in described["paths"].items():
        for method, call in calls.items():
            assert call["summary"] and not english(call["description"]), (method, path)
            assert {"401", "403", "429"} <= set(call["responses"])
            for parameter in call.get("parameters", []):
                told = parameter["description"].partition("\n")[0].replace("next", "").replace("previous", "")
                assert told and not english(told), (path, parameter["name"])
    assert described["components"]["securitySchemes"]["key"]["scheme"] == "bearer"
