"""Make docs/permissions.md from the shipped roles, the registered sections and the marks of the views."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from apps.accounts.loading import ACTIONS
from apps.accounts.rules import expand_rights
from apps.core import registry
from apps.facilities.hours import RIGHTS
from apps.facilities.practice import ACTS, GRADES

LETTERS = {"view": "V", "enter": "N", "edit": "E", "approve": "A", "export": "X"}
REACH = {
    "station": "the station and its points",
    "region": "what reports to the centre, with its points",
    "province": "what reports to the department or the CDC",
}
HEAD = """# Permissions

Made by `manage.py list_permissions --write` from fixtures/roles.csv and the sections in the registry; a test
fails when this page is older than they are. Rights are function x action; a post gives its role's rights at
one facility, for its days. Several posts at one workplace add up; posts elsewhere do not count here.

V view, N enter, E edit, A approve (sign, review), X export. Which right a page asks for stands at its view
(`@needs`); tests/house/test_scope_walk.py walks every address with every role.
"""
RULES = """
What somebody from outside the catchment shows to a station that treats her, by reception, for 90 days: who
she is, her insurance, her allergies, and what that station did itself. Restricted records (HIV, mental
health, violence, abortion: catalogue `restricted_data`) are read by `restricted.view`, and by who wrote them.

## Who may do what at the bedside

By the right of her role and by her licence (`apps/facilities/practice.py`); which grades may do an act is the
dated parameter `practice.grades` (low confidence: compare with the circular in force).

| act | right | licence number | marked as signer | grades as shipped |
|---|---|---|---|---|
{acts}

A visit is signed at once where who ends it may sign, else it waits as 'chờ bác sĩ ký'. Several are signed at
once only when each was opened since it was last changed. Amending and 'nhập nhầm' ask for `visits.edit`.

## Who gives posts and accounts

- A post is given by `users.enter` within reach, never to oneself, and only a role whose rights the giver
  holds at her workplace or may hand on (`hands_on` below): nobody grants a right she lacks.
- Roles of the province (`apps/facilities/roles.py`, right `users.approve`) are copies of those above, which
  themselves are never changed in place: a copy holds only what shipped roles of its level hold, and of that
  only what its maker may grant. On, or changed while on, with functions that matter (above the station,
  patients, accounts, receivers) it asks a second account; off is one press and bites at the next click.
  Nobody changes or approves a role that she holds. A release that takes a right from every role of a level
  takes it from the copies too.
- A slip (one-time password) or the end of an account: `users.edit`, and only for an account each of whose
  posts the giver could have given. A slip would else be a way into somebody else's rights.
- Two people (`apps/core/approvals.py`): above the station a post with a clinical right, or with a right to
  accounts or receivers, and a slip for who holds one, the first one too unless the same two gave its posts;
  such a post for somebody of the province; switching a receiver on, or changing where an open one sends; a
  link that gives reach over a facility; everything of a station as a file; the parameters that such rules,
  licences and the logs stand on (`apps/core/guarding.py`). A point goes to another station by a reform
  alone. Who has just made an account, given it a post or printed its slip is no second person with it
  (`approvals.apart_days`).
- Single rights for hours ({hours}): asked for at a station with a reason,
  granted by another who holds the right or may hand it on, at most `rights.most_hours`, ended by the clock.
- An auditor is made with the installation's own account (`manage.py createsuperuser`), which sees no patient.
"""
# How far a right of each section reaches: 'facility' the records of the post's facilities; 'catchment' their
# people too, wherever they were seen; 'house' all; 'own' what she wrote herself, where the right is lacking.
FAR = {
    **dict.fromkeys(("people", "households"), "catchment"),
    **dict.fromkeys(("catalogues", "parameters"), "house"),
    "restricted": "own",
}


def _reach(role: dict[str, str]) -> Iterator[str]:
    """One table: what the role may do to her own records, at her point, in her station, and outside of it."""
    rights = set(expand_rights(role["rights"], ACTIONS))
    yield "| section | own | point | station | outside |"
    yield "|---|---|---|---|---|"
    for section in registry.sections:
        held = "".join(LETTERS[action] for action in ACTIONS if f"{section.key}.{action}" in rights)
        far = FAR.get(section.key, "facility")
        own, here, outside = held or ".", held or ".", "."
        if far == "own" and "visits.view" in rights:
            own = held or "V"
        elif not held:
            continue
        if far == "house":
            outside = held
        elif far == "catchment" and section.key == "people" and role["level"] == "station":
            outside = "V limited, while treated"
        elif role["level"] != "station":
            own, outside = ".", "."
        yield f"| {section.key} | {own} | {here} | {here} | {outside} |"


def _acts() -> str:
    """The acts of the bedside with the shipped grades."""
    path = Path(settings.BASE_DIR, "fixtures", "parameters", "facilities.csv")
    with path.open(encoding="utf-8", newline="") as lines:
        grades = next(json.loads(line["value"]) for line in csv.DictReader(lines) if line["key"] == GRADES)
    return "\n".join(
        f"| {key} | `{act.right}` | {'yes' if act.licensed else '-'} | {'yes' if act.signer else '-'} | "
        f"{', '.join(grades[key])} |"
        for key, act in ACTS.items()
    )


def _table(roles: list[dict[str, str]], column: str) -> Iterator[str]:
    sections = [section.key for section in registry.sections]
    yield "| role | " + " | ".join(sections) + " |"
    yield "|---" * (len(sections) + 1) + "|"
    for role in roles:
        rights = set(expand_rights(role[column], ACTIONS))
        if not rights:
            continue
        cells = [
            "".join(LETTERS[action] for action in ACTIONS if f"{section}.{action}" in rights) or "."
            for section in sections
        ]
        yield f"| {role['name']} (`{role['code']}`) | " + " | ".join(cells) + " |"


def page() -> str:
    """The page's text. Needs no database."""
    path = Path(settings.BASE_DIR, "fixtures", "roles.csv")
    with path.open(encoding="utf-8", newline="") as lines:
        roles = list(csv.DictReader(lines))
    text = [
        HEAD,
        "## What each role may do",
        "",
        *_table(roles, "rights"),
        "",
        "## How far each role sees",
        "",
    ]
    text += ["| role | reach |", "|---|---|"]
    text += [f"| {role['name']} | {REACH[role['level']]} |" for role in roles]
    text += ["", "Nobody above the station holds a clinical right. Outside reach every record is a 404."]
    text += ["", "## Role x section x own, point, station, outside", ""]
    text.append("'Station' is the reach above: for a centre or the province, the stations that report to it.")
    for role in roles:
        text += ["", f"### {role['name']} (`{role['code']}`)", "", *_reach(role)]
    hours = ", ".join(f"`{right}`" for right in RIGHTS)
    text += [
        RULES.replace("{acts}", _acts()).replace("{hours}", hours),
        "## What may be handed on without being held",
        "",
        *_table(roles, "hands_on"),
    ]
    return "\n".join(text) + "\n"


class Command(BaseCommand):
    help = "Print the permissions of the house, or write them to docs/permissions.md"

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--write", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["write"]:
            Path(settings.BASE_DIR, "docs", "permissions.md").write_text(page(), encoding="utf-8")
        else:
            self.stdout.write(page())
