"""What changes facilities, hamlets, catchments and practitioners; posts: posting.py.

Every function is one transaction, checked against the scope in force and audited. The system scope
(commands, loaders) may do everything.
"""

import datetime as dt
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, models, transaction

from apps.accounts.models import User
from apps.core import audit, dated
from apps.core.errors import Refused
from apps.core.scope import current
from apps.core.text import clean
from apps.core.versions import save_versioned
from apps.facilities.models import (
    AdminUnit,
    Catchment,
    Facility,
    FacilityKind,
    Hamlet,
    Practitioner,
    UnitLevel,
)


def reach(facility: Facility) -> None:
    """Nothing is written for a facility outside the scope."""
    scope = current()
    if not (scope.level == "system" or scope.reaches(facility.pk) or scope.reaches(facility.station_id)):
        raise PermissionDenied("facility")


def _checked(row: models.Model) -> None:
    """The model's own rules as one Vietnamese sentence with its field."""
    try:
        row.full_clean()
    except ValidationError as error:
        field, found = next(iter(error.message_dict.items()))
        raise Refused(" ".join(found), field=None if field == "__all__" else field) from error


def _insert(row: models.Model) -> None:
    """Save a new row; somebody else's equal row, saved a moment ago, is a sentence and not a crash."""
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        raise Refused("Dữ liệu này vừa được người khác lưu; xin mở lại trang.") from error


@transaction.atomic
def facility_create(
    *,
    name: str,
    kind: str,
    unit: AdminUnit,
    part_of: Facility | None = None,
    valid_from: dt.date | None = None,
    **fields: Any,
) -> Facility:
    """A new facility or point. `fields`: kcb_code, code13, address, phone, is_demo. Raises Refused."""
    current().require("facilities.enter")
    if part_of is not None:
        reach(part_of)
    elif current().level == "station":
        raise PermissionDenied("facility")
    facility = Facility(
        name=clean(name), kind=kind, unit=unit, part_of=part_of, valid_from=valid_from, **fields
    )
    if part_of is not None and part_of.kind != FacilityKind.STATION:
        raise Refused("Điểm trạm phải thuộc một trạm y tế.", field="part_of")
    _checked(facility)
    _insert(facility)
    audit.record("facility.created", object_id=facility.pk, facility_id=facility.station_id)
    return facility


@transaction.atomic
def facility_update(*, facility: Facility, expected_version: int, fields: list[str]) -> Facility:
    """Save the named fields that the caller changed on `facility`. Raises Refused, StaleVersion."""
    current().require("facilities.edit")
    reach(facility)
    facility.name = clean(facility.name)
    facility.set_keys()
    _checked(facility)
    save_versioned(facility, expected=expected_version)
    audit.record("facility.changed", object_id=facility.pk, facility_id=facility.pk, data={"fields": fields})
    return facility


@transaction.atomic
def hamlet_create(
    *,
    commune: AdminUnit,
    name: str,
    code: str = "",
    kind: str = "thôn",
    sort_order: int = 100,
    valid_from: dt.date | None = None,
    facility: Facility | None = None,
) -> Hamlet:
    """A new hamlet; with `facility` its catchment opens there from the same day.

    Without `code` the next free number of the commune is taken. Raises Refused.
    """
    current().require("facilities.enter")
    if facility is not None:
        reach(facility)
    if commune.level != UnitLevel.COMMUNE:
        raise Refused("Thôn, tổ phải thuộc một xã, phường hoặc đặc khu.", field="commune")
    if current().level == "station" and (facility is None or facility.unit_id != commune.pk):
        raise PermissionDenied("commune")
    hamlet = Hamlet(
        commune=commune,
        code=clean(code) or _next_code(commune),
        name=clean(name),
        kind=kind,
        sort_order=sort_order,
        valid_from=valid_from,
    )
    _checked(hamlet)
    _insert(hamlet)
    audit.record("hamlet.created", object_id=hamlet.pk, facility_id=facility.pk if facility else None)
    if facility is not None:
        catchment_open(facility=facility, hamlet=hamlet, valid_from=valid_from)
    return hamlet


