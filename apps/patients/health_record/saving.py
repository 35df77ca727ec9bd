"""Everything that writes the health record. One transaction each, audited, told to the others.

Whoever writes locks the person's HealthRecord first, so two people never interleave. What a section or line
said before is kept as a RecordVersion. Unscoped: the person was found within the scope, `_own_record` asks
for her station, and what the scope may not read is neither shown in a sentence nor overwritten.
"""

import copy
from collections.abc import Iterable, Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from apps.catalogues import codes, icd
from apps.core import audit, parameters
from apps.core.errors import NeedsReason, Refused, Warning
from apps.core.events import publish
from apps.core.scope import RESTRICTED_RIGHT, current
from apps.core.text import clean
from apps.core.versions import save_versioned
from apps.core.words import completed_months
from apps.patients import projections, restricted
from apps.patients.events import HealthRecordChanged, HealthRecordReviewed
from apps.patients.health_record import rules
from apps.patients.health_record.due import DUE_KIND
from apps.patients.health_record.parts import ADMINISTRATIVE, LISTS, PARTS, Part, subject_of
from apps.patients.models import AskedNone, HealthRecord, LineState, Person, RecordVersion

EDIT = "records.edit"
MINOR = "minor"


# --- what may be said


def blocks(part: Part, person: Person, values: Mapping[str, Any]) -> list[Refused]:
    """Everything the law or arithmetic says no to, for a form that tells all at once."""
    found = list(_too_long(part, values)) + list(_unknown_codes(part, values))
    subject = subject_of(person)
    if part.key == "luc-sinh":
        found += rules.birth_blocks(values, *_birth_bounds())
    elif part.key == "nguy-co":
        found += rules.risk_blocks(values)
    elif part.key == "sinh-san":
        found += rules.reproductive_blocks(values, subject)
    elif part.many:
        found += rules.line_blocks(part.key, values, subject)
    if not part.many and part is not ADMINISTRATIVE:
        found += _belongs_elsewhere(part, values)
    return found


def doubts(part: Part, person: Person, values: Mapping[str, Any]) -> list[Warning]:
    """What goes through once a reason is given."""
    if part.key == "luc-sinh":
        return list(rules.birth_doubts(values, *_birth_bounds()))
    if part.key == "sinh-san":
        return list(rules.reproductive_doubts(values, subject_of(person)))
    return []


def _birth_bounds() -> tuple[rules.Bounds, rules.Bounds]:
    found = parameters.values(["record.birth_weight_g", "record.birth_length_cm"], on=timezone.localdate())
    weight, length = (
        rules.Bounds(tuple(found[key]["can"]), tuple(found[key]["usual"]))
        for key in ("record.birth_weight_g", "record.birth_length_cm")
    )
    return weight, length


def _too_long(part: Part, values: Mapping[str, Any]) -> Iterable[Refused]:
    for name, value in values.items():
        most = getattr(part.model._meta.get_field(name), "max_length", None)
        if isinstance(value, str) and most and len(value) > most:
            yield Refused(f"{part.label(name)} dài {len(value)} chữ, tối đa là {most}.", field=name)


def _unknown_codes(part: Part, values: Mapping[str, Any]) -> Iterable[Refused]:
    for name, value in values.items():
        lists = LISTS.get((part.key, name))
        for code in (value if isinstance(value, list) else [value]) if lists else []:
            if code and not any(codes.get(each, code) for each in lists or ()):
                yield Refused("Mã này không có trong danh mục.", field=name)
    icd_code = values.get("icd_code")
    if icd_code and icd_code not in icd.names([icd_code], on=timezone.localdate()):
        yield Refused(f"Không có mã bệnh “{icd_code[:12]}” trong danh mục ICD-10.", field="icd_code")
    if part.many and "code" in part.fields and not values.get("code"):
        yield Refused("Hãy chọn một mục trong danh sách.", field="code")


def _texts(part: Part, values: Mapping[str, Any]) -> dict[str, str]:
    """The free texts among the values; what is hidden as a field needs no look."""
    coded = {name for key, name in LISTS if key == part.key} | {"icd_code"}
    return {
        name: value
        for name, value in values.items()
        if isinstance(value, str) and value and name not in coded and name not in part.hidden
    }


def _belongs_elsewhere(part: Part, values: Mapping[str, Any]) -> Iterable[Refused]:
    """A section that everybody reads takes no word that only few may read."""
    for name, text in _texts(part, values).items():
        if restricted.groups_of(restricted.rules_on(timezone.localdate()), texts=[text], drugs=[text]):
            yield Refused(
                "Điều này thuộc dữ liệu hạn chế xem. Hãy ghi ở mục B.3 hoặc B.8: ở đó chỉ người có quyền mới "
                "đọc được.",
                field=name,
            )


