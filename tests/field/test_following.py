"""What the station records on its ordinary pages answers the news that waits for it, and no other."""

import datetime as dt

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from apps.core.events import publish
from apps.core.ids import uuid7
from apps.core.scope import enter
from apps.field.models import Proposal
from apps.households import moving
from apps.households.families import Joining
from apps.households.places import Elsewhere
from apps.patients.events import PersonDied
from apps.patients.models import Person
from tests.factories.accounts import a_member
from tests.factories.catalogues import a_code
from tests.factories.field import NEWS, a_proposal
from tests.factories.patients import a_person
from tests.field.conftest import Hamlets, post

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _after_the_news(monkeypatch: pytest.MonkeyPatch) -> None:
    """The news of NEWS is of 20/11/2026; whatever today is, it is not in the future."""
    monkeypatch.setattr(timezone, "localdate", lambda *args, **kwargs: dt.date(2026, 11, 29))


def state(proposal: Proposal) -> str:
    proposal.refresh_from_db()
    return proposal.state


def test_a_death_recorded_answers(hamlets: Hamlets) -> None:
    made = a_proposal(hamlets.station, hamlets.here, "death", made_by=hamlets.worker, person=hamlets.wife)
    other = a_proposal(hamlets.station, hamlets.here, "death", made_by=hamlets.worker, person=hamlets.head)
    death = uuid7()
    with enter(hamlets.scope(hamlets.nurse)), transaction.atomic():
        publish(PersonDied(death, hamlets.wife.pk, dt.date(2026, 11, 20)))
    assert (state(made), made.result_kind, made.result_id) == ("accepted", "death", death)
    assert made.decided_by == hamlets.nurse.pk
    assert state(other) == "new"


def test_a_departure_recorded_answers(hamlets: Hamlets) -> None:
    made = a_proposal(
        hamlets.station,
        hamlets.here,
        "move_out",
        made_by=hamlets.worker,
        person=hamlets.wife,
        household=hamlets.household,
    )
    with enter(hamlets.scope(hamlets.nurse)):
        event = moving.members_depart(
            household=hamlets.household,
            people=[hamlets.wife],
            place=Elsewhere("country", text="Đà Nẵng"),
            on=dt.date(2026, 11, 20),
        )
    assert (state(made), made.result_id) == ("accepted", event.pk)


def test_an_arrival_of_that_name_in_that_hamlet_answers(hamlets: Hamlets) -> None:
    made = a_proposal(hamlets.station, hamlets.here, "move_in", made_by=hamlets.worker)
    elsewhere = a_proposal(hamlets.station, hamlets.there, "move_in", made_by=hamlets.worker)
    older = a_proposal(
        hamlets.station,
        hamlets.here,
        "move_in",
        made_by=hamlets.worker,
        data=NEWS["move_in"] | {"birth": "1960"},
    )
    person = a_person(
        hamlets.station, "Phạm Văn Mới Đến", sex="male", birth_date=dt.date(1988, 4, 2), hamlet=None
    )
    with enter(hamlets.scope(hamlets.nurse)):
        moving.member_arrive(
            household=hamlets.household,
            joining=Joining(person, "99"),
            place=Elsewhere("country", text="Đà Nẵng"),
            on=dt.date(2026, 11, 20),
        )
    assert (state(made), made.result_id) == ("accepted", person.pk)
    assert state(elsewhere) == state(older) == "new"


def test_who_may_not_answer_leaves_the_news_waiting(hamlets: Hamlets) -> None:
    made = a_proposal(hamlets.station, hamlets.here, "death", made_by=hamlets.worker, person=hamlets.wife)
    pharmacist = a_member("pharmacist", hamlets.station, "duoc")
    with enter(hamlets.scope(pharmacist)), transaction.atomic():
        publish(PersonDied(uuid7(), hamlets.wife.pk, dt.date(2026, 11, 20)))
    assert state(made) == "new"


def test_another_stations_death_answers_nothing_here(hamlets: Hamlets) -> None:
    made = a_proposal(hamlets.station, hamlets.here, "death", made_by=hamlets.worker, person=hamlets.wife)
    with enter(hamlets.scope(hamlets.nurse)), transaction.atomic():
        publish(PersonDied(uuid7(), hamlets.stranger.pk, dt.date(2026, 11, 20)))
    assert state(made) == "new"


def test_a_child_saved_from_the_filled_form_answers_the_birth(desk: Client, hamlets: Hamlets) -> None:
    made = a_proposal(
        hamlets.station,
        hamlets.here,
        "birth",
        made_by=hamlets.worker,
        person=hamlets.wife,
        household=hamlets.household,
    )
    a_code("relationship_to_head", "05", "Con đẻ")
    address = post(desk, f"/thon/de-xuat/{made.pk}/", act="open").url
    form = desk.get(address).context["form"]
    typed = {name: form[name].value() or "" for name in form.fields if name != "another"}
    typed |= {"form_key": str(uuid7()), "ethnicity": "", "nationality": ""}
    assert desk.post(address, typed).status_code == 302
    child = Person.unscoped.get(full_name="Đinh Thị Mới")
    assert (state(made), made.result_id) == ("accepted", child.pk)
