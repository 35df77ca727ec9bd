"""A receiver that fails in every way, workers that are killed, records edited meanwhile.

At the end the receiver holds exactly one resource a record, in its last version, and our rows tell the truth.
"""

import random
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from apps.core.scope import system
from apps.sync import comparing, outbox, services, verifying, worker
from apps.sync.mappings import records
from apps.sync.models import Comparison, Delivery, OutboxRow, Receiver
from apps.sync.receivers import http, tokens
from tests.factories.sync import (
    glucose,
    person,
    prescribed,
    prescriptions_system,
    row_of,
    visit,
    warehouse_831,
)
from tests.receiver.faults import Chaos

pytestmark = pytest.mark.django_db
CODES = ("J06.9", "I10", "K29.7", "E11.9", "M54.5")


class Killed(BaseException):
    """Stands for SIGKILL: nothing of the worker runs after it."""


def lie(liar, monkeypatch, dice: random.Random, seed: int) -> Callable[[], None]:
    """From now on the receiver fails at random and the worker is killed around its requests; gives the end
    of it.
    """
    really = http.post

    def deadly(*args, **more):
        if dice.random() < 0.04:
            raise Killed
        answer = really(*args, **more)
        if dice.random() < 0.04:
            raise Killed
        return answer

    def end() -> None:
        liar.faults.chaos = None
        monkeypatch.setattr(http, "post", really)

    monkeypatch.setattr(http, "post", deadly)
    liar.faults.chaos = Chaos(rate=0.4, seed=seed)
    return end


def resume() -> None:
    """A person looks at the receivers that have stopped, and lets them go on."""
    for receiver in Receiver.objects.filter(paused_at__isnull=False):
        with system("test"):
            services.receiver_resume(receiver_id=receiver.pk)


def work(clock) -> None:
    """One round of a worker that may be killed in it."""
    resume()
    try:
        worker.run_once(clock=clock)
        verifying.verify_due(clock=clock)
    except Killed:
        pass


def settle_down(clock) -> None:
    """Until nothing waits any more; what was refused meanwhile is sent again by a person who has looked, but
    for what she has to do by hand.
    """
    resume()
    _until_nothing_waits(clock)
    refused = OutboxRow.unscoped.filter(state__in=("rejected", "dead")).exclude(need="hand")
    outbox.send_all_again(refused)
    _until_nothing_waits(clock)
    # an honest receiver takes every record
    assert not refused, [(row.kind, row.state, row.reason, row.issues) for row in refused]


def _until_nothing_waits(clock) -> None:
    for _ in range(200):
        clock.forward(300)
        worker.drain(clock=clock)
        if not OutboxRow.unscoped.filter(state__in=("pending", "in_flight")).exists():
            break


