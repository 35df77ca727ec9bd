"""Every channel of the house, walked: what is restricted is told where the reader has the right, and nowhere
else. A new address, file or restricted model is walked by itself.
"""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.db import models
from django.template.loader import render_to_string
from django.test import Client
from django.utils import timezone

from apps.accounts.models import Role
from apps.backup import dictionary
from apps.core import paper, registry
from apps.core.ids import uuid7
from apps.core.models import Task
from apps.core.scope import Scope, enter
from apps.encounters.models import Diagnosis, PrescriptionLine
from apps.encounters.register import A1
from apps.facilities.posts import scope_for
from apps.ncd import lists
from apps.ncd.books import A, B
from apps.patients.death_register import A6
from apps.patients.models import DeathCause, DueItem, OwnDisease, Person, TimelineEntry
from apps.patients.restricted import RIGHT
from tests import databases
from tests.factories.accounts import a_post, a_user, client_of
from tests.factories.catalogues import a_code
from tests.factories.encounters import catalogues
from tests.factories.facilities import a_station
from tests.factories.patients import a_person
from tests.house import walk

pytestmark = pytest.mark.django_db
SECRET = "Điều Kín Bưng"
MOTHER = "Hồ Thị Mẹ Nhỏ"  # of another station, so that only her child's record can name her
REGISTERS = (A1, A6, A, B)
ACTIONS = ("view", "enter", "edit", "approve", "export")
TODAY = timezone.localdate
# What of a restricted record everybody may read: where she died and who told of it.
OPEN = {"patients.Death": ("place_text", "informant")}
# What hangs on a restricted record without a mark of its own.
PARTS = ((Diagnosis, "icd_name"), (PrescriptionLine, "drug_name"), (DeathCause, "text"))
FEWEST = 120  # addresses that open, so that the walk cannot go blind


Reader = tuple[Client, Scope]
Readers = dict[bool, Reader]  # whether she has the right of restricted data


@pytest.fixture(scope="module")
def kept_close(
    django_db_setup: None, django_db_blocker: Any
) -> Iterator[tuple[tuple[walk.Side, walk.Shared], Readers]]:
    with databases.made_once(django_db_blocker):
        made = a_side_kept_close()
        yield made, {may: reader(made[0], may=may) for may in (True, False)}


@pytest.fixture
def side(
    kept_close: tuple[tuple[walk.Side, walk.Shared], Readers], db: None
) -> tuple[walk.Side, walk.Shared]:
    return kept_close[0]


@pytest.fixture
def readers(kept_close: tuple[tuple[walk.Side, walk.Shared], Readers]) -> Readers:
    return kept_close[1]


def a_side_kept_close() -> tuple[walk.Side, walk.Shared]:
    """A station with one of everything, all of it restricted; and a child of a girl of another station."""
    catalogues()
    a_code("restricted_data", "18", "Mẹ chưa đủ 18 tuổi", scope="mother", extra={"group": "minor"})
    shared = walk.shared_things()
    made = walk.a_side("21484", walk.OWN_PLACE, walk.OWN_NAME, shared)
    born = TODAY() - dt.timedelta(days=400)
    girl = a_person(
        a_station("23293", "Đăk Cấm"), MOTHER, birth_date=born.replace(day=1) - dt.timedelta(days=16 * 365)
    )
    Person.unscoped.filter(pk__in=[made.person.pk, made.member.person_id]).update(
        mother=girl, birth_date=born
    )
    told = {"person": made.person, "title": SECRET, "object_id": uuid7()}
    TimelineEntry.unscoped.create(kind="visit", at=timezone.now(), facility=made.station, **told)
    DueItem.unscoped.create(kind="appointment", due_on=TODAY(), **told)
    OwnDisease.unscoped.create(person=made.person, text=SECRET)
    for model in restricted_models():
        said: dict[str, Any] = {field.name: SECRET for field in text_fields(model)}
        if any(field.name == "restricted_by" for field in model._meta.concrete_fields):
            said["restricted_by"] = ["hiv"]
        model._base_manager.update(restricted=True, **said)
    Task.unscoped.update(state="done", outcome=SECRET, closed_at=timezone.now())
    for part, column in PARTS:
        part._base_manager.update(**{column: SECRET})
    return made, shared


def restricted_models() -> Iterator[Any]:
    for model in apps.get_models():
        if any(field.name == "restricted" for field in model._meta.concrete_fields):
            yield model


def text_fields(model: type[models.Model]) -> Iterator[models.Field]:
    """What somebody types: long enough for a sentence, of no list, and in no unique constraint."""
    for field in model._meta.concrete_fields:
        long = isinstance(field, models.TextField) or (
            isinstance(field, models.CharField) and (field.max_length or 0) >= 150
        )
        free = not field.choices and field.name not in OPEN.get(model._meta.label, ())
        if long and free and not field.name.endswith("_name"):
            yield field


def reader(side: walk.Side, *, may: bool) -> Reader:
    """Somebody of the station with every right; `may`: that of restricted data too."""
    rights = {f"{section.key}.{action}" for section in registry.sections for action in ACTIONS}
    code = "tat_ca" if may else "khong_kin"
    Role.objects.create(
        code=code, name=code, level="station", rights=sorted(rights if may else rights - {RIGHT})
    )
    user = a_user(code, "Phạm Thị Đọc")
    a_post(user, code, side.station)
    found = scope_for(user, side.station.pk)
    assert found is not None
    return client_of(user), found


