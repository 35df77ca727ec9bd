"""The proof of sending: mixed records of many people, receivers that fail in all their ways, two workers that
are really killed, records edited, people merged and parted meanwhile.

At every moment of quiet what is said to be accepted is what the receivers hold; at the end all of it is.
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from apps.core.scope import system
from apps.sync import kinds, outbox, queries, standings
from apps.sync.mappings import records
from apps.sync.models import Delivery, OutboxRow, Receiver
from apps.sync.receivers import tokens
from tests.factories.shelves import SharedClock, Shelves
from tests.factories.sync import (
    CODE13,
    SIGN,
    check_up,
    data_axis,
    glucose,
    prescriptions_system,
    row_of,
    visit,
    warehouse,
    warehouse_831,
)
from tests.factories.vaccinations import child, national, reaction, session
from tests.receiver.faults import WAYS, Chaos
from tests.receiver.server import Receiver as Liar
from tests.sync import test_chaos, test_vaccination_chaos
from tests.sync.test_chaos import CODES, with_code
from tests.sync.test_workers import ROOT, on_this_database, until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

# Silences that are longer than the workers wait, and answers of megabytes, are rarer than the rest.
SILENCE = 2.0  # seconds
TAKES_LONG = ("timeout", "timeout_after_commit")
MIXED = (*(kind for kind in WAYS * 3 if kind not in TAKES_LONG), *TAKES_LONG, "huge", "drip")


class Storm:
    """The records, the receivers that lie about them, and who works."""

    def __init__(self, folder: Path, dice: random.Random) -> None:
        self.dice = dice
        self.shelves, self.clock = Shelves(folder), SharedClock(folder / "clock")
        self.errors = (folder / "errors").open("w+")
        self.pids: list[int] = []
        self.kills = 0
        self.forker = subprocess.Popen(
            [sys.executable, "-m", "tests.sync.storm_workers", str(folder)],
            cwd=ROOT,
            env={**os.environ, **on_this_database()},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
        )
        assert self._heard() == "ready"

    def _heard(self) -> str:
        assert self.forker.stdout
        return self.forker.stdout.readline().strip()

    def start(self) -> None:
        assert self.forker.stdin
        while len(self.pids) < 2:
            self.forker.stdin.write("\n")
            self.forker.stdin.flush()
            self.pids.append(int(self._heard()))

    def kill(self, many: int) -> None:
        for pid in self.dice.sample(self.pids, many):
            os.kill(pid, signal.SIGKILL)
            self.pids.remove(pid)
            self.kills += 1

    def let_pass(self, ended: Callable[[], bool]) -> None:
        """Time, while the workers work: what waits for it has it soon, what is on its way its lease."""

        def passed() -> bool:
            flying = OutboxRow.unscoped.filter(state="in_flight").exists()
            self.clock.forward(5 if flying else 300)
            time.sleep(0.1)
            return ended()

        until(passed, seconds=240)

    def end(self) -> None:
        self.kill(len(self.pids))
        self.forker.kill()
        self.forker.wait()

    # -- what people do meanwhile

    def fill(self, people: int) -> None:
        """Each with a record or two: a visit, with a prescription or without, a vaccination, a paper."""
        shelves, dice = self.shelves, self.dice
        for number in range(people):
            who = shelves.add(child(f"Người Thử {number}", birth_date=date(1990, 5, 3)))
            for kind in dice.sample(
                ("visit", "visit", "prescribed", "given", "paper"), dice.choice((1, 1, 2))
            ):
                if kind == "given":
                    shelves.table.save(session(who))
                elif kind == "paper":
                    shelves.papers.save(check_up(who, number=f"2026-{number:06d}"))
                else:
                    shelves.book.save(with_code(who) if kind == "prescribed" else visit(who))

    def edit(self, many: int) -> None:
        shelves, dice = self.shelves, self.dice
        for record in dice.sample(list(shelves.book.visits.values()), many):
            number = record.version
            disease = records.Diagnosis("main", dice.choice(CODES), "Bệnh")
            shelves.book.amend(
                record,
                reason=f"Lần {number:03d}",
                diagnoses=(disease,),
                orders=(glucose(record, number),) if number % 4 else (),
            )
        for given in dice.sample(list(shelves.table.sessions.values()), many // 3):
            number = given.version
            shelves.table.change_dose(
                given,
                lot=f"LÔ {number:03d}",
                state="entered_in_error" if number % 4 == 3 else "given",
                reactions=(given.immunizations[0].reactions[:1] or (reaction(),)) if number % 3 else (),
            )
        for paper in dice.sample(list(shelves.papers.held.values()), many // 5):
            shelves.papers.change(paper, conclusion=f"Lần {uuid4().hex[:6]}")
        alive = [who for who in shelves.people.values() if who.active]
        shelves.change_person(replace(dice.choice(alive), full_name=f"Người Đổi Tên {uuid4().hex[:6]}"))

    def merge_or_part(self) -> None:
        """Two become one, or two again: more of the first."""
        shelves, dice = self.shelves, self.dice
        stays = {each for each, _ in shelves.merged.values()}
        if shelves.merged and dice.random() < 0.4:
            shelves.unmerge(dice.choice(list(shelves.merged)))
            return
        free = [who.id for who in shelves.people.values() if who.active and who.id not in stays]
        shelves.merge(*dice.sample(free, 2))


@pytest.fixture
def liars() -> Iterator[tuple[Liar, Liar]]:
    """The province's warehouses and the national systems."""
    with Liar() as province, Liar() as nation:
        yield province, nation


