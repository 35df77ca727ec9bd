"""A very small bench, so that the large one cannot rot: every scenario is played and answers as it should."""

import os
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from apps.accounts.loading import load_roles
from apps.core.registry import LoadReport
from apps.core.scope import system
from config.embedded import BASE_DIR
from tests.benchmarks import morning, playing, report, scenarios, serving, store, syncing
from tests.benchmarks.__main__ import busy
from tests.benchmarks.client import Client, Shot, WrongAnswer
from tests.benchmarks.pageform import files_of, form_with
from tests.benchmarks.report import Limit, Line
from tests.factories.orders import order_catalogues
from tests.factories.population import ground


@pytest.fixture
def served(transactional_db: None, settings: Any, tmp_path: Path) -> Iterator[str]:
    """Two small stations behind one worker, on this worker's database."""
    # The served process knows no test settings: it checks passwords as an installation does.
    settings.PASSWORD_HASHERS = ["apps.accounts.hashers.StationArgon2"]
    ground("21484", "21040")
    load_roles(BASE_DIR / "fixtures" / "roles.csv", LoadReport())
    order_catalogues()
    store.fill(people=80, stations=2)
    env = {"DATABASE_URL": _url(), "TRAMYTE_VAR": os.environ.get("TRAMYTE_VAR", "")}
    with serving.served(env, port=serving.free_port(), workers=1, log=tmp_path / "log") as address:
        yield address


def _url() -> str:
    """The test's database as a DATABASE_URL."""
    found = {
        key: str(connection.settings_dict[key] or "") for key in ("HOST", "PORT", "USER", "PASSWORD", "NAME")
    }
    query = urllib.parse.urlencode(
        {"host": found["HOST"], "port": found["PORT"], "user": found["USER"], "password": found["PASSWORD"]}
    )
    return f"postgresql:///{found['NAME']}?{query}"


def test_it_works(served: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(playing, "WARM_UP", 1)  # the code lists that a process keeps are fetched in it
    stations = store.stations(sample=5)
    assert len(stations) == 2
    for scenario in scenarios.ALL:
        line = playing.run(scenario, served, stations, clients=1, requests=1)
        assert len(line.shots) == 1, scenario.name
        assert all(0 < shot.queries < 60 for shot in line.shots), scenario.name
        over = [each for each in line.shortfalls() if "queries" in each or "KB" in each]
        assert not over
    monkeypatch.setattr(morning, "PACE", 0.1)
    whole, *kinds = morning.run(served, stations, nurses=2, minutes=0.03)
    assert sum(len(line.shots) for line in kinds) == len(whole.shots) > 20
    assert {"saving a visit", "ending a visit", "prescription (PDF)"} <= {line.name.strip() for line in kinds}
    with system("test"):
        found = syncing.counted(syncing._visits(15))
    assert len(found) == 2
    assert not [str(each) for each in found if each.short]
    with pytest.raises(WrongAnswer, match="could not sign in"), Client(served, "nobody", "wrong"):
        pass


def shots(*times: float) -> list[Shot]:
    return [Shot(ms, 5, 1000) for ms in times]


def test_percentiles_are_those_of_the_nearest_rank() -> None:
    assert report.at([3, 1, 2], 0.5) == 2
    assert report.at(list(range(1, 101)), 0.95) == 95
    assert report.at([7], 0.95) == 7


def test_what_is_over_a_limit_is_named() -> None:
    line = Line("page", 1, shots(10, 90), 1.0, None, Limit(p95=80, queries=4, size=900))
    assert line.shortfalls() == [
        "page, 1 clients: p95 90 ms, at most 80",
        "page, 1 clients: 5 queries, at most 4",
        "page, 1 clients: 1 KB, at most 1",
    ]
    assert "p95 <= 80 ms" in report.table([line])


def test_forty_who_ask_at_the_pace_of_people_are_held_to_it() -> None:
    whole = Line("a morning", 40, shots(500), 1.0, None, Limit(p95=300), judged=True)
    assert whole.shortfalls() == ["a morning, 40 clients: p95 500 ms, at most 300"]
    assert "p95 <= 300 ms" in report.table([whole])


def test_eight_clients_are_not_held_to_the_time_of_one() -> None:
    assert Line("page", 8, shots(500), 1.0, None, Limit(p95=80)).shortfalls() == []


def test_a_busy_machine_is_told_of() -> None:
    assert "BUSY" in busy(3.0, 2)
    assert "BUSY" not in busy(0.4, 2)


def test_a_form_is_read_as_a_browser_sends_it() -> None:
    html = """<form><input name="other"></form><form><input type="hidden" name="version" value="3">
      <textarea name="reason">Ho &amp; sốt</textarea><input type="checkbox" name="no" value="1">
      <select name="payer"><option value="a">A</option><option value="b" selected>B</option></select>
      <input name="line" value="1"><input name="line" value="2"><button name="go" value="1"></form>"""
    assert form_with(html, "version") == {
        "version": "3", "reason": "Ho & sốt", "payer": "b", "line": ["1", "2"],
    }  # fmt: skip


def test_the_files_of_a_page_are_found_once() -> None:
    html = (
        """<link rel="stylesheet" href="/a.css"><script src="/b.js"></script><script src="/b.js"></script>"""
    )
    assert files_of(html) == ["/a.css", "/b.js"]