@pytest.fixture
def plain_papers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Papers as the text that they are made of."""
    monkeypatch.setattr(
        paper, "pdf", lambda template, context, *a, **k: render_to_string(template, context).encode()
    )


def paths(side: walk.Side, shared: walk.Shared) -> Iterator[tuple[str, str]]:
    for address in walk.addresses():
        if not address.arguments:
            yield address.name, address.path({})
        elif address.name in walk.SAMPLES:
            yield address.name, address.path(walk.SAMPLES[address.name](side))
        elif address.name in walk.SHARED:
            yield address.name, address.path(walk.SHARED[address.name](shared))


def said(client: Client, path: str) -> tuple[int, str]:
    answer = client.get(path)
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content  # type: ignore[attr-defined]
    return answer.status_code, content.decode("utf-8", "replace")


def test_no_address_tells_it(
    side: tuple[walk.Side, walk.Shared], readers: Readers, plain_papers: None
) -> None:
    client, _ = readers[False]
    opened, told = 0, []
    for name, path in paths(*side):
        status, content = said(client, path)
        opened += status == 200
        told += [f"{name}: {word}" for word in (SECRET, MOTHER) if word in content]
    assert not told
    assert opened >= FEWEST, opened


# Where whoever has the right reads it: without these the walk above would prove nothing.
CHANNELS = {
    "core:home": (SECRET,),
    "core:task": (SECRET,),
    "patients:duplicate": (MOTHER,),
    "patients:person": (SECRET, MOTHER),
    "patients:record": (SECRET, MOTHER),
    "patients:record_paper": (SECRET, MOTHER),
    "patients:record_section": (SECRET,),
    "patients:record_line": (SECRET,),
    "patients:deaths": (SECRET,),
    "patients:deaths_paper": (SECRET,),
    "patients:death": (SECRET,),
    "patients:death_amend": (SECRET,),
    "patients:death_versions": (SECRET,),
    "care:move": (SECRET,),
    "care:cancel": (SECRET,),
    "care:call": (SECRET,),
    "care:enrolment": (SECRET,),
    "care:measurements": (SECRET,),
    "care:series": (SECRET,),
    "field:home": (SECRET,),
    "field:household": (SECRET,),
    "encounters:day": (SECRET,),
    "encounters:open": (SECRET,),
    "encounters:visit": (SECRET,),
    "encounters:amend": (SECRET,),
    "encounters:exam_slip": (SECRET, MOTHER),
    "encounters:prescription": (SECRET, MOTHER),
    "people-record": (SECRET,),
    "visits-list": (SECRET,),
    "visits-detail": (SECRET,),
}


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_channel(
    channel: str, side: tuple[walk.Side, walk.Shared], readers: Readers, plain_papers: None
) -> None:
    path = dict(paths(*side))[channel]
    seen, kept = (said(readers[may][0], path)[1] for may in (True, False))
    for word in CHANNELS[channel]:
        assert word in seen, "told to nobody any more, or the sample is empty"
        assert word not in kept


@pytest.mark.parametrize("role", ["nurse", "population", "village_worker"])
def test_no_address_tells_it_to_a_role_of_the_station(
    role: str, side: tuple[walk.Side, walk.Shared], plain_papers: None
) -> None:
    """The roles as they ship, and whoever is given some hamlets only."""
    user = a_user(f"{role}.doc", "Phạm Thị Đọc")
    a_post(user, role, side[0].station)
    client = client_of(user)
    told = [
        name for name, path in paths(*side) if any(word in said(client, path)[1] for word in (SECRET, MOTHER))
    ]
    assert not told


def test_no_file_tells_it(side: tuple[walk.Side, walk.Shared], readers: Readers) -> None:
    """Every kind of list that leaves, and the station's own data as tables."""
    hamlet, today = str(side[0].hamlet.pk), f"{TODAY():%Y-%m-%d}"
    asked: dict[str, Any] = {
        "hamlet": hamlet, "group": next(iter(registry.target_groups)).key, "on": today, "since": "2020-01-01",
        "until": today, "picked": {}, "programme": "hypertension", "key": next(reversed(lists.LISTS)),
        "receiver": str(side[1].national.pk),
    }  # fmt: skip
    first_dates = {f"{book.key}.book": next(iter(book.dates)) for book in REGISTERS}
    seen = dict[bool, str]()
    for may in (True, False):
        here = readers[may][1]
        with enter(here):
            files = []
            for kind in registry.exports.all():
                rows = kind.sheet(asked | {"by": first_dates.get(kind.key, "")}).rows
                files += [" ".join(map(str, cells)) for _, cells in rows]
            for table in dictionary.tables():
                names = [column.name for column in table.columns]
                files += [str(row) for row in dictionary.rows_of(table, here).values_list(*names)]
            seen[may] = "\n".join(files)
    assert SECRET in seen[True]
    assert SECRET not in seen[False]


def test_what_is_found_by_typing_tells_it_nowhere(
    side: tuple[walk.Side, walk.Shared], readers: Readers
) -> None:
    client, _ = readers[False]
    words = ("Điều Kín Bưng", walk.OWN_NAME, "Hồ Thị Mẹ Nhỏ")
    for path in ("/tim/nhanh/", "/tim/", "/thon/tim/", "/danh-muc/chon/person/", "/danh-muc/chon/household/"):
        for word in words:
            content = client.post(path, {"q": word, "form_key": str(uuid7())}).content.decode()
            assert MOTHER not in content.replace(word, "") and SECRET not in content.replace(word, ""), path
