"""Two people at one visit: the nurse measures while the doctor writes (core/three_way.py)."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, QueryDict

from apps.care.vitals import BY_KEY
from apps.catalogues import codes
from apps.core.scope import current
from apps.core.three_way import ThreeWay, Values
from apps.encounters import checking, organs, page
from apps.encounters.models import Visit
from apps.encounters.sick_child import reading, sheet
from apps.encounters.writing import LISTS

DIAGNOSES, LINES = "diagnoses", "line"
OF_DIAGNOSES = frozenset({"main", "main_text", "secondary", "external", "traditional", "injury_cause"})
TITLES = {DIAGNOSES: "Chẩn đoán", LINES: "Đơn thuốc", "pressure": "Huyết áp", "oedema": "Phù hai bàn chân"}


def group(name: str) -> str:
    """The diagnoses are one thing, and so are the lines of a prescription."""
    if name in OF_DIAGNOSES or name.startswith("case-"):
        return DIAGNOSES
    return LINES if name.startswith(f"{LINES}-") else name


def tidy(post: QueryDict) -> QueryDict:
    """Without the empty lines that a form offers."""
    filled = [
        key
        for key in post.getlist(LINES)
        if any(post.get(f"{LINES}-{key}-{box}") for box in ("drug", "note"))
    ]
    if filled == post.getlist(LINES):
        return post
    post = post.copy()
    post.setlist(LINES, filled)
    return post


def shows(name: str) -> bool:
    return name != LINES or current().can("prescriptions.enter")


def stored(visit: Visit) -> QueryDict:
    return page.stored(visit, checking.parts(visit))


def title(visit: Visit, name: str) -> str:
    """How a group is called on the form."""
    if name in TITLES:
        return TITLES[name]
    if name in BY_KEY:
        return BY_KEY[name].title
    if name.startswith(organs.BOX):
        return {organ.box: organ.title for organ in organs.listed(visit.on)}.get(name, name)
    if name.startswith(sheet.BOX):
        signs = sheet.SIGNS.get(reading.sheet_for(visit.person, visit.on), {})
        key = name.removeprefix(sheet.BOX)
        return signs[key].title if key in signs else name
    fields = {field.name: str(field.verbose_name) for field in Visit._meta.concrete_fields}
    return fields.get(name, name).capitalize()


def words(visit: Visit, name: str, values: Values) -> str:
    """What stands in a group, as a person reads it."""
    post = QueryDict(mutable=True)
    for key, own in values.items():
        post.setlist(key, own)
    if name == DIAGNOSES:
        known = page.names(post, visit).icd10()
        chosen = [
            code for box in ("main", "secondary", "external", "traditional") for code in post.getlist(box)
        ]
        return "; ".join(
            [f"{code} {known.get(code, '')}".strip() for code in chosen] + post.getlist("main_text")
        )
    if name == LINES:
        known = page.names(post, visit).drug()
        return "; ".join(_line(post, key, known) for key in post.getlist(LINES))
    value = post.get(name, "")
    if name in LISTS:
        return dict(codes.choices(LISTS[name], visit.on)).get(value, value)
    if name.startswith(sheet.BOX):
        return sheet.words(name.removeprefix(sheet.BOX), value, reading.sheet_for(visit.person, visit.on))
    return "có" if name == "oedema" and value else value


def _line(post: QueryDict, key: str, known: Any) -> str:
    code, dose, times, days = (
        post.get(f"{LINES}-{key}-{box}", "") for box in ("drug", "dose", "times", "days")
    )
    return f"{known.get(code, code)}: {dose} × {times} lần × {days} ngày"


def _saving(post: QueryDict) -> QueryDict:
    post = post.copy()
    post["action"] = "save"
    return post


def alone(request: HttpRequest, visit: Visit, theirs: list[str]) -> bool:
    """Go on by itself while the visit is open; what she has not read yet she does not end."""
    if not visit.is_open:
        return False
    if theirs:
        told = ", ".join(title(visit, name) for name in theirs)
        messages.info(request, f"Giữ cả phần người khác vừa ghi: {told}.")
        if request.POST.get("action") == "finalise":
            request.POST = _saving(request.POST)  # type: ignore[assignment]
            messages.warning(request, "Chưa hoàn tất: hãy xem phần vừa thêm rồi bấm Hoàn tất.")
    return True


HOW = ThreeWay(stored=stored, tidy=tidy, group=group, shows=shows, title=title, words=words, alone=alone)