@pytest.fixture
def receivers(transactional_db, liars, monkeypatch) -> dict[str, Receiver]:
    province, nation = liars
    key = rsa.generate_private_key(65537, 2048)
    how = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    monkeypatch.setenv(SIGN, key.private_bytes(*how).decode())
    nation.check_ups.keys[CODE13] = key.public_key()
    yield {
        "fhir": warehouse(province.base_url, settings={"verify": "content"}),
        "qd831": warehouse_831(province.root),
        "vaccination": national(nation.base_url),
        "eprescription": prescriptions_system(nation.root),
        "check_up": data_axis(nation.root),
    }
    tokens._kept.clear()
    tokens._failed.clear()


@pytest.fixture
def storm(receivers, tmp_path, monkeypatch) -> Iterator[Storm]:
    storm = Storm(tmp_path, random.Random(11))
    for key, kind in storm.shelves.kinds().items():
        monkeypatch.setitem(kinds._kinds, key, kind)
    yield storm
    storm.end()


def is_true(storm, receivers, liars) -> None:
    """Of what is said to be accepted the receivers hold the last version, and nobody else's."""
    province, nation = liars
    encounters = by_own_id(province, "Encounter")
    doses = {
        kind: by_own_id(liar, "Immunization") for kind, liar in (("fhir", province), ("vaccination", nation))
    }
    told = {receiver.pk: kind for kind, receiver in receivers.items()}
    newest = OutboxRow.unscoped.order_by("receiver_id", "kind", "aggregate_id", "-id")
    for row in newest.distinct("receiver_id", "kind", "aggregate_id"):
        if row.state not in ("accepted", "verified") or row.kind in ("person", "prescription"):
            continue
        now = storm.shelves.of[row.kind][row.aggregate_id]
        match told[row.receiver_id], row.kind:
            case "fhir", "visit":
                assert encounters[now.id.urn]["reasonCode"] == [{"text": now.reason}]
            case "qd831", "visit":
                assert province.warehouse.records[str(now.id)].text("LYDOKHAM") == now.reason
            case "fhir" | "vaccination" as kind, "vaccination":
                (dose,) = now.immunizations
                if dose.state == "given":
                    assert doses[kind][dose.id.urn]["lotNumber"] == dose.lot
            case "check_up", "check_up":
                paper = nation.check_ups.held[CODE13, now.paper.number]
                assert now.paper.conclusion in paper["KET_LUAN"].values()
            case strange:
                raise AssertionError(strange)


def by_own_id(liar, kind) -> dict:
    """What a warehouse holds of a type, by the identifier that we gave it."""
    return {each["identifier"][0]["value"]: each for each in liar.store.of_type(kind)}


