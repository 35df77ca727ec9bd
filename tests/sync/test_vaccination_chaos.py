"""The storm of test_chaos over vaccinations: exactly one resource a dose, in its last version, in order."""

import random
from dataclasses import replace
from uuid import uuid4

import pytest

from apps.sync import kinds
from tests.factories.sync import row_of
from tests.factories.vaccinations import Table, child, national, reaction, session
from tests.sync.test_chaos import lie, settle_down, work

pytestmark = pytest.mark.django_db


@pytest.fixture
def table(monkeypatch):
    table = Table()
    for kind, read in (("vaccination", table.sessions.get), ("person", table.person)):
        monkeypatch.setitem(kinds._kinds, kind, kinds.Kind(kind, kind, read))
    return table


def storm(table, liar, clock, monkeypatch, *, people: int, rounds: int, seed: int) -> None:
    dice = random.Random(seed)
    end = lie(liar, monkeypatch, dice, seed)
    everybody = [child(f"Trẻ Thử {n}") for n in range(people)]
    given = [table.save(session(who)) for who in everybody for _ in range(dice.choice((1, 1, 2)))]
    for _ in range(rounds):
        for record in dice.sample(given, max(1, len(given) // 6)):
            (now,) = table.sessions[record.id].immunizations
            number = table.sessions[record.id].version
            felt = now.reactions[:1] or (reaction(),)
            table.change_dose(
                record,
                lot=f"LÔ {number:03d}",
                state="entered_in_error" if number % 4 == 3 else "given",
                reactions=felt if number % 3 else (),
            )
        now = table.person(dice.choice(everybody).id)
        table.change_person(replace(now, full_name=f"Trẻ Đổi Tên {uuid4().hex[:6]}"))
        work(clock)
        clock.forward(dice.choice((1, 20, 90)))
    end()
    settle_down(clock)


def check(table, liar, receiver=None) -> None:
    doses = {each["identifier"][0]["value"]: each for each in liar.store.of_type("Immunization")}
    felt = {each["identifier"][0]["value"]: each for each in liar.store.of_type("Observation")}
    assert len(doses) == len(liar.store.of_type("Immunization"))
    assert len(felt) == len(liar.store.of_type("Observation"))
    for record in table.sessions.values():
        assert row_of(record, receiver).state in ("accepted", "verified", "superseded")
        (now,) = record.immunizations
        held = doses.get(now.id.urn)
        if now.state == "entered_in_error":
            assert held is None or held["status"] == "entered-in-error"
            continue
        assert (held["status"], held["lotNumber"]) == ("completed", now.lot)
        kept = liar.store.kept("Immunization", held["id"])
        said = [each["lotNumber"] for each in kept.history if each.get("lotNumber", "").startswith("LÔ")]
        assert said == sorted(said), "never an older version after a newer one"
        standing = [each for each in now.reactions if felt[each.id.urn]["status"] == "final"]
        assert len(standing) == len(now.reactions)
    names = {
        each["identifier"][0]["value"]: each["name"][0]["text"] for each in liar.store.of_type("Patient")
    }
    for record in table.sessions.values():
        if record.person.id.urn in names:
            assert names[record.person.id.urn] == record.person.full_name


@pytest.mark.parametrize("seed", [1, 2])
def test_a_small_storm(table, liar, clock, monkeypatch, seed):
    national(liar.base_url)
    storm(table, liar, clock, monkeypatch, people=8, rounds=12, seed=seed)
    check(table, liar)
    assert liar.store.of_type("Immunization")


@pytest.mark.slow
def test_a_great_storm(table, liar, clock, monkeypatch):
    national(liar.base_url)
    storm(table, liar, clock, monkeypatch, people=200, rounds=40, seed=5)
    check(table, liar)
