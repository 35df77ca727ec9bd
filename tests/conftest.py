"""What every test shares: the database of the worker, the browser, pictures, the accessibility check."""

import gc
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import hypothesis
import pytest
from django.urls import Resolver404, resolve

from tests import places

# Playwright's loop runs in this thread; Django would refuse to touch the database beside it.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
os.environ["TRAMYTE_JOBS"] = "inline"
os.environ["TRAMYTE_TESTING"] = "1"
# A server of their own: theirs need not survive a power cut, a developer's own data shall.
os.environ.setdefault("TRAMYTE_VAR", str(places.VAR))
os.environ["TRAMYTE_LOG_LEVEL"] = os.environ.get("TRAMYTE_LOG_LEVEL", "ERROR")

CHROMIUM = os.environ.get("TRAMYTE_CHROMIUM", "/usr/bin/chromium-headless-shell")
CHROMIUM_FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
# A property's time depends on who else uses the processors, so none has a deadline.
hypothesis.settings.register_profile("usual", deadline=None)
hypothesis.settings.register_profile("full", max_examples=2000, deadline=None)  # make test-all
hypothesis.settings.load_profile("usual")
SIZES = {"1366x768": {"width": 1366, "height": 768}, "390x844": {"width": 390, "height": 844}}
TALLEST = 6_000  # pixels of a picture's window; a longer page is photographed as it is
DATABASE_FIXTURES = {"db", "transactional_db", "live_server", "django_db_reset_sequences"}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--no-pictures", action="store_true", help="photograph() takes none: nobody looks at them"
    )
    parser.addoption(
        "--axe-once", action="store_true", help="axe_clean() looks at each address once, in its first state"
    )


def pytest_configure(config: pytest.Config) -> None:
    from django.conf import settings
    from django.middleware import csrf

    from config import embedded

    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    # pytest-django has read the settings before this file set the environment
    settings.TESTING = True
    if embedded.in_use():
        settings.DATABASES["default"] |= embedded.database()
    settings.TRAMYTE_JOBS = "inline"
    # No token of a form shall spell what a page must not tell: 'HIV' did once in a thousand pages.
    csrf.CSRF_ALLOWED_CHARS = "wxyz"
    # Each test's client is a server of its own: it shall not list all static files before its first page.
    settings.WHITENOISE_AUTOREFRESH = True
    places.SCREENS.mkdir(parents=True, exist_ok=True)
    config.sealed = tempfile.TemporaryDirectory(prefix="tramyte-sealed-")  # type: ignore[attr-defined]
    settings.SEALED_DIR = config.sealed.name  # type: ignore[attr-defined]


# Files of a minute or more begin first: the last ones decide how long two processors are busy.
LONG = (
    "test_every_page.py",
    "test_chaos.py",
    "test_demo.py",
    "test_scope_walk.py",
    "test_no_english.py",
    "test_making.py",
    "test_visit_by_keyboard.py",
)


def pytest_collection_finish() -> None:
    """What the house has loaded stays: the collector of cycles need not walk it again and again (a tenth of
    the processor's time).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files first; mark what needs a browser and what needs a database, so that .ci/run can choose."""
    items.sort(key=lambda item: LONG.index(item.path.name) if item.path.name in LONG else len(LONG))
    for item in items:
        fixtures = set(getattr(item, "fixturenames", ()))
        if "page" in fixtures or "context" in fixtures:
            item.add_marker(pytest.mark.browser)
        if fixtures & DATABASE_FIXTURES or item.get_closest_marker("django_db"):
            item.add_marker(pytest.mark.database)


@pytest.fixture(scope="session")
def django_db_setup(
    request: pytest.FixtureRequest, django_test_environment: None, django_db_blocker: Any
) -> Iterator[None]:
    """A clone of the template database for this worker; committing tests get a fresh clone afterwards."""
    from django.test import TransactionTestCase

    from config import embedded
    from tests import databases

    worker = getattr(request.config, "workerinput", {}).get("workerid", "main")
    name = databases.clone_name(worker, os.getpid() if worker == "main" else os.getppid())
    with django_db_blocker.unblock():
        embedded.ensure()
        databases.prepare(name)
    # Django would TRUNCATE every table, which the append-only ones rightly refuse.
    original = TransactionTestCase._fixture_teardown
    TransactionTestCase._fixture_teardown = lambda case: databases.renew(name)
    yield
    TransactionTestCase._fixture_teardown = original
    with django_db_blocker.unblock():
        databases.drop(name)


@pytest.fixture
def system_scope() -> Iterator[Any]:
    """The test's body works as the system: unfiltered."""
    from apps.core import scope

    with scope.system("test") as active:
        yield active


