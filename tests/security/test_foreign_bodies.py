"""Every form of the house, sent as a page of one's own offers it, with the ids of another station in it.

Each form is filled as far as a machine can and sent; then once more for each id of ours in it, with the
stranger's of the same kind in its place. Whatever the answer, no statement that writes may name the stranger.
"""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from http.cookies import SimpleCookie
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, models, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.accounts.models import Role
from apps.core import paper, registry
from apps.core.ids import uuid7
from tests.factories.accounts import a_post, a_user, client_of
from tests.factories.encounters import catalogues
from tests.house import walk
from tests.security.conftest import Attacker

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
ACTIONS = ("view", "enter", "edit", "approve", "export")
WRITES = re.compile(r"^(INSERT INTO|UPDATE|DELETE FROM) ")
# What was tried and refused is written down all the same.
LOGS = ('"core_auditentry"', '"core_readentry"', '"core_submittedform"', '"core_draft"')
# Pages whose form a machine fills well enough to be taken, and ids exchanged: with fewer it proves little.
FEWEST_TAKEN, FEWEST_TRIED = 20, 30


class Forms(HTMLParser):
    """The forms of a page that post: (address, {field: values offered or preset})."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, list[str]]]] = []
        self.fields: dict[str, list[str]] | None = None
        self.select = self.area = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        name = said.get("name", "")
        if tag == "form":
            self.fields = {} if said.get("method", "").lower() == "post" else None
            if self.fields is not None:
                self.found.append((said.get("action", ""), self.fields))
        elif self.fields is None:
            return
        elif tag == "select":
            self.select = name
            self.fields.setdefault(name, [])
        elif tag == "option" and self.select:
            values = self.fields[self.select]
            values.insert(0 if "selected" in said else len(values), said.get("value", ""))
        elif tag == "textarea" and name:
            self.fields[name] = [""]
        elif tag == "input" and name:
            kind = said.get("type", "text")
            if kind in ("checkbox", "radio"):
                values = self.fields.setdefault(name, [])
                values.insert(0 if "checked" in said else len(values), said.get("value", "on"))
            elif kind != "file":
                usual = f"{timezone.localdate():%d/%m/%Y}" if "data-date" in said else ""
                self.fields[name] = [said.get("value", "") or usual]

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.fields = None
        elif tag == "select":
            self.select = ""


def filled(fields: dict[str, list[str]]) -> dict[str, str]:
    """The form as somebody in a hurry sends it: what is preset, else the first choice, else a word."""
    typed = {name: next((each for each in values if each), "Xem lại") for name, values in fields.items()}
    return typed | {"form_key": str(uuid7())}


def counterparts(own: walk.Side, foreign: walk.Side) -> dict[str, str]:
    """Ids of ours -> the stranger's of the same kind. Codes of people and families are a station's own."""
    found: dict[str, str] = {}
    for name, mine in vars(own).items():
        pair = [(mine, getattr(foreign, name))]
        if name == "made":
            pair = [(one, vars(foreign.made)[key]) for key, one in vars(mine).items()]
        for ours, theirs in pair:
            if isinstance(ours, models.Model):
                found[str(ours.pk)] = str(theirs.pk)
                for field in ours._meta.concrete_fields:
                    mine_id, their_id = getattr(ours, field.attname), getattr(theirs, field.attname)
                    if isinstance(mine_id, UUID) and isinstance(their_id, UUID) and mine_id != their_id:
                        found.setdefault(str(mine_id), str(their_id))
    return found


def pages(side: walk.Side) -> Iterator[tuple[str, str]]:
    for address in walk.addresses():
        if address.name in walk.SAMPLES:
            yield address.name, address.path(walk.SAMPLES[address.name](side))
        elif not address.arguments:
            yield address.name, address.path({})


def send(head: Attacker, path: str, typed: dict[str, Any], strangers: set[str]) -> tuple[int, list[str]]:
    """What came of it, and what was written that names a stranger; taken back."""
    kept = head.client.cookies.output(header="", sep=";")
    with transaction.atomic(), CaptureQueriesContext(connection) as asked:
        answer = head.client.post(path, typed)
        transaction.set_rollback(True)
    head.client.cookies = SimpleCookie(kept)  # also after the form that signs her out
    written = [
        each["sql"]
        for each in asked.captured_queries
        if WRITES.match(each["sql"]) and not any(log in each["sql"] for log in LOGS)
    ]
    return answer.status_code, [sql[:300] for sql in written if any(each in sql for each in strangers)]


@pytest.fixture(autouse=True)
def papers_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paper, "pdf", lambda *args, **more: b"%PDF")


def test_no_form_takes_the_ids_of_another_station(db: None) -> None:
    catalogues()
    shared = walk.shared_things()
    own = walk.a_side("21484", walk.OWN_PLACE, walk.OWN_NAME, shared)
    foreign = walk.a_side("23293", walk.FOREIGN_PLACE, walk.FOREIGN_NAME, shared)
    rights = [f"{section.key}.{action}" for section in registry.sections for action in ACTIONS]
    Role.objects.create(code="moi_viec", name="Mọi việc", level="station", rights=rights)
    user = a_user("tat.ca", "Phạm Thị Tất Cả")
    a_post(user, "moi_viec", own.station, practitioner=own.practitioner)
    head = Attacker(client_of(user))
    theirs = counterparts(own, foreign)
    taken, tried, wrong = set(), 0, []
    for name, path in pages(own):
        answer = head.get(path)
        if answer.status_code != 200 or "text/html" not in answer["Content-Type"]:
            continue
        for action, fields in Forms(answer.content.decode()).found:
            if "form_key" not in fields:
                continue  # signing out, choosing another workplace: nothing of people's
            to = action or path
            typed = filled(fields)
            status, _ = send(head, to, typed, set())
            if status == 302:
                taken.add(name)
            for field, values in fields.items():
                for ours in {each for each in values if each in theirs}:
                    stranger = theirs[ours]
                    status, written = send(
                        head, to, typed | {"form_key": str(uuid7()), field: stranger}, {stranger}
                    )
                    tried += 1
                    if written or status >= 500:
                        wrong.append((name, to, field, status, written))
    assert not wrong
    assert len(taken) >= FEWEST_TAKEN and tried >= FEWEST_TRIED, (len(taken), tried)
