"""Every page that opens, in the browser at both sizes: read by axe, no wider than the screen, photographed.

The pictures go to var/screens/every/; somebody has to look at them.
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from apps.accounts.models import Role
from apps.core import registry
from tests import places
from tests.conftest import SIZES, axe_faults
from tests.factories.accounts import a_post, a_user, client_of
from tests.factories.encounters import catalogues
from tests.factories.facilities import a_department
from tests.house import walk

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

# The first elements that reach beyond the right edge, if the page scrolls sideways.
WIDE = """() => {
  const most = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= most) return null;
  const wide = [...document.querySelectorAll("body *")].filter(
    (node) => node.getBoundingClientRect().right > most + 1);
  return wide.slice(0, 3).map((node) => node.outerHTML.slice(0, 120));
}"""
ACTIONS = ("view", "enter", "edit", "approve", "export")
# That many pages at least, so that the walk cannot go blind.
LEAST = {"station": 60, "province": 40, "admin": 40, "nobody": 1}
# What Django's own administration brings: the names of its search boxes and of a column without one.
DJANGOS = ("aria-input-field-name", "empty-table-header")


@pytest.fixture
def side() -> tuple[walk.Side, walk.Shared]:
    catalogues()
    shared = walk.shared_things()
    return walk.a_side("21484", walk.OWN_PLACE, walk.OWN_NAME, shared), shared


def somebody(who: str, side: walk.Side) -> Client:
    """Who may do everything at the station, or at the province; or nobody who is known."""
    if who == "nobody":
        return Client()
    level = "station" if who == "station" else "province"
    rights = [f"{section.key}.{action}" for section in registry.sections for action in ACTIONS]
    Role.objects.create(code="moi_viec", name="Mọi việc", level=level, rights=rights)
    user = a_user("tatca", "Công Tằng Tôn Nữ Nguyễn Thị Tất Cả")
    if level == "station":
        a_post(user, "moi_viec", side.station, practitioner=side.practitioner)
    else:
        a_post(user, "moi_viec", a_department())
    return client_of(user)


def paths(who: str, side: walk.Side, shared: walk.Shared) -> Iterator[tuple[str, str]]:
    """Names and paths to be opened."""
    if who == "admin":
        yield from admin_paths()
        return
    for address in walk.addresses():
        if not address.arguments:
            yield address.name, address.path({})
        elif address.name in walk.SAMPLES:
            yield address.name, address.path(walk.SAMPLES[address.name](side))
        elif address.name in walk.SHARED:
            yield address.name, address.path(walk.SHARED[address.name](shared))


def admin_paths() -> Iterator[tuple[str, str]]:
    yield "admin", reverse("admin:index")
    for model in admin.site._registry:
        base = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        yield f"{base}_list", reverse(f"{base}_changelist")
        yield f"{base}_add", reverse(f"{base}_add")
        row = model._base_manager.first()
        if row is not None:
            yield f"{base}_change", reverse(f"{base}_change", args=[row.pk])


def is_page(client: Client, path: str) -> bool:
    """A whole page: not a file, an answer for a program, a part of a page or a refusal."""
    answer = client.get(path)
    return answer.status_code == 200 and not answer.streaming and b"</html>" in answer.content


@pytest.mark.parametrize("who", ["nobody", "station", "province", "admin"])
def test_every_page(who: str, context: Any, live_server: Any, side: tuple[walk.Side, walk.Shared]) -> None:
    # Its own page: the administration's search boxes ask for inline styles; the console tells the refusal.
    client, page = somebody(who, side[0]), context.new_page()
    folder = places.SCREENS / "every"
    folder.mkdir(parents=True, exist_ok=True)
    if "tramyte" in client.cookies:
        cookie = {"name": "tramyte", "value": client.cookies["tramyte"].value, "url": live_server.url}
        page.context.add_cookies([cookie])
    wrong: defaultdict[str, list[str]] = defaultdict(list)
    opened = 0
    for name, path in paths(who, *side):
        if not is_page(client, path):
            continue
        opened += 1
        page.goto(live_server.url + path)
        # No page asks for its size while it loads, so the second size needs no second visit.
        for size, viewport in SIZES.items():
            page.set_viewport_size(viewport)
            page.screenshot(path=folder / f"{who}-{name.replace(':', '-')}-{size}.png", full_page=True)
            if who != "admin" and (wide := page.evaluate(WIDE)):
                wrong["wider than the screen"].append(f"{name} {size}: {wide}")
            for fault in axe_faults(page):
                if who == "admin" and fault.startswith(DJANGOS):
                    continue
                wrong[fault].append(f"{name} {size}")
    told = [f"{fault}\n    {', '.join(pages)}" for fault, pages in wrong.items()]
    assert not told, "\n".join(told)
    assert opened >= LEAST[who], opened
