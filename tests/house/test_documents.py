"""What the documents promise is there: variables, links, rooms, reasons of requirements."""

import dataclasses
import re
from pathlib import Path
from typing import get_args, get_type_hints

from django.conf import settings

from apps.core import registry
from apps.core.management.commands.list_events import page as page_of_events
from tests.house.test_floors import floors

ROOT: Path = settings.BASE_DIR
README = (ROOT / "README.md").read_text()
INTERNAL = {"TRAMYTE_TESTING", "TRAMYTE_DEMO_RECEIVER"}  # set by the tests and by `make demo` themselves


def test_every_variable_that_is_read_is_in_the_readme():
    code = "".join(
        path.read_text() for folder in ("config", "apps") for path in (ROOT / folder).rglob("*.py")
    )
    read = set(re.findall(r'"(TRAMYTE_[A-Z_]+|DATABASE_URL)"', code)) - INTERNAL
    constants = set(
        re.findall(r"^(TRAMYTE_[A-Z_]+) =", (ROOT / "config/settings.py").read_text(), re.MULTILINE)
    )
    missing = sorted(name for name in read - constants if f"`{name}`" not in README)
    assert not missing, missing


def test_every_link_between_documents_leads_somewhere():
    broken = []
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "fixtures").rglob("*.md")]:
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", page.read_text()):
            if not (page.parent / target).exists():
                broken.append(f"{page.relative_to(ROOT)}: {target}")
    assert not broken, broken


def test_the_page_of_events_is_up_to_date():
    written = (ROOT / "docs/events.md").read_text()
    assert written == page_of_events(), "run: manage.py list_events --write"
    assert "## VisitFinalised" in written and "- apps.sync.subscribers.visit_final" in written


def test_every_room_is_in_the_readme():
    missing = [room for room in settings.ROOMS if room.replace(".", "/") not in README]
    assert not missing, missing


def test_the_readme_lists_the_rooms_by_their_floors():
    floor = floors()
    listed = [floor[f"apps.{room}"] for room in re.findall(r"^    apps/(\w+)", README, re.MULTILINE)]
    assert len(listed) == len(settings.ROOMS)
    assert listed == sorted(listed, reverse=True)


def test_the_floor_names_what_every_registry_takes():
    """Each registry by its name; an item's fields, where they are listed, in the order of its class."""
    page = (ROOT / "docs/floor.md").read_text().split("\n### registry")[1].split("\n### ")[0]
    wrong = []
    for name, hint in get_type_hints(registry).items():
        (item,) = get_args(hint)
        fields = [field.name for field in dataclasses.fields(item)]
        wrong += [] if f"`{name}`" in page else [name]
        for written in re.findall(rf"(?<=` ){item.__name__}\(([^)]*)\)", page):
            wrong += [] if written.split(", ") == fields else [f"{item.__name__}: {fields}"]
    assert not wrong, wrong


def test_every_requirement_has_its_reason():
    page = (ROOT / "docs/decisions/0005-pinned-requirements.md").read_text()
    names = []
    for file in (ROOT / "requirements").glob("*.in"):
        for line in file.read_text().splitlines():
            if found := re.match(r"[a-zA-Z][\w.-]*", line):
                names.append(found[0])
    missing = [name for name in names if not re.search(rf"^\|.*\b{re.escape(name)}\b", page, re.MULTILINE)]
    assert not missing, missing