def _groups(part: Part, person: Person, values: Mapping[str, Any]) -> list[str]:
    """Why a line, or the reproductive history of a girl, is read by few."""
    if part.key == "sinh-san":
        return [MINOR] if _is_minor(person) else []
    if not part.many:
        return []
    stands_for = codes.get("record_disease", values.get("code") or "")
    of_list = stands_for.scope if stands_for and part.key in ("benh-tat", "gia-dinh") else ""
    texts = list(_texts(part, values).values())
    return restricted.groups_of(
        restricted.rules_on(timezone.localdate()),
        icd=[code for code in (values.get("icd_code"), of_list) if code],
        drugs=texts,
        texts=texts,
    )


def _is_minor(person: Person) -> bool:
    if person.birth_date is None:
        return False
    today = timezone.localdate()
    years = int(parameters.value("record.adult_years", on=today))
    return completed_months(person.birth_date, today) < years * 12


# --- sections that stand once


@transaction.atomic
def section_save(
    *, person: Person, part: Part, values: Mapping[str, Any], expected_version: int, reason: str = ""
) -> Any:
    """Saves a section; what it said before is kept. `expected_version` is 0 for one not written yet."""
    if not part.fits(person):
        raise Refused("Tiền sử sinh sản chỉ ghi cho nữ.")
    record = _own_record(person)
    scope = current()
    said = _typed(part, part.shown(scope), values)
    stored = record if part.model is HealthRecord else part.model.unscoped.filter(person=person).first()
    if stored is not None and stored.restricted and not scope.can(RESTRICTED_RIGHT):
        raise Refused("Mục này chỉ người có quyền xem dữ liệu hạn chế mới ghi được.")
    _judge(part, person, said, reason)
    if stored is None:
        if expected_version:
            raise Refused("Mục này chưa được ghi. Hãy mở lại trang và ghi lại.")
        row = part.model(person=person)
    else:
        row = copy.copy(stored)
        if part.model is HealthRecord and stored.said_at is None and not expected_version:
            expected_version = stored.version  # opened by another section's first save: nobody wrote this one
    for name, value in said.items():
        setattr(row, name, value)
    _mark(row, part, person)
    row.reason = clean(reason)
    _store(part, row, stored, expected_version)
    return row


def _judge(part: Part, person: Person, said: Mapping[str, Any], reason: str) -> None:
    for refusal in blocks(part, person, said):
        raise refusal
    if not clean(reason) and (asked := doubts(part, person, said)):
        raise NeedsReason(asked)


# --- lines


@transaction.atomic
def line_add(*, person: Person, part: Part, values: Mapping[str, Any]) -> Any:
    """Writes a new line; the same active one is not made twice."""
    _own_record(person)
    said = _typed(part, part.fields, values)
    _judge(part, person, said, "")
    _not_twice(part, person, said)
    row = part.model(person=person, **said)
    _mark(row, part, person)
    _store(part, row, None, 0)
    if not row.restricted:  # else whoever may not read it would see that something was written
        _withdraw_none(person, part)
    return row


@transaction.atomic
def line_change(
    *, line: Any, part: Part, values: Mapping[str, Any], state: str, expected_version: int
) -> Any:
    """Amends a line, or says that it is over or was a mistake. `line` was found within the scope."""
    _own_record(line.person)
    if state not in LineState.values:
        raise Refused("Hãy chọn trạng thái.", field="state")
    said = _typed(part, part.fields, values)
    _judge(part, line.person, said, "")
    if state == LineState.ACTIVE:
        _not_twice(part, line.person, said, besides=line)
    stored = part.model.unscoped.select_related("person").get(pk=line.pk)
    row = copy.copy(stored)
    for name, value in said.items():
        setattr(row, name, value)
    row.state = state
    _mark(row, part, line.person)
    _store(part, row, stored, expected_version)
    return row


def _not_twice(part: Part, person: Person, said: Mapping[str, Any], besides: Any = None) -> None:
    same = {f"{name}__iexact" if name == "text" else name: said[name] for name in _TELLING if name in said}
    # Within the scope: a refusal must not tell of a line that the asker may not read.
    twins = part.model.objects.filter(person=person, state=LineState.ACTIVE, **same)
    if twins.exclude(pk=besides.pk if besides else None).exists():
        raise Refused("Đã có dòng này trong hồ sơ.", field="code" if "code" in said else "text")


_TELLING = ("code", "icd_code", "relative", "text")


# --- 'không', and the yearly review