@pytest.fixture
def heard() -> Iterator[Callable[..., list[Any]]]:
    """``heard(PersonDeparted, ...)``: the list of what is published from now on, until the test ends."""
    from apps.core import events

    told: list[Any] = []
    listening: list[type[events.Event]] = []

    def listen(*kinds: type[events.Event]) -> list[Any]:
        for kind in kinds:
            events.subscribe(kind, told.append)
            listening.append(kind)
        return told

    yield listen
    for kind in listening:
        events._subscribers[kind].remove(told.append)


@pytest.fixture(autouse=True)
def _fresh_code_lists() -> None:
    """Code lists are kept in the process; a test must not see those of the one before."""
    from apps.catalogues import codes

    codes.forget()


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_type_launch_args, "executable_path": CHROMIUM, "args": CHROMIUM_FLAGS}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return {
        **browser_context_args,
        "locale": "vi-VN",
        "timezone_id": "Asia/Ho_Chi_Minh",
        "viewport": SIZES["1366x768"],
    }


@pytest.fixture
def page(page: Any) -> Iterator[Any]:
    """Playwright's page; the test fails when it asks an outside host or writes an error into the console."""
    outside: list[str] = []
    errors: list[str] = []

    def on_request(request: Any) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in {"http", "https", "ws", "wss"} and parts.hostname not in {
            "localhost",
            "127.0.0.1",
        }:
            outside.append(request.url)

    def on_console(message: Any) -> None:
        # A refused request (403, 409 ...) is reported here too, and often is what the test wants.
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            errors.append(message.text)

    opened = page.goto

    def goto(url: str, **options: Any) -> Any:
        """Opens a page and waits for its cursor, as a person does: a key typed before would be lost."""
        answer = opened(url, **options)
        if page.locator("[autofocus]:visible").count():
            page.wait_for_function("() => document.activeElement !== document.body")
        return answer

    page.goto = goto
    page.on("request", on_request)
    page.on("console", on_console)
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    assert not outside, f"the page asked outside hosts: {outside}"
    assert not errors, f"errors in the browser's console: {errors}"


@pytest.fixture
def axe_clean(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[Any], None]:
    """``axe_clean(page)``: fails with a readable list of what axe-core finds wrong, and of keys that two
    things of the page answer to. A look takes half a second: `make test` spends it on each address once,
    `make test-all` on every state and size that a test comes by.
    """
    once = request.config.getoption("--axe-once")
    base = tmp_path_factory.getbasetemp()
    seen = (base.parent if hasattr(request.config, "workerinput") else base) / "axe"  # of all workers

    def check(page: Any) -> None:
        keys = page.locator("[data-key^=F]").evaluate_all("all => all.map(each => each.dataset.key)")
        found = [f"{key}: two things answer" for key in set(keys) if keys.count(key) > 1]
        if not once or first_look(seen, name_of(urlsplit(page.url).path)):
            found += axe_faults(page)
        assert not found, "\n".join(found)

    return check


def first_look(seen: Path, address: str) -> bool:
    """Whether nobody has looked at the address in this run; from now on somebody has."""
    seen.mkdir(exist_ok=True)
    try:
        (seen / quote(address, safe="")).touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


def name_of(path: str) -> str:
    """The name under which the URLconf knows it; a path that it does not know is its own."""
    try:
        return resolve(path).view_name
    except Resolver404:
        return path


def axe_faults(page: Any) -> list[str]:
    """What axe-core finds wrong (WCAG 2.2 AA), a line each."""
    from axe_playwright_python.base import AXE_SCRIPT

    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    found = page.evaluate("() => axe.run({resultTypes: ['violations']}).then((told) => told.violations)")
    return [f"{v['id']}: {v['help']} -> {v['nodes'][0]['html'][:200]}" for v in found]


@pytest.fixture
def photograph(request: pytest.FixtureRequest) -> Callable[[Any, str], None]:
    """``photograph(page, "person")``: both sizes into var/screens/, to be looked at."""
    wanted = not request.config.getoption("--no-pictures")

    def take(page: Any, name: str) -> None:
        if not wanted:
            return
        before = page.viewport_size
        for size, viewport in SIZES.items():
            page.set_viewport_size(viewport)
            # As tall as the page, from its top: else what sticks to the screen's edges stands in mid-picture.
            page.evaluate("() => window.scrollTo(0, 0)")
            height = page.evaluate("() => document.documentElement.scrollHeight")
            page.set_viewport_size(viewport | {"height": max(viewport["height"], min(height, TALLEST))})
            page.screenshot(path=places.SCREENS / f"{name}-{size}.png", full_page=True)
        page.set_viewport_size(before)

    return take
