"""What is played and what it may cost."""

import random
import re
import time
from typing import Any

from apps.core.text import fold
from tests.benchmarks import bare, morning
from tests.benchmarks.client import Client, Shot
from tests.benchmarks.pageform import files_of, form_with
from tests.benchmarks.playing import Scenario
from tests.benchmarks.report import Limit
from tests.benchmarks.store import Station

DISEASES = (
    *("viêm họng", "tang huyet ap", "dai thao duong", "ho", "đau lưng", "J02", "tieu chay", "sốt"),
    *("cam cum", "cao huyet ap", "roi loan tien dinh", "dau da day", "viem duong ho hap tren", "ghe"),
)

SOUGHT = ("para", "amox", "vitamin c", "oresol", "TD0", "amlodipin", "thuoc ho", "metformin")

PIN = "204816"


def _get(client: Client, path: str) -> Shot:
    began = time.perf_counter()
    return client.shot(client.get(path), began)


def _search(client: Client, text: str) -> Shot:
    began = time.perf_counter()
    answer = client.post("/tim/nhanh/", {"q": text}, part=True)
    shot = client.shot(answer, began)
    if "/nguoi/" not in answer.text:
        raise AssertionError("the search found nobody")
    return shot


def search_accents(client: Client, station: Station, rng: random.Random) -> Shot:
    return _search(client, rng.choice(station.people)[1])


def search_folded(client: Client, station: Station, rng: random.Random) -> Shot:
    """As it is typed in a hurry: no accents, the last two words, sometimes the birth year."""
    _, name, year = rng.choice(station.people)
    words = " ".join(fold(name).split()[-2:])
    return _search(client, f"{words} {year}" if rng.random() < 0.5 else words)


def search_broad(client: Client, station: Station, rng: random.Random) -> Shot:
    """One short word that fits a tenth of the station."""
    return _search(client, rng.choice(("ng", "thi", "van", "pham", "th")))


def person(client: Client, station: Station, rng: random.Random) -> Shot:
    return _get(client, f"/nguoi/{rng.choice(station.people)[0]}/")