def check_merges(storm, province) -> None:
    """Who is gone points to who stays; who came back to nobody; each visit hangs on whose it is."""
    patients = by_own_id(province, "Patient")
    by_own = {own: f"Patient/{each['id']}" for own, each in patients.items()}
    sessions = storm.shelves.table.sessions.values()
    given = [
        each for each in sessions if each.immunizations[0].state == "given"
    ]  # an error may never have left
    hers = {record.person.id for record in (*storm.shelves.book.visits.values(), *given)}
    for who in storm.shelves.people.values():
        held = patients.get(who.id.urn)
        if held is None:  # never told of: merged before anything of hers had left, or a paper is all there is
            assert who.id not in hers
            continue
        assert held["active"] is who.active
        links = [each["other"]["identifier"]["value"] for each in held.get("link", ())]
        assert links == ([] if who.active else [f"urn:uuid:{who.replaced_by}"])
    for held in province.store.of_type("Encounter"):
        own = held["identifier"][0]["value"].removeprefix("urn:uuid:")
        record = storm.shelves.book.visits[UUID(own)]
        assert held["subject"]["reference"] == by_own[f"urn:uuid:{record.person.id}"]


def check_papers(storm, nation, receiver) -> None:
    for paper in storm.shelves.papers.held.values():
        assert row_of(paper, receiver).state == "accepted"
        held = nation.check_ups.held[CODE13, paper.paper.number]
        assert paper.paper.conclusion in held["KET_LUAN"].values()
    assert len(nation.check_ups.held) == len(storm.shelves.papers.held)


def test_a_storm_of_everything(storm, receivers, liars):
    play(storm, receivers, liars, people=500, seconds=25)


def play(storm, receivers, liars, *, people: int, seconds: float) -> None:
    storm.fill(people)
    for number, liar in enumerate(liars):
        liar.faults.chaos = Chaos(rate=0.2, seed=number, kinds=MIXED, seconds=SILENCE)
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        storm.start()
        time.sleep(storm.dice.uniform(0.05, 0.5))
        storm.edit(max(people // 40, 5))
        storm.merge_or_part()
        test_chaos.resume()
        storm.clock.forward(15)  # waits end; what is on its way keeps its lease
        storm.kill(storm.dice.choice((0, 0, 1, 1, 2)))
        if not storm.pids:
            until(lambda: not any(liar.in_flight for liar in liars))
            is_true(storm, receivers, liars)
            storm.clock.forward(storm.dice.choice((30, 200, 900)))
    for liar in liars:
        liar.faults.chaos = None
    test_chaos.resume()
    storm.start()
    storm.let_pass(lambda: not waiting().exists())
    refused = OutboxRow.unscoped.filter(state__in=("rejected", "dead")).exclude(need="hand")
    outbox.send_all_again(refused)  # a person has looked
    storm.let_pass(lambda: not waiting().exists())
    storm.clock.forward(700)
    asked = Delivery.unscoped.filter(check_at__isnull=False)
    some = list(asked.values_list("pk", flat=True)[::5])  # each fifth: that all are alike is not the question
    asked.exclude(pk__in=some).update(check_at=None)
    storm.let_pass(lambda: not (asked.exists() or waiting().exists()))
    storm.kill(len(storm.pids))
    check(storm, receivers, liars)


def waiting():
    return OutboxRow.unscoped.filter(state__in=("pending", "in_flight", "paused"))


def check(storm, receivers, liars) -> None:
    province, nation = liars
    shelves = storm.shelves
    is_true(storm, receivers, liars)
    test_chaos.check(shelves.book, province, receivers["fhir"])
    test_chaos.check_831(shelves.book, province, receivers["qd831"], shelves.people)
    test_chaos.check_prescriptions(shelves.book, nation, receivers["eprescription"])
    test_vaccination_chaos.check(shelves.table, nation, receivers["vaccination"])
    check_papers(storm, nation, receivers["check_up"])
    check_merges(storm, province)
    assert set(Delivery.unscoped.values_list("found", flat=True)) == {"same", ""}
    with system("test") as everything:
        counts = queries.station_counts(everything)
        by_hand = OutboxRow.objects.filter(state="rejected", need="hand").count()
    assert (counts["waiting"], counts["stuck"]) == (0, by_hand)
    said = standings.of(["visit"], list(shelves.book.visits))
    words = {each.state for lines in said.values() for each in lines}
    assert words <= {"accepted", "verified"}, words
    assert storm.kills > 10 and all(OutboxRow.unscoped.filter(receiver=each) for each in receivers.values())
    storm.errors.seek(0)
    assert storm.errors.read() == ""
