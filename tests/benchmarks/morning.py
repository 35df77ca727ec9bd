"""A morning at forty desks: nurses go through whole visits at their own pace, an action every few seconds.

So the times are those of people who wait, not of a machine that asks as fast as it is answered.
"""

import random
import re
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from tests.benchmarks.client import Client, Shot, WrongAnswer
from tests.benchmarks.pageform import form_with
from tests.benchmarks.report import Limit, Line
from tests.benchmarks.store import PASSWORD, Station

NURSES = 40
PACE = 5.0  # seconds from one action of a nurse to her next
MINUTES = 3.0
EVERYTHING = Limit(p95=300)
MEDICINES = ("TD001.1", "TD028.2", "TD184.1")
ENDING = {"action": "finalise", "override": "Đã hỏi lại, đúng như vậy"}
VISIT = re.compile(r"/kham/([0-9a-f-]{36})/")

Step = tuple[str, Shot]


def run(
    address: str, stations: Sequence[Station], *, nurses: int = NURSES, minutes: float = MINUTES
) -> list[Line]:
    """One line for all actions together, which is judged, and one for each kind of action."""
    told: list[Step] = []
    errors: list[BaseException] = []
    ready = threading.Barrier(nurses, timeout=120)

    def work(place: int) -> None:
        station, rng = stations[place % len(stations)], random.Random(f"morning {place}")
        # Two nurses of one station receive different people: two who save one visit see the conflict page.
        mine = place // len(stations), -(-nurses // len(stations))
        try:
            with Client(address, station.username, PASSWORD, place) as client:
                acts = _visits(client, station, rng, *mine)
                next(acts)  # imports and code lists of a fresh process are no part of a morning
                ready.wait()
                due = time.monotonic() + rng.uniform(0, PACE)
                until = time.monotonic() + minutes * 60
                while due < until:
                    time.sleep(max(0, due - time.monotonic()))
                    told.append(next(acts))
                    due += PACE
        except BaseException as error:
            errors.append(error)
            ready.abort()

    threads = [threading.Thread(target=work, args=(place,)) for place in range(nurses)]
    for thread in threads:
        thread.start()
    began = time.perf_counter()
    for thread in threads:
        thread.join()
    if errors:
        raise next((e for e in errors if not isinstance(e, threading.BrokenBarrierError)), errors[0])
    seconds = time.perf_counter() - began
    kinds = dict.fromkeys(name for name, _ in told)
    lines = [Line("a morning", nurses, [shot for _, shot in told], seconds, None, EVERYTHING, judged=True)]
    for kind in kinds:
        shots = [shot for name, shot in told if name == kind]
        lines.append(Line(f"  {kind}", nurses, shots, seconds, None, Limit()))
    return lines


def _visits(client: Client, station: Station, rng: random.Random, place: int, of: int) -> Iterator[Step]:
    """Whole visits, one after the other, from the search to the printed prescription."""
    grown = [each for each in station.people if 1950 <= each[2] <= 2000][place::of]
    while True:
        pk, name, _ = rng.choice(grown)
        yield _timed("search", client, "/tim/nhanh/", {"q": name}, part=True)
        yield _timed("person page", client, f"/nguoi/{pk}/")
        page, shot = _page(client, f"/kham/tiep-nhan/{pk}/")
        yield "reception's form", shot
        path, shot = received(client, pk, page)
        if path is None:  # she has died, and the search said so
            continue
        yield "reception", shot
        page, shot = _page(client, path)
        yield "visit page", shot
        yield _timed("medicine picker", client, "/danh-muc/chon/drug/", {"q": "para"}, part=True)
        yield "saving a visit", _saved(client, path, filled(page, rng))
        page, shot = _page(client, path)
        yield "visit page", shot
        yield "ending a visit", _saved(client, path, form_with(page, "pressure") | ENDING)
        yield _timed("prescription (PDF)", client, f"{path}don-thuoc.pdf")
        yield _timed("queue", client, "/kham/hang-cho/")


def received(client: Client, pk: UUID, page: str) -> tuple[str | None, Shot]:
    """Her visit's address, from the filled form of reception; None where she is not received."""
    data: dict[str, Any] = form_with(page, "payer")
    data |= {"reason": "Ho, sốt", "override": "Khám thêm lượt nữa"}
    began = time.perf_counter()
    answer = client.post(f"/kham/tiep-nhan/{pk}/", data, refusable=True)
    shot = client.shot(answer, began)
    if answer.status_code != 302:
        return None, shot
    path = answer.headers["Location"]
    if not VISIT.fullmatch(path):
        raise WrongAnswer(f"no visit was opened: {path}")
    return path, shot


def filled(page: str, rng: random.Random, medicines: Sequence[str] = MEDICINES) -> dict[str, Any]:
    """The form of a visit as its page sends it, with other figures, one diagnosis and these medicines."""
    data: dict[str, Any] = form_with(page, "pressure")
    data |= {
        "temperature": f"{rng.uniform(36.5, 38.5):.1f}".replace(".", ","),
        "pulse": str(rng.randint(70, 95)),
        "pressure": f"{rng.randint(105, 135)}/{rng.randint(65, 85)}",
        "weight": str(rng.randint(45, 65)),
        "reason": f"Ho, sốt ngày thứ {rng.randint(1, 5)}",
        "examination": "Họng đỏ, phổi không ran",
        "advice": "Uống nhiều nước ấm",
        "main": "J02.9",
        "line": [str(n) for n in range(len(medicines))],
    }
    for n, code in enumerate(medicines):
        line = {"drug": code, "dose": "1", "times": "2", "days": str(rng.randint(3, 7))}
        data |= {f"line-{n}-{name}": value for name, value in line.items()}
    return data


def _page(client: Client, path: str) -> tuple[str, Shot]:
    began = time.perf_counter()
    answer = client.get(path)
    return answer.text, client.shot(answer, began)


def _saved(client: Client, path: str, data: dict[str, Any]) -> Shot:
    began = time.perf_counter()
    answer = client.post(path, data)
    shot = client.shot(answer, began)
    if answer.status_code != 302:
        raise WrongAnswer(f"{path} was not saved: {answer.status_code}")
    return shot


def _timed(
    name: str, client: Client, path: str, data: dict[str, Any] | None = None, *, part: bool = False
) -> Step:
    began = time.perf_counter()
    answer = client.get(path) if data is None else client.post(path, data, part=part)
    return name, client.shot(answer, began)
