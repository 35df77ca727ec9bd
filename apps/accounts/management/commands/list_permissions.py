"""Make docs/permissions.md from the shipped roles, the registered sections and the marks of the views."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from apps.accounts.loading import ACTIONS
from apps.accounts.rules import expand_rights
from apps.core import registry

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
## Who signs

| act | who |
|---|---|
| receive, weigh and measure, write the examination | `visits.enter` |
| prescribe | `prescriptions.enter` |
| end a visit | `visits.enter`; signed at once where her practitioner may sign, else 'chờ bác sĩ ký' |
| sign | `visits.approve` and a practitioner with `can_sign`, who has a licence number |
| amend, enter in error | `visits.edit` |

## Who gives posts and accounts

- A post is given by `users.enter` within reach, never to oneself, and only a role whose rights the giver
  holds at her workplace or may hand on (`hands_on` below): nobody grants a right she lacks.
- A slip (one-time password) or the end of an account: `users.edit`, and only for an account each of whose
  posts the giver could have given. A slip would else be a way into somebody else's rights.
- An auditor is made with the installation's own account (`manage.py createsuperuser`), which sees no patient.
"""


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
    text += [RULES, "## What may be handed on without being held", "", *_table(roles, "hands_on")]
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
