"""What stands under the diagnoses while they are chosen: what the catalogue says of them, what goes with
them, and for a disease that has to be reported how sure it is and which of the list it is.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.http import QueryDict

from apps.catalogues import codes, icd, injuries, notifiable
from apps.catalogues.rules import Role
from apps.encounters.diagnosing import TRADITIONAL_LIST
from apps.encounters.inputs import DiagnosisInput
from apps.encounters.models import Certainty, Visit

BOXES: tuple[Role, ...] = ("main", "secondary", "external")
PAIRS_SHOWN = 5


def prefix(code: str) -> str:
    return f"case-{code}"


def said(data: Mapping[str, Any], code: str) -> dict[str, str]:
    """What a post says of a code that has to be reported."""
    return {
        "certainty": data.get(f"{prefix(code)}-certainty", "")[:10],
        "disease_key": data.get(f"{prefix(code)}-disease_key", "")[:40],
    }


def stored(rows: Sequence[Any]) -> dict[str, str]:
    """What is stored of them, in the shape of a post."""
    return {
        f"{prefix(row.icd_code)}-{name}": getattr(row, name)
        for row in rows
        for name in ("certainty", "disease_key")
        if getattr(row, name)
    }


class CaseForm(forms.Form):
    """One code that has to be reported."""

    certainty = forms.ChoiceField(
        label="Mức chẩn đoán", choices=[("", "— chưa chọn —"), *Certainty.choices], required=False
    )
    disease_key = forms.ChoiceField(label="Bệnh báo cáo", required=False)

    def __init__(self, data: QueryDict, *, code: str, listed: notifiable.Reportable) -> None:
        super().__init__(data, prefix=prefix(code))
        self.code = code
        self.diseases = listed.by_code.get(code, [])
        self.asks_which = listed.open_to_choice(code)
        chosen = listed.of(code, said(data, code)["disease_key"])
        self.shown = ", ".join(row.name for row in chosen)
        offered = self.diseases if self.asks_which else listed.uncoded
        box: Any = self.fields["disease_key"]
        box.choices = [("", "— theo mã —"), *((row.key, row.name) for row in offered)]

    @property
    def is_case(self) -> bool:
        """Whether it must be reported as it stands; else somebody may still say that it must."""
        return bool(self.diseases or said(self.data, self.code)["disease_key"])


@dataclass(frozen=True)
class Offer:
    """A code that goes with one that was chosen, and the box it goes into."""

    box: str
    code: str
    name: str
    why: str


@dataclass(frozen=True)
class Beside:
    """Everything that stands under the diagnoses."""

    cases: list[CaseForm] = field(default_factory=list)
    remarks: list[tuple[str, str]] = field(default_factory=list)  # (level, sentence)
    offers: list[Offer] = field(default_factory=list)
    causes: list[tuple[str, str]] = field(default_factory=list)  # injury causes that the codes suggest


def chosen(data: QueryDict) -> list[tuple[str, Role]]:
    """The codes of a post with the box they stand in, each once."""
    found: dict[str, Role] = {}
    for box in BOXES:
        for code in data.getlist(box):
            if code and "\0" not in code:
                found.setdefault(code[:10], box)
    return list(found.items())


def main_code(data: QueryDict) -> str:
    """The main diagnosis of a post; empty without one."""
    return next((code for code, box in chosen(data) if box == "main"), "")


def beside(visit: Visit, data: QueryDict, *, live: bool = False) -> Beside:
    """What to say of the diagnoses in `data`. No query; `live` four.

    `live` while they are being chosen: the findings of the catalogue and what goes with the codes, which the
    whole page says elsewhere.
    """
    picked = chosen(data)
    if not picked:
        return Beside()
    listed = notifiable.reportable([code for code, _ in picked], visit.on)
    forms_ = [CaseForm(data, code=code, listed=listed) for code, role in picked if role != "external"]
    cases = [form for form in forms_ if form.is_case or (form.code == data.get("main") and listed.uncoded)]
    causes = [
        (key, codes.label(injuries.LIST, key, visit.on))
        for key in injuries.proposed([code for code, role in picked if role == "external"], visit.on)
    ]
    if not live:
        return Beside(cases=cases, causes=causes)
    findings = icd.check_all(picked, on=visit.on, sex=visit.person.sex, age_days=visit.age_days)  # type: ignore[arg-type]
    remarks = [(each.level, each.sentence) for found in findings.values() for each in found]
    return Beside(cases, list(dict.fromkeys(remarks)), _offers(visit.on, picked, data), causes)


def _offers(on: dt.date, picked: Sequence[tuple[str, Role]], data: QueryDict) -> list[Offer]:
    present = {code for code, _ in picked}
    found = [
        Offer("secondary", code, name, f"đi cùng {with_}")
        for with_, code, name in icd.pairs(present, on=on)
        if code not in present
    ][:PAIRS_SHOWN]
    here = set(data.getlist("traditional"))
    main = data.get("main", "")
    found += [
        Offer("traditional", row.code, row.name, "y học cổ truyền")
        for row in codes.rows(TRADITIONAL_LIST)
        if main and row.extra.get("icd10") == main and row.in_force(on) and row.code not in here
    ]
    return found


def entries(data: Mapping[str, Any], values: Mapping[str, Any]) -> list[DiagnosisInput]:
    """The diagnoses of a valid form: its cleaned `values`, and what its post says of each code."""
    found = []
    if values["main"]:
        found.append(
            DiagnosisInput(values["main"], "main", values["main_text"], **said(data, values["main"]))
        )
    found += [DiagnosisInput(code, "secondary", **said(data, code)) for code in values["secondary"] or []]
    if values["external"]:
        found.append(DiagnosisInput(values["external"], "external"))
    found += [DiagnosisInput(code, "traditional") for code in values["traditional"] or []]
    return found