@transaction.atomic
def none_say(*, person: Person, part: Part) -> None:
    """She was asked for a section's lines, and there are none."""
    _own_record(person)
    if part.model.objects.filter(person=person, state=LineState.ACTIVE).exists():
        raise Refused("Mục này đang có dòng. Đã khỏi hoặc nhập nhầm thì sửa dòng đó trước.")
    present = AskedNone.unscoped.filter(person=person, part=part.key, withdrawn_on__isnull=True).first()
    if present is None:
        present = AskedNone(person=person, part=part.key)
    _said(present)
    present.save()
    audit.record("record.none", person_id=person.pk, object_id=present.pk, data={"part": part.title})
    publish(HealthRecordChanged(person.pk, part.key))


def _withdraw_none(person: Person, part: Part) -> None:
    AskedNone.unscoped.filter(person=person, part=part.key, withdrawn_on__isnull=True).update(
        withdrawn_on=timezone.localdate()
    )


@transaction.atomic
def record_review(*, person: Person) -> HealthRecord:
    """The whole record was gone through with her today; said twice a day, it is one review."""
    record, today = _own_record(person), timezone.localdate()
    if record.said_at is None and not _says_anything(person):
        raise Refused("Hồ sơ chưa ghi mục nào. Hãy ghi từng mục, hoặc ghi là không có.")
    if record.reviewed_on != today:
        record.reviewed_on, record.reviewed_by_name = today, current().shown_name
        # Without a new version: who is writing section A meanwhile does not contradict this.
        HealthRecord.unscoped.filter(pk=record.pk).update(
            reviewed_on=today, reviewed_by_name=record.reviewed_by_name
        )
        audit.record("record.reviewed", person_id=person.pk, object_id=record.pk)
        publish(HealthRecordReviewed(person.pk, today))
    projections.close_due(kind=DUE_KIND, object_id=record.pk)
    return record


def _says_anything(person: Person) -> bool:
    models: list[Any] = [AskedNone, *(part.model for part in PARTS.values() if part is not ADMINISTRATIVE)]
    # Within the scope: what the asker may not read must not show by being enough.
    return any(model.objects.filter(person=person).exists() for model in models)


# --- shared


def _own_record(person: Person) -> HealthRecord:
    """The locked record of somebody of one's own catchment; opened when there is none yet."""
    scope = current()
    scope.require(EDIT)
    if not scope.reaches(person.station_id):
        raise PermissionDenied(EDIT)
    HealthRecord.unscoped.get_or_create(person=person)
    return HealthRecord.unscoped.select_for_update(of=("self",)).get(person=person)


def _typed(part: Part, names: Iterable[str], values: Mapping[str, Any]) -> dict[str, Any]:
    """What was said of these fields, in clean text; where nothing was, what the column holds then."""
    said = {}
    for name in names:
        column, value = part.model._meta.get_field(name), values.get(name)
        if isinstance(value, str):
            value = clean(value, lines=True)
        said[name] = column.get_default() if value is None and not column.null else value
    return said


def _mark(row: Any, part: Part, person: Person) -> None:
    """A line that was once restricted stays so: its earlier versions can be read."""
    groups = _groups(part, person, {name: getattr(row, name) for name in part.fields})
    row.restricted_by = sorted({*groups, *(row.restricted_by if part.many else ())})
    row.restricted = bool(row.restricted_by)


def _said(row: Any) -> None:
    scope = current()
    row.said_at, row.said_by, row.said_by_name = timezone.now(), scope.user_id, scope.shown_name


def values_of(part: Part, row: Any) -> dict[str, Any]:
    """All that a section or line says, ready for JSON."""
    names = (*part.fields, "state") if part.many else part.fields
    return {name: getattr(row, name) for name in names} | {"reason": row.reason}


def _store(part: Part, row: Any, stored: Any, expected: int) -> None:
    """Writes `row` over `stored` and keeps what was there; nothing happens where nothing has changed."""
    if stored is not None and values_of(part, stored) == values_of(part, row) and stored.version == expected:
        return
    _said(row)
    if stored is None:
        row.save(force_insert=True)
    else:
        save_versioned(row, expected=expected)
        if stored.said_at is not None:
            _keep(part, stored, row)
    audit.record(
        "record.saved",
        person_id=row.person_id,
        object_id=row.pk,
        data={"part": f"{part.number} {part.title}"},
    )
    publish(HealthRecordChanged(row.person_id, part.key))


def _keep(part: Part, stored: Any, row: Any) -> None:
    RecordVersion.unscoped.create(
        person_id=stored.person_id,
        part=part.key,
        object_id=stored.pk,
        of_version=stored.version,
        data=values_of(part, stored),
        said_at=stored.said_at,
        said_by=stored.said_by,
        said_by_name=stored.said_by_name,
        restricted=stored.restricted or row.restricted,
        restricted_by=sorted({*stored.restricted_by, *row.restricted_by}),
        replaced_at=row.said_at,
        replaced_by=row.said_by,
        replaced_by_name=row.said_by_name,
    )