def storm(book, liar, clock, monkeypatch, *, people: int, rounds: int, seed: int, make=visit) -> None:
    dice = random.Random(seed)
    end = lie(liar, monkeypatch, dice, seed)
    everybody = [person(f"Người Thử {n}") for n in range(people)]
    visits = [book.save(make(who)) for who in everybody for _ in range(dice.choice((1, 1, 2)))]
    edits: Counter = Counter()
    for _ in range(rounds):
        for record in dice.sample(visits, max(1, len(visits) // 6)):
            edits[record.id] += 1
            disease = records.Diagnosis("main", dice.choice(CODES), "Bệnh")
            said = {"reason": f"Lần {edits[record.id]:03d}", "diagnoses": (disease,)}
            # now with a result, or a corrected one, now with none: an order that was taken back
            number = edits[record.id]
            said["orders"] = (glucose(record, number),) if number % 4 else ()
            book.amend(record, **said)
        who = dice.choice(everybody)
        now = next(v.person for v in book.visits.values() if v.person.id == who.id)
        book.change_person(replace(now, full_name=f"Người Đổi Tên {uuid4().hex[:6]}"))
        work(clock)
        clock.forward(dice.choice((1, 20, 90)))
    end()
    settle_down(clock)


def by_encounter(liar, kind) -> dict:
    """What hangs on each encounter, by its reference."""
    found = defaultdict(list)
    for each in liar.store.of_type(kind):
        if "encounter" in each:  # an observation after a vaccination hangs on none
            found[each["encounter"]["reference"]].append(each)
    return found


def check(book, liar, receiver=None) -> None:
    encounters = {e["identifier"][0]["value"]: e for e in liar.store.of_type("Encounter")}
    assert len(encounters) == len(liar.store.of_type("Encounter"))
    conditions, observations = by_encounter(liar, "Condition"), by_encounter(liar, "Observation")
    ordered = [by_encounter(liar, kind) for kind in ("ServiceRequest", "DiagnosticReport")]
    for record in book.visits.values():
        assert row_of(record, receiver).state in ("accepted", "verified")
        held = encounters[f"urn:uuid:{record.id}"]
        assert held["reasonCode"] == [{"text": record.reason}]
        kept = liar.store.kept("Encounter", held["id"])
        said = [e["reasonCode"][0]["text"] for e in kept.history if "Lần" in e["reasonCode"][0]["text"]]
        assert said == sorted(said)  # never an older version after a newer one
        reference = f"Encounter/{held['id']}"
        valid = [
            c
            for c in conditions[reference]
            if c["verificationStatus"]["coding"][0]["code"] != "entered-in-error"
        ]
        assert [c["code"]["coding"][0]["code"] for c in valid] == [record.diagnoses[0].icd_code]
        figures = [
            o["valueQuantity"]["value"]
            for o in observations[reference]
            if o["status"] != "entered-in-error" and o["category"][0]["coding"][0]["code"] == "laboratory"
        ]
        assert figures == [order.result.values[0].value for order in record.orders]
        for of_kind in ordered:
            mine = of_kind[reference]
            standing = [r for r in mine if r["status"] != "entered-in-error"]
            assert len(mine) <= 1 and len(standing) == len(record.orders)
    known = {v.person.id: v.person for v in book.visits.values()}
    names = {p["identifier"][0]["value"]: p["name"][0]["text"] for p in liar.store.of_type("Patient")}
    for person_id, who in known.items():
        assert names[f"urn:uuid:{person_id}"] == who.full_name


def check_831(book, liar, receiver=None, people=()) -> None:
    """The same of the manner of QĐ 831: one record a visit and person, in its last version, in order."""
    for record in book.visits.values():
        assert row_of(record, receiver).state in ("accepted", "verified")
        held = liar.warehouse.records[str(record.id)]
        assert held.text("LYDOKHAM") == record.reason
        assert held.texts("MABENH") == [record.diagnoses[0].icd_code]
        assert held.texts("KETQUA") == [
            f"Glucose: {order.result.values[0].value} mmol/L" for order in record.orders
        ]
        said = [each.findtext(".//LYDOKHAM") for each in (*held.history, held.root)]
        said = [text for text in said if "Lần" in text]
        assert said == sorted(said)
        mine = [each.id for each in book.visits.values() if each.person.id == record.person.id]
        known = [liar.warehouse.records.get(str(id_)) for id_ in (*mine, record.person.id)]
        newest = max((each for each in known if each), key=lambda each: each.tracking)
        assert newest.text("HOTEN") == record.person.full_name
    known_ids = {id_ for record in book.visits.values() for id_ in (record.id, record.person.id)}
    assert liar.warehouse.records.keys() <= {str(id_) for id_ in known_ids | set(people)}


@pytest.fixture
def receiver_831(db, liar):
    yield warehouse_831(liar.root)
    tokens._kept.clear()
    tokens._failed.clear()


def test_a_small_storm_in_the_manner_of_831(book, receiver_831, liar, clock, monkeypatch):
    storm(book, liar, clock, monkeypatch, people=8, rounds=12, seed=3)
    check_831(book, liar)


@pytest.mark.slow
def test_a_great_storm_in_the_manner_of_831(book, receiver_831, liar, clock, monkeypatch):
    storm(book, liar, clock, monkeypatch, people=500, rounds=60, seed=8)
    check_831(book, liar)


# ---- the national system of prescriptions


@pytest.fixture
def system_of_prescriptions(db, liar):
    yield prescriptions_system(liar.root)
    tokens._kept.clear()
    tokens._failed.clear()


def with_code(who):
    """A visit with a prescription of its own code."""
    return prescribed(who, code=f"99001{uuid4().hex[:7]}-c")


def check_prescriptions(book, liar, receiver=None) -> None:
    """One a code, as it was first taken; a row says accepted only where that is the last content, else that a
    person has to see to it.
    """
    came = Counter()
    told = [record for record in book.visits.values() if record.prescriptions]
    for record in told:
        row = row_of(record, receiver)
        (prescription,) = record.prescriptions
        held = liar.prescriptions.held.get(prescription.code)
        came[row.state, row.need] += 1
        if row.state == "accepted":
            assert [each["ma_chan_doan"] for each in held["chan_doan"]] == [record.diagnoses[0].icd_code]
            (place,) = Delivery.unscoped.get(aggregate_id=record.id, receiver=row.receiver).resources.values()
            assert place["location"] == prescription.code
        else:
            assert held and (row.state, row.need) == ("rejected", "hand"), row.reason
    assert came["accepted", ""] and came["rejected", "hand"]
    assert liar.prescriptions.held.keys() <= {record.prescriptions[0].code for record in told}


def test_a_small_storm_of_prescriptions(book, system_of_prescriptions, liar, clock, monkeypatch):
    storm(book, liar, clock, monkeypatch, people=12, rounds=8, seed=4, make=with_code)
    check_prescriptions(book, liar)


@pytest.mark.slow
def test_a_great_storm_of_prescriptions(book, system_of_prescriptions, liar, clock, monkeypatch):
    storm(book, liar, clock, monkeypatch, people=500, rounds=40, seed=9, make=with_code)
    check_prescriptions(book, liar)


def check_later(receiver, liar, clock) -> None:
    """The receiver loses some; the comparison finds them; at the end all is there, and said to be."""
    stuck = set(OutboxRow.unscoped.filter(state__in=("rejected", "dead")).values_list("person_id", flat=True))
    lost = len(liar.store.of_type("Encounter")) // 5
    for _ in range(lost):
        liar.store.lose("Encounter")
    for _ in range(3):
        today = clock().date()
        with system("test"):
            comparing.ask(receiver, today - timedelta(days=9), today + timedelta(days=1), clock())
        for _ in range(500):
            if not verifying.verify_due(clock=clock, limit=200):
                break
        worker.drain(clock=clock)
        clock.forward(700)
    newest = OutboxRow.unscoped.exclude(person_id__in=stuck).order_by("aggregate_id", "-id")
    assert {row.state for row in newest.distinct("aggregate_id")} == {"verified"}
    assert set(Delivery.unscoped.exclude(person_id__in=stuck).values_list("found", flat=True)) == {"same"}
    rows = Comparison.objects.filter(asked_at__gte=clock() - timedelta(seconds=800))
    assert rows and all(row.equal and row.finished_at for row in rows)


@pytest.mark.parametrize("seed", [1, 2])
def test_a_small_storm(book, receiver, liar, clock, monkeypatch, seed):
    storm(book, liar, clock, monkeypatch, people=8, rounds=12, seed=seed)
    check(book, liar)
    check_later(receiver, liar, clock)
    check(book, liar)


@pytest.mark.slow
def test_a_great_storm(book, receiver, liar, clock, monkeypatch):
    storm(book, liar, clock, monkeypatch, people=500, rounds=60, seed=7)
    check(book, liar)
    check_later(receiver, liar, clock)
    check(book, liar)
