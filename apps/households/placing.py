"""Who of a list lives with whom, and who is whose mother and father: held against the other lines of the file
and against what is stored. Pure.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from uuid import UUID

from apps.households.judged import CHANGED, DOUBTFUL, REJECTED, UNCHANGED, Line
from apps.households.said import PARENTS
from apps.households.stored import Stored
from apps.patients import plausibility

BHXH_CODE = "mã hộ gia đình (BHXH)"


def put_in_households(lines: Iterable[Line], stored: Stored) -> None:
    """The stored household of each key of the file: by its code, else by a member who lives there already."""
    groups: dict[str, list[Line]] = defaultdict(list)
    for line in lines:
        line.group = line.place
        if line.household and line.state != REJECTED:
            groups[line.household].append(line)
    for key, members in groups.items():
        for line in members:
            line.group = members[0].place
        homes = {
            stored.home_of[line.person_id]
            for line in members
            if line.person_id in stored.home_of and line.state != DOUBTFUL
        }
        if len(homes) > 1 and stored.household_codes.get(key.upper()) not in homes:
            for line in members:
                line.reject(f"Hộ {key}: các thành viên đang ở nhiều hộ khác nhau.")
            continue
        household_id = _household_of(key, members, homes, stored)
        heads = [line for line in members if line.is_head]
        if household_id is None and len(heads) != 1:
            sentence = "thiếu chủ hộ" if not heads else "có hơn một chủ hộ"
            for line in members:
                line.reject(f"Hộ {key}: {sentence}.")
            continue
        if len(heads) > 1:
            for line in heads:
                line.reject(f"Hộ {key}: có hơn một chủ hộ.")
        for line in members:
            line.household_id = household_id
            home = stored.home_of.get(line.person_id) if line.person_id else None
            line.joins = home is None or home != household_id


def give_bhxh_codes(lines: Iterable[Line], stored: Stored) -> None:
    """The number of the social insurance: one a family, of one family. The first line that says a new one of
    a family that is stored changes it.
    """
    families: dict[int, str] = {}
    holders: dict[str, int] = {}
    for line in lines:
        code = line.bhxh_code
        if not code or line.state == REJECTED:
            continue
        is_first = line.group not in families
        if families.setdefault(line.group, code) != code:
            line.reject(f"Hộ {line.household}: có hơn một {BHXH_CODE}.")
        elif holders.setdefault(code, line.group) != line.group:
            line.reject(f"Số {code}: {BHXH_CODE} của hai hộ trong tệp.")
        elif stored.by_bhxh_code.get(code, line.household_id) != line.household_id:
            line.reject(f"Số {code}: {BHXH_CODE} của một hộ khác trong trạm.")
        elif is_first and line.household_id and code not in stored.by_bhxh_code:
            line.changes += (BHXH_CODE,)
            line.state = CHANGED if line.state == UNCHANGED else line.state


def _household_of(key: str, members: Sequence[Line], homes: set[UUID], stored: Stored) -> UUID | None:
    household_id = stored.household_codes.get(key.upper())
    if homes and household_id not in homes:
        return next(iter(homes))
    if household_id is not None and not homes and any(line.is_head for line in members):
        # A file from elsewhere: its code is another family's here. A list of newcomers names no head.
        return None
    return household_id


def give_parents(lines: Sequence[Line], stored: Stored) -> None:
    """Keeps of each line's parents those that would be new: found by a code of the file, else one stored."""
    by_code = {line.code: line for line in lines if line.code and line.state != REJECTED}
    with_parents = [line for line in lines if line.parents and line.state != REJECTED]
    for line in with_parents:
        kept: dict[str, Any] = {}
        for role, code in (line.parents or {}).items():
            other = by_code.get(code)
            parent_id = other.person_id if other else stored.by_code.get(code)
            if other is None and parent_id and not _may_be(role, _born_and_sex(parent_id, stored), line):
                parent_id = None  # a code from elsewhere that is somebody else's here
            if other is line or (other is None and parent_id is None):
                line.notes += (f"Không thấy người mang mã {code} để ghi là {PARENTS[role]}.",)
            elif other is not None and not _may_be(role, (other.born, other.sex), line):
                line.notes += (f"Dòng {other.place} không thể là {PARENTS[role]}: xem lại giới, năm sinh.",)
            elif not (line.person_id and parent_id == _parent_now(line.person_id, role, stored)):
                kept[role] = str(parent_id) if parent_id else other.place if other else None
        line.parents = kept or None
    _refuse_circles(with_parents, lines, stored)


def _born_and_sex(person_id: UUID, stored: Stored) -> tuple[dt.date | None, str]:
    row = stored.people[person_id]
    return row.born, row.sex


def _parent_now(person_id: UUID, role: str, stored: Stored) -> UUID | None:
    row = stored.people[person_id]
    return row.mother if role == "mother" else row.father


def _may_be(role: str, parent: tuple[dt.date | None, str], line: Line) -> bool:
    """Whether somebody may be the mother or father of whom the line means: sex and years allow it."""
    wanted = "female" if role == "mother" else "male"
    born, sex = parent
    return sex == wanted and (
        born is None or line.born is None or line.born.year - born.year >= plausibility.YOUNGEST_MOTHER
    )


def _refuse_circles(with_parents: Sequence[Line], lines: Sequence[Line], stored: Stored) -> None:
    """Nobody is her own forebear. Without birth dates only this tells."""
    at = {line.place: line for line in lines}
    of_person = {line.person_id: line for line in lines if line.person_id}

    def above(node: Line | UUID) -> Iterator[Line | UUID]:
        said = node.parents or {} if isinstance(node, Line) else {}
        person_id = node.person_id if isinstance(node, Line) else node
        for value in said.values():
            yield at[value] if isinstance(value, int) else of_person.get(UUID(value)) or UUID(value)
        for role in PARENTS:
            now = _parent_now(person_id, role, stored) if person_id in stored.people else None
            if now is not None and role not in said:
                yield of_person.get(now) or now

    for line in with_parents:
        if not line.parents:
            continue
        seen: set[Any] = set()
        left = list(above(line))
        while left:
            node = left.pop()
            mark = node.place if isinstance(node, Line) else node
            if node is line:
                line.reject("Quan hệ mẹ, bố trong tệp đi thành vòng: người này là con cháu của chính mình.")
                break
            if mark not in seen:
                seen.add(mark)
                left.extend(above(node))
