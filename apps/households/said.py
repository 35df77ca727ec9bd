"""One line of a list read whole: what it says of a person, in plain values, and what is wrong with it."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from apps.facilities.queries import Resolver
from apps.households import sheet
from apps.patients import plausibility
from apps.patients.data import FIELDS, CardData, NumberData
from apps.patients.identifiers import check, normalise
from apps.patients.models import LifeStatus

PARENTS = {"mother": "mẹ", "father": "bố"}
GONE = frozenset({LifeStatus.DEAD, LifeStatus.MOVED})  # they belong to no household


@dataclass
class Said:
    """One line read whole: what it says of a person, in plain values."""

    place: int
    wrong: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    fields: dict[str, Any] = field(default_factory=dict)  # of PersonData, what the line speaks of
    numbers: list[NumberData] = field(default_factory=list)
    card: CardData | None = None
    code: str = ""
    household: str = ""
    relation: str = ""
    poverty: str = ""
    bhxh_code: str = ""
    parents: dict[str, str] = field(default_factory=dict)  # mother, father: codes of the file
    former_unit: UUID | None = None  # the commune as it was called in the file

    def numbers_by_kind(self) -> list[tuple[str, str]]:
        return [(number.kind, check(number.kind, number.value).value) for number in self.numbers]


class Reader:
    """Reads the lines of one batch: what its columns, words and communes mean is found once."""

    def __init__(
        self, columns: Mapping[str, int], words: sheet.Words, *, data_on: dt.date, today: dt.date
    ) -> None:
        self.columns, self.words, self.today = columns, words, today
        self._communes = Resolver(on=data_on, to=today)

    def read(self, place: int, cells: Sequence[str]) -> Said:
        """Never raises: what is wrong is told in sentences."""
        known = {key: cells[at] if at < len(cells) else "" for key, at in self.columns.items()}
        read = sheet.read_line(place, known, self.words)
        said = Said(place, read.wrong)
        values: dict[str, Any] = read.values
        said.code = str(values.get("code", "")).upper()
        said.household = str(values.get("household", ""))
        said.relation, said.poverty = str(values.get("relation", "")), str(values.get("poverty", ""))
        said.parents = {role: str(values[role]).upper() for role in PARENTS if role in values}
        said.fields = {name: values[name] for name in FIELDS if name in values}
        if said.household and said.fields.get("life_status") in GONE:
            said.household, said.relation = "", ""
            said.notes.append("Người đã mất hoặc đã chuyển đi: không ghi vào hộ.")
        self._bhxh_code(said, str(values.get("bhxh_code", "")))
        if said.wrong:
            return said
        said.numbers = [
            NumberData(kind, str(values[kind]), source="import")
            for kind in ("cccd", "cmnd")
            if kind in values
        ]
        said.wrong += [
            refusal.message for number in said.numbers if (refusal := plausibility.number_block(number))
        ]
        if "bhyt" in values:
            self._card(said, values)
        if any(name.startswith("permanent_c") for name in values):
            self._commune(said, values)
        return said

    def _bhxh_code(self, said: Said, text: str) -> None:
        """The family's number of the social insurance: of the family that the line belongs to."""
        if not text:
            return
        judged = check("ho_gia_dinh", text)
        if judged.result == "invalid":
            said.wrong.append(judged.sentence)
        elif said.household:
            said.bhxh_code = judged.value
        else:
            said.notes.append("Mã hộ gia đình (BHXH) bỏ qua: dòng này không thuộc hộ nào.")

    def _card(self, said: Said, values: Mapping[str, Any]) -> None:
        said.card = CardData(
            number=normalise("bhyt", str(values["bhyt"])),
            valid_from=values.get("bhyt_from"),
            valid_to=values.get("bhyt_to"),
            registered_facility_code=str(values.get("bhyt_place", "")),
            source="import",
        )
        judged = check("bhyt_lookup_key", said.card.number)
        if judged.result == "invalid":
            said.wrong.append(f"Số thẻ BHYT: {judged.sentence}")
        elif said.card.valid_from and said.card.valid_to and said.card.valid_to < said.card.valid_from:
            said.wrong.append("Ngày hết hạn thẻ phải từ ngày bắt đầu trở đi.")

    def _commune(self, said: Said, values: Mapping[str, Any]) -> None:
        """By code and day, then by names. What is not found stays as the text that the file holds."""
        names = [str(values.get(f"permanent_{name}", "")) for name in ("commune", "district", "province")]
        found = self._communes.find(str(values.get("permanent_code", "")), names)
        if found.unit is not None:
            said.fields["permanent_unit_id"] = found.unit.pk
            said.former_unit = found.was.pk if found.was else None
        else:
            text = ", ".join(part for part in (said.fields.get("permanent_text", ""), *names) if part)
            said.fields["permanent_text"] = text[:300] or str(values.get("permanent_code", ""))
        if found.sentence:
            said.notes.append(f"Nơi thường trú: {found.sentence}")
