"""The roles shipped in fixtures/roles.csv, and what a release means for those that the province made."""

import csv
from pathlib import Path

from apps.accounts.models import Role, RoleLevel
from apps.accounts.rights import ACTION_WORDS
from apps.accounts.rules import expand_rights
from apps.core.registry import LoadReport

ACTIONS = tuple(ACTION_WORDS)
FIELDS = ("name", "level", "rights", "hands_on", "order", "by_hamlet")


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
                "by_hamlet": line["by_hamlet"] == "yes",
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
    _keep_within(report)


def _keep_within(report: LoadReport) -> None:
    """A role of the province keeps no right that this release gives to none of its level."""
    shipped = list(Role.objects.filter(based_on=None))
    within = {
        level: {right for role in shipped if role.level == level for right in role.rights}
        for level in RoleLevel.values
    }
    for role in Role.objects.exclude(based_on=None).select_related("based_on"):
        base = role.based_on.hands_on if role.based_on else []
        rights = [right for right in role.rights if right in within[role.level]]
        hands_on = [right for right in role.hands_on if right in base]
        if (rights, hands_on) != (role.rights, role.hands_on):
            role.rights, role.hands_on = rights, hands_on
            role.version += 1
            role.save()
            report.notes.append(f"Vai trò {role.name}: bớt những quyền mà bản này không còn giao ở cấp ấy")
