"""The roles shipped in fixtures/roles.csv."""

import csv
from pathlib import Path

from apps.accounts.models import Role
from apps.accounts.rules import expand_rights
from apps.core.registry import LoadReport

ACTIONS = ("view", "enter", "edit", "approve", "export")
FIELDS = ("name", "level", "rights", "hands_on", "order")


def load_roles(path: Path, report: LoadReport) -> None:
    """Bring the roles in; what a role may do follows the file. Idempotent."""
    known = {role.code: role for role in Role.objects.all()}
    with path.open(encoding="utf-8", newline="") as lines:
        for line in csv.DictReader(lines):
            fresh = {
                "name": line["name"],
                "level": line["level"],
                "rights": expand_rights(line["rights"], ACTIONS),
                "hands_on": expand_rights(line["hands_on"], ACTIONS),
                "order": int(line["order"]),
            }
            role = known.get(line["code"])
            if role is None:
                Role.objects.create(code=line["code"], **fresh)
                report.added += 1
            elif all(getattr(role, field) == fresh[field] for field in FIELDS):
                report.unchanged += 1
            else:
                for field in FIELDS:
                    setattr(role, field, fresh[field])
                role.version += 1
                role.save()
                report.changed += 1