def _next_code(commune: AdminUnit) -> str:
    dated.lock(commune)
    codes = Hamlet.objects.filter(commune=commune).values_list("code", flat=True)
    return f"{max((int(code) for code in codes if code.isdecimal()), default=0) + 1:03d}"


@transaction.atomic
def hamlet_update(*, hamlet: Hamlet, expected_version: int, fields: list[str]) -> Hamlet:
    """Save the named fields that the caller changed on `hamlet`. Raises Refused, StaleVersion."""
    current().require("facilities.edit")
    stations = set(hamlet.catchments.values_list("facility_id", flat=True))
    if current().level == "station" and not stations & current().facility_ids:
        raise PermissionDenied("hamlet")
    hamlet.name = clean(hamlet.name)
    hamlet.set_keys()
    _checked(hamlet)
    save_versioned(hamlet, expected=expected_version)
    audit.record("hamlet.changed", object_id=hamlet.pk, data={"fields": fields})
    return hamlet


@transaction.atomic
def catchment_open(*, facility: Facility, hamlet: Hamlet, valid_from: dt.date | None = None) -> Catchment:
    """Give a hamlet to a station or point from a day on; the station before it ends the day before.

    With `valid_from` None it is the hamlet's first catchment and counts from always.
    """
    current().require("facilities.enter")
    reach(facility)
    if facility.kind not in (FacilityKind.STATION, FacilityKind.POINT):
        raise Refused("Chỉ trạm y tế hoặc điểm trạm có địa bàn phụ trách.", field="facility")
    rows = Catchment.objects.filter(hamlet=hamlet)
    for row in rows.select_related("facility"):
        if row.valid_to is None:
            reach(row.facility)  # nobody takes a hamlet away from a station outside her scope
    catchment = Catchment(facility=facility, hamlet=hamlet, valid_from=valid_from)
    if valid_from is None:
        dated.add_row(hamlet, rows, catchment)
    else:
        dated.replace_open(hamlet, rows, catchment)
    audit.record("catchment.opened", object_id=hamlet.pk, facility_id=facility.pk)
    return catchment


@transaction.atomic
def practitioner_create(
    *,
    full_name: str,
    facility: Facility,
    grade: str,
    user: User | None = None,
    valid_from: dt.date | None = None,
    **fields: Any,
) -> Practitioner:
    """Somebody who gives care at a station or point, with or without an account. Raises Refused.

    `fields`: licence_no, licence_scope, prescriber_code, can_sign, signature_title, valid_to.
    """
    current().require("facilities.enter")
    reach(facility)
    practitioner = Practitioner(
        full_name=clean(full_name), facility=facility, grade=grade, user=user, valid_from=valid_from, **fields
    )
    _checked(practitioner)
    _insert(practitioner)
    audit.record("practitioner.created", object_id=practitioner.pk, facility_id=facility.pk)
    return practitioner


# What decides which acts a practitioner may do (facilities/practice.py).
PRACTICE = ("grade", "licence_no", "licence_scope", "prescriber_code", "can_sign")
OWN_PRACTICE = "Chức danh, giấy phép và quyền ký của chính mình phải do người khác sửa."


@transaction.atomic
def practitioner_update(
    *, practitioner: Practitioner, expected_version: int, fields: list[str]
) -> Practitioner:
    """Save the named fields that the caller changed. Nobody widens her own practice.

    Raises Refused, StaleVersion.
    """
    scope = current()
    scope.require("facilities.edit")
    reach(practitioner.facility)
    own = scope.user_id is not None and practitioner.user_id == scope.user_id
    if own and (bound := [name for name in PRACTICE if name in fields]):
        raise Refused(OWN_PRACTICE, field=bound[0], code="own-practice")
    practitioner.full_name = clean(practitioner.full_name)
    practitioner.set_keys()
    _checked(practitioner)
    save_versioned(practitioner, expected=expected_version)
    audit.record(
        "practitioner.changed",
        object_id=practitioner.pk,
        facility_id=practitioner.facility_id,
        data={"fields": fields},
    )
    return practitioner
