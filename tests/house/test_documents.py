"""What the documents promise is there: variables, links, rooms, reasons of requirements."""

import re
from pathlib import Path

from django.conf import settings

from apps.core.management.commands.list_events import page as page_of_events

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


def test_every_requirement_has_its_reason():
    page = (ROOT / "docs/decisions/0005-pinned-requirements.md").read_text()
    names = []
    for file in (ROOT / "requirements").glob("*.in"):
        for line in file.read_text().splitlines():
            if found := re.match(r"[a-zA-Z][\w.-]*", line):
                names.append(found[0])
    missing = [name for name in names if not re.search(rf"^\|.*\b{re.escape(name)}\b", page, re.MULTILINE)]
    assert not missing, missing