def new_person(client: Client, station: Station, rng: random.Random) -> Shot:
    """Post the form of somebody who is not yet known, of a usual surname and year, with the numbers of her
    identity card and her insurance: looked for among those alike, then stored.
    """
    fresh = random.Random()  # whoever was made by the last run is still there: nobody may be like her
    page = client.get("/nguoi/moi/").text
    data: dict[str, Any] = form_with(page, "full_name")
    _, name, year = rng.choice(station.people)
    given = "".join(fresh.choice("bcdghklmnt") + fresh.choice("aeiou") for _ in range(3)).capitalize()
    born, sex = year or 1980, rng.choice(("male", "female"))
    century = (born // 100 - 19) * 2 + (sex == "female")
    data |= {
        "full_name": f"{name.split()[0]} {given} {rng.choice(('Thử', 'Đo', 'Lường'))}",
        "birth_date": f"{fresh.randint(1, 28):02d}/{fresh.randint(1, 12):02d}/{born}",
        "sex": sex,
        # Of a province that sends nobody here, so that they meet no number of the invented people.
        "cccd": f"001{century}{born % 100:02d}{fresh.randrange(10**6):06d}",
        "bhyt": f"DN401{fresh.randrange(10**10):010d}",
        "bhyt_from": "01/01/2026",
        "hamlet": rng.choice(re.findall(r'<option value="([0-9a-f-]{36})"', page)),
    }
    began = time.perf_counter()
    answer = client.post("/nguoi/moi/", data)
    shot = client.shot(answer, began)
    if answer.status_code != 302:
        raise AssertionError(f"the person was not stored: {answer.status_code}")
    return shot


def household(client: Client, station: Station, rng: random.Random) -> Shot:
    return _get(client, f"/ho/{rng.choice(station.households)}/")


def households(client: Client, station: Station, rng: random.Random) -> Shot:
    return _get(client, "/ho/")


def home(client: Client, station: Station, rng: random.Random) -> Shot:
    return _get(client, "/")


def day(client: Client, station: Station, rng: random.Random) -> Shot:
    return _get(client, "/kham/")


def diseases(client: Client, station: Station, rng: random.Random) -> Shot:
    began = time.perf_counter()
    answer = client.post("/danh-muc/chon/icd10/", {"q": rng.choice(DISEASES)}, part=True)
    return client.shot(answer, began)


def reception(client: Client, station: Station, rng: random.Random) -> Shot:
    """Post the form of reception: reason, payer and card as the form proposes them, a number is given."""
    for _ in range(5):  # whoever is dead is not received
        path = f"/kham/tiep-nhan/{rng.choice(station.people)[0]}/"
        data: dict[str, Any] = form_with(client.get(path).text, "payer")
        data |= {"reason": "Ho, sốt", "override": "Khám thêm lượt nữa", "then": "number"}
        began = time.perf_counter()
        answer = client.post(path, data, refusable=True)
        shot = client.shot(answer, began)
        if answer.status_code == 302:
            return shot
    raise AssertionError(f"nobody was received: {answer.status_code}")


def queue(client: Client, station: Station, rng: random.Random) -> Shot:
    """The queue as a page asks for it again, with somebody new in it."""
    return _get(client, "/kham/hang-cho/")


def visit_page(client: Client, station: Station, rng: random.Random) -> Shot:
    return _get(client, f"/kham/{_open_visit(client, station)}/")


def save_visit(client: Client, station: Station, rng: random.Random) -> Shot:
    """Post the form of an open visit with other figures; the page that follows is not part of the save."""
    path = f"/kham/{_open_visit(client, station)}/"
    data = morning.filled(client.get(path).text, rng)
    began = time.perf_counter()
    answer = client.post(path, data)
    shot = client.shot(answer, began)
    if answer.status_code != 302:
        raise AssertionError(f"the visit was not saved: {answer.status_code}")
    return shot


def prescription(client: Client, station: Station, rng: random.Random) -> Shot:
    """The printed prescription of a visit that this client has ended."""
    while "ended" not in client.memory:
        pk = rng.choice(station.people)[0]
        path, _ = morning.received(client, pk, client.get(f"/kham/tiep-nhan/{pk}/").text)
        if path:
            client.post(path, morning.filled(client.get(path).text, rng) | morning.ENDING)
            client.memory["ended"] = path
    return _get(client, f"{client.memory['ended']}don-thuoc.pdf")


def medicines(client: Client, station: Station, rng: random.Random) -> Shot:
    began = time.perf_counter()
    answer = client.post("/danh-muc/chon/drug/", {"q": rng.choice(SOUGHT)}, part=True)
    return client.shot(answer, began)


ORDER = r"/kham/chi-dinh/([0-9a-f-]{36})/"


def save_result(client: Client, station: Station, rng: random.Random) -> Shot:
    """Post a finger's glucose under an order of one's own; ordering and the page are not part of the save."""
    path = f"/kham/chi-dinh/{_order(client, station)}/"
    data: dict[str, Any] = form_with(client.get(path).text, "test-GLU_CAP")
    data |= {"test-GLU_CAP": f"{rng.uniform(4.5, 9.5):.1f}".replace(".", ","), "action": "save"}
    began = time.perf_counter()
    answer = client.post(f"{path}ket-qua/", data)
    shot = client.shot(answer, began)
    if answer.status_code != 302:
        raise AssertionError(f"the result was not saved: {answer.status_code}")
    return shot


def _order(client: Client, station: Station) -> str:
    """An order of this client alone: two who save one would only see the conflict page."""
    if "order" not in client.memory:
        address = f"/kham/{_open_visit(client, station)}/chi-dinh/"
        page = client.get(address).text
        data: dict[str, Any] = form_with(page, "note")
        data |= {"codes": ["01.0281.1510"], "override": "đo lại", "note": f"máy {client.place}"}
        client.post(f"{address}them/", data)
        before, after = (set(re.findall(ORDER, text)) for text in (page, client.get(address).text))
        client.memory["order"] = (after - before).pop()
    return str(client.memory["order"])


def _open_visit(client: Client, station: Station) -> str:
    if "visit" not in client.memory:
        # Each client saves a visit of its own: two who save one would only see the conflict page.
        client.memory["visit"] = str(station.waiting[client.place % len(station.waiting)])
    return str(client.memory["visit"])


def first_load(client: Client, station: Station, rng: random.Random) -> Shot:
    """The home page with every file it loads, nothing cached."""
    began = time.perf_counter()
    answer = client.get("/")
    size, queries = answer.num_bytes_downloaded, client.shot(answer, began).queries
    for path in files_of(answer.text):
        size += client.get(path).num_bytes_downloaded
    return Shot((time.perf_counter() - began) * 1000, queries, size)


def sign_in(client: Client, station: Station, rng: random.Random) -> Shot:
    """In the morning: the session before ends, name and password open the next."""
    client.post("/dang-xuat/", {})
    shot = client.sign_in()
    client.renew_token(client.get("/").text)
    return shot


def change_by_pin(client: Client, station: Station, rng: random.Random) -> Shot:
    """At the shared computer: the screen is locked, six digits open it; the lock is not part of the time."""
    if "pin" not in client.memory:
        client.post("/ma-pin/", {"password": client.password, "pin": PIN, "again": PIN})
        client.memory["pin"] = PIN
    client.post("/khoa/", {"back": "/"})
    page = client.get("/khoa/").text
    client.renew_token(page)
    chosen = re.search(r'name="person" value="([^"]+)"', page)
    if chosen is None:
        raise AssertionError("the lock page offers nobody")
    began = time.perf_counter()
    answer = client.post("/khoa/mo/", {"person": chosen[1], "pin": PIN})
    shot = client.shot(answer, began)
    if answer.status_code != 302:
        raise AssertionError(f"the PIN opened nothing: {answer.status_code}")
    client.renew_token(client.get("/").text)
    return shot


SEARCH = Limit(p95=60, queries=6)

ALL = (
    Scenario("search with accents", search_accents, SEARCH, bare.search),
    Scenario("search without accents", search_folded, SEARCH, bare.search),
    Scenario("search, one short word", search_broad, SEARCH),
    Scenario("person page", person, Limit(p95=80, queries=14), bare.person),
    Scenario("new person", new_person, Limit(p95=80, queries=18), share=0.5),
    Scenario("household page", household, Limit(p95=80, queries=12), bare.household),
    Scenario("household list", households),
    Scenario("home page", home, Limit(p95=100), bare.day),
    Scenario("day's visits", day, Limit(), bare.day),
    Scenario("reception", reception, Limit(p95=120, queries=25), share=0.5),
    Scenario("queue", queue, Limit(p95=100, queries=12)),
    Scenario("visit page", visit_page, Limit(p95=100, queries=25), share=0.5),
    Scenario("saving a visit", save_visit, Limit(p95=120, queries=25), bare.save, share=0.5),
    Scenario("saving a result", save_result, Limit(p95=120, queries=25), share=0.5),
    Scenario("signing in", sign_in, Limit(p95=400), share=0.5),
    Scenario("change of user by PIN", change_by_pin, Limit(p95=300), share=0.5),
    Scenario("ICD-10 picker", diseases, Limit(p95=40), bare.icd),
    Scenario("medicine picker", medicines, Limit(p95=40)),
    Scenario("prescription (PDF)", prescription, Limit(p95=400), share=0.3),
    Scenario("first page load", first_load, Limit(size=150_000), share=0.2),
)
