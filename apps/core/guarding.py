"""Parameters that nobody changes alone: bounds on which rules of two people, of licences and of logs stand.

One fills in a row, another approves (core.approvals). What a release ships comes in by `load_catalogues`,
like the software itself.
"""

import datetime as dt
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from apps.core import approvals, audit
from apps.core.errors import Refused
from apps.core.models import Parameter, PendingChange

CHANGE = "parameter"  # the ChangeKind
GUARDED = frozenset(
    {
        approvals.APART_DAYS,
        "exports.second_person_above",
        "practice.grades",
        "rights.most_hours",
        "emergency.daily_cap",
        "audit.keep_years",
        "readlog.keep_years",
    }
)
LOCAL = "local"  # set here: the next release leaves it alone
FIELDS = [
    field
    for field in Parameter._meta.fields
    if field.name in ("key", "value", "unit", "valid_from", "valid_to", "source")
]


@transaction.atomic
def parameter_keep(*, row: Parameter, fields: list[str]) -> PendingChange | None:
    """Save what an administrator has filled in, or ask a second person; the change that waits then."""
    stored = Parameter.objects.filter(pk=row.pk).first()
    if not GUARDED & {row.key, stored.key if stored else ""}:
        _write(row, fields)
        return None
    seen, wanted = _values(stored), _values(row)
    return approvals.ask(
        CHANGE,
        object_id=row.pk,
        title=f"Đổi tham số {row.key}",
        lines=[
            (str(field.verbose_name), _word(seen, field.name), _word(wanted, field.name)) for field in FIELDS
        ],
        args={"seen": seen, "wanted": wanted},
    )


def parameter_approved(change: PendingChange) -> None:
    """Put in force what the second person has seen, if the row still is as she saw it."""
    stored = Parameter.objects.select_for_update().filter(pk=change.object_id).first()
    seen, wanted = change.args["seen"], change.args["wanted"]
    if _values(stored) != seen:
        raise Refused("Tham số này đã đổi từ lúc xin. Người xin cần gửi lại yêu cầu.")
    row = stored or Parameter(pk=change.object_id)
    for field in FIELDS:
        setattr(row, field.name, field.to_python(wanted[field.name]))
    _write(row, [name for name in wanted if wanted[name] != seen.get(name)])


def _write(row: Parameter, fields: list[str]) -> None:
    """A threshold decides for every station: who set it stands in the audit, and no release undoes it."""
    try:
        row.validate_constraints()
    except ValidationError as error:
        raise Refused("Đã có một dòng của tham số này từ cùng ngày.") from error
    row.confidence = LOCAL
    row.version += not row._state.adding
    row.save()
    audit.record("parameter.changed", object_id=row.pk, data={"key": row.key, "fields": fields})


def _values(row: Parameter | None) -> dict[str, Any]:
    """As JSON keeps them, so that what was seen and what is now can be compared."""
    if row is None:
        return {}
    values = {field.name: getattr(row, field.name) for field in FIELDS}
    return {name: str(value) if isinstance(value, dt.date) else value for name, value in values.items()}


def _word(values: dict[str, Any], name: str) -> str:
    value = values.get(name)
    if isinstance(value, dict):
        return "; ".join(f"{key}: {each}" for key, each in value.items())
    return "" if value is None else str(value)
