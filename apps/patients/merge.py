"""Two records of one person become one: what one knows goes to the other, and the first points to it.

Nothing is deleted and nothing is lost: the old record keeps its own fields, each row that moved stands in the
journal of the MergeRecord, and un-merging (unmerge.py) puts it back. How rows follow is said by each room
(registry.merge_rules).

Unscoped where both people have been taken through the scope and locked.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.core import audit, registry
from apps.core.errors import NeedsReason, Refused, Warning
from apps.core.events import publish
from apps.core.registry import MergeQuestion, MergeStep
from apps.core.scope import current
from apps.core.text import clean
from apps.facilities.models import Facility
from apps.patients import alike, keys, plausibility
from apps.patients.duplicates import pair_settled
from apps.patients.events import PersonMerged
from apps.patients.merge_rules import current_clashes
from apps.patients.models import LifeStatus, MergeRecord, PairState, Person
from apps.patients.steps import data_of

EDIT, TWO_NUMBERS = "duplicates.edit", "duplicates.approve"
STALE = "Một trong hai hồ sơ vừa được sửa ở máy khác. Hãy xem lại bảng so sánh rồi gộp."
GONE = "Một trong hai hồ sơ đã được gộp rồi."
NUMBERS = (
    "Hai hồ sơ có hai số định danh cá nhân khác nhau đang có hiệu lực. Chỉ người được cấp quyền theo giờ "
    "«Gộp hai hồ sơ có hai số định danh khác nhau» mới gộp được."
)
NOTE_LIMIT = 1000  # of Person.note
LIVES = {
    "dead": "Một hồ sơ ghi đã mất, một hồ sơ không. Hãy sửa tình trạng cho đúng ở cả hai hồ sơ rồi gộp.",
    "away": "Hồ sơ giữ lại đang ghi {state}, hồ sơ kia ghi còn sống tại địa bàn. Hãy giữ hồ sơ còn sống.",
}


@dataclass(frozen=True)
class Group:
    """Columns that tell one thing and are chosen together. `fixed`: as the record that stays has it."""

    key: str
    label: str
    columns: tuple[str, ...]
    fixed: bool = False
    joins: bool = False  # texts of both can stand one below the other


GROUPS = (
    Group("full_name", "Họ và tên", ("full_name",)),
    Group("birth", "Ngày sinh", ("birth_date", "birth_precision")),
    Group("sex", "Giới tính", ("sex",)),
    Group("ethnicity", "Dân tộc", ("ethnicity",)),
    Group("nationality", "Quốc tịch", ("nationality",)),
    Group("occupation", "Nghề nghiệp", ("occupation",)),
    Group("home", "Nơi ở", ("hamlet_id", "address_text")),
    Group("permanent", "Thường trú", ("permanent_text", "permanent_unit_id")),
    Group("phone", "Điện thoại", ("phone",)),
    Group("email", "Thư điện tử", ("email",)),
    Group("education", "Học vấn", ("education",)),
    Group("marital_status", "Hôn nhân", ("marital_status",)),
    Group("blood_group", "Nhóm máu", ("blood_group",)),
    Group("mother", "Mẹ", ("mother_id",)),
    Group("father", "Bố", ("father_id",)),
    Group("guardian", "Người giám hộ", ("guardian_name", "guardian_relation")),
    Group("life", "Tình trạng", ("life_status", "died_on"), fixed=True),
    Group("note", "Ghi chú", ("note",), joins=True),
)


def values_of(person: Person, group: Group) -> tuple[Any, ...]:
    return tuple(getattr(person, name) for name in group.columns)


def says_something(person: Person, group: Group) -> bool:
    """Whether the record knows anything of this."""
    value = getattr(person, group.columns[0])
    return value not in (None, "", "unknown") or any(
        getattr(person, name) not in (None, "") for name in group.columns if name == "address_text"
    )


def differs(kept: Person, old: Person, group: Group) -> bool:
    return not group.fixed and values_of(kept, group) != values_of(old, group)


def suggested(kept: Person, old: Person, group: Group) -> str:
    """'kept' or 'old' (or 'both'): what is known before what is not, then what is known more exactly."""
    if not says_something(kept, group) and says_something(old, group):
        return "old"
    if group.joins and says_something(kept, group) and says_something(old, group):
        return "both"
    if group.key == "birth" and kept.birth_precision != "day" and old.birth_precision == "day":
        return "old" if old.birth_date else "kept"
    return "kept"


# --- before


def step_of(kept: Person, old: Person, choices: Mapping[str, str] | None = None) -> MergeStep:
    return MergeStep(old.pk, kept.pk, timezone.localdate(), dict(choices or {}))


def questions(step: MergeStep) -> list[MergeQuestion]:
    """What the rooms let choose."""
    return [each for rule in registry.merge_rules if rule.ask for each in rule.ask(step)]


def refusals(kept: Person, old: Person, step: MergeStep) -> list[str]:
    """Why these two may not be merged now, in sentences."""
    found = []
    if LifeStatus.DEAD in {kept.life_status, old.life_status} and kept.life_status != old.life_status:
        found.append(LIVES["dead"])
    elif kept.life_status != LifeStatus.ALIVE and old.life_status == LifeStatus.ALIVE:
        found.append(LIVES["away"].format(state=kept.get_life_status_display().lower()))
    if "cccd" in current_clashes(old.pk, kept.pk) and not current().can(TWO_NUMBERS):
        found.append(NUMBERS)
    said = (rule.refuse(step) for rule in registry.merge_rules if rule.refuse)
    return [*found, *dict.fromkeys(sentence for sentence in said if sentence)]


def doubts(kept: Person, old: Person) -> list[Warning]:
    """What is odd for two records of one person, and asks for a reason."""
    found = []
    if {kept.sex, old.sex} == {"male", "female"}:
        found.append(Warning("sex", "Hai hồ sơ ghi khác giới tính.", "reason"))
    years = (kept.birth_year, old.birth_year)
    if years[0] is not None and years[1] is not None and abs(years[0] - years[1]) >= alike.YEARS_APART:
        found.append(Warning("birth", f"Năm sinh cách nhau {abs(years[0] - years[1])} năm.", "reason"))
    names = [alike.Facts(person.full_name) for person in (kept, old)]
    if alike.name_alike(names[0].key, names[1].key) < alike.UNLIKE_NAME:
        found.append(Warning("name", "Họ tên hai hồ sơ rất khác nhau.", "reason"))
    if kept.mother_id and kept.mother_id == old.mother_id and names[0].given != names[1].given:
        found.append(Warning("siblings", "Cùng mẹ nhưng khác tên gọi: có thể là hai anh chị em.", "reason"))
    return found


# --- the merge


@transaction.atomic
def person_merge(
    *,
    kept_id: UUID,
    old_id: UUID,
    versions: tuple[int, int],
    choices: Mapping[str, str] | None = None,
    reason: str = "",
) -> MergeRecord:
    """Merge the record `old_id` into `kept_id`, whose versions (kept's, old's) somebody has compared.

    `choices`: the key of a group or question -> 'kept', 'old' (or 'both' where texts are joined); what is
    left out is as suggested. Raises Person.DoesNotExist outside the scope, Refused, NeedsReason while
    `reason` is empty and something is odd.
    """
    scope = current()
    scope.require(EDIT)
    choices, reason = dict(choices or {}), clean(reason)[:300]
    kept, old = lock_both(kept_id, old_id)
    if kept.merged_into_id or old.merged_into_id:
        raise Refused(GONE, code="gone")
    if (kept.version, old.version) != versions:
        raise Refused(STALE, code="stale")
    step = step_of(kept, old, choices)
    if sentences := refusals(kept, old, step):
        raise Refused(" ".join(sentences), code="merge")
    odd = doubts(kept, old)
    if odd and not reason:
        raise NeedsReason(odd)
    clashes = current_clashes(old.pk, kept.pk)
    taken = _join_fields(kept, old, step)
    for values in taken.values():
        step.journal.change(kept, **values)
    step.journal.change(old, merged_into_id=kept.pk)
    try:
        with transaction.atomic():
            for rule in registry.merge_rules:
                rule.apply(step)
    except IntegrityError as clash:
        raise Refused("Dữ liệu của hai hồ sơ vướng nhau nên chưa gộp được. Hãy báo quản trị.") from clash
    kept = Person.unscoped.defer("search").get(pk=kept.pk)  # as the rules have left her; locked above
    keys.renew(kept)
    record = MergeRecord.unscoped.create(
        old=old,
        kept=kept,
        station_id=kept.station_id,
        at=timezone.now(),
        by=scope.user_id,
        by_name=scope.shown_name,
        reason=reason,
        lines=step.journal.lines,
    )
    pair_settled(kept, old, PairState.MERGED)
    audit.record(
        "person.merged",
        person_id=kept.pk,
        object_id=record.pk,
        facility_id=kept.station_id,
        data={
            "old": old.code,
            "kept": kept.code,
            "old_id": old.pk,
            "fields": list(taken),
            "two_numbers": "cccd" in clashes,
            "warnings": [warning.code for warning in odd],
            "reason": reason,
        },
    )
    publish(PersonMerged(old.pk, kept.pk))
    return record


def lock_both(kept_id: UUID, old_id: UUID) -> tuple[Person, Person]:
    """Both people, within the scope and of its own stations, locked in the order of their ids.

    Whoever merges the same two the other way round waits here and then finds one of them merged. The merges
    of one station take turns: each also changes the records merged into its two before, which cannot be known
    until these two are locked. What the rooms lock before a person is locked first, so that nobody waits in a
    circle.
    """
    if kept_id == old_id:
        raise Refused("Hãy chọn hai hồ sơ khác nhau.", code="same")
    scope = current()
    stations = Person.objects.filter(pk__in=[kept_id, old_id]).values_list("station_id", flat=True)
    turns = Facility.objects.select_for_update(no_key=True).filter(pk__in=list(stations)).order_by("pk")
    list(turns.values_list("pk"))
    step = MergeStep(old_id, kept_id, timezone.localdate())
    for rule in registry.merge_rules:
        if rule.lock:
            rule.lock(step)
    rows = Person.objects.filter(pk__in=[kept_id, old_id]).defer("search").order_by("pk")
    found = {row.pk: row for row in rows.select_for_update(of=("self",))}
    if len(found) != 2:
        raise Person.DoesNotExist
    if not all(scope.reaches(person.station_id) for person in found.values()):
        raise Refused("Chỉ gộp được hai hồ sơ cùng thuộc địa bàn của trạm.", code="elsewhere")
    if found[kept_id].station_id != found[old_id].station_id:
        raise Refused("Hai hồ sơ thuộc hai trạm. Hãy chuyển nơi ở về một trạm rồi gộp.", code="elsewhere")
    return found[kept_id], found[old_id]


def _join_fields(kept: Person, old: Person, step: MergeStep) -> dict[str, dict[str, Any]]:
    """What of the other record is chosen, by group: the columns of the one that stays. Raises Refused."""
    taken: dict[str, dict[str, Any]] = {}
    for group in GROUPS:
        if not differs(kept, old, group):
            continue
        choice = step.choices.get(group.key) or suggested(kept, old, group)
        if choice == "both" and group.joins:
            column = group.columns[0]
            joined = "; ".join(text for text in (getattr(kept, column), getattr(old, column)) if text)
            if len(joined) > NOTE_LIMIT:
                raise Refused("Hai ghi chú gộp lại dài quá 1.000 chữ. Hãy chọn một ghi chú.", field=group.key)
            taken[group.key] = {column: joined}
        elif choice == "old":
            taken[group.key] = {name: getattr(old, name) for name in group.columns}
    flat = {name: value for values in taken.values() for name, value in values.items()}
    for refusal in plausibility.blocks(replace(data_of(kept), **flat), step.on):
        raise Refused(f"Chưa gộp: {refusal.message}", field=refusal.field, code="merge")
    return taken


def pointer_of(person: Person) -> MergeRecord | None:
    """The standing merge by which this record became a pointer. One query."""
    if person.merged_into_id is None:
        return None
    return MergeRecord.unscoped.filter(old=person, undone_at__isnull=True).first()
