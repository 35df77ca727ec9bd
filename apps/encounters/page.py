"""The visit's page: what its form begins with, what it remarks, what stands beside it."""

import datetime as dt
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, QueryDict
from django.urls import reverse

from apps.care.ncd import pressure
from apps.care.vitals import PRESSURE, SIGNS, bmi, number_text
from apps.catalogues import codes, icd, picks
from apps.core import parameters, registry
from apps.core.ids import uuid7
from apps.core.scope import Scope, current
from apps.encounters import case_forms, checking, dosing, organs, queries, rules, states
from apps.encounters.certificates.referral import Referral
from apps.encounters.copying import Copied
from apps.encounters.forms import TEXTS, Names, VisitForm
from apps.encounters.models import Visit
from apps.encounters.sick_child import boxes, reading, sheet
from apps.encounters.writing import Limits
from apps.patients.models import Allergy, AllergyState, Person

HISTORY = "visits.history_size"  # parameter


def form_for(visit: Visit, data: QueryDict | None, parts: checking.Parts | None = None) -> VisitForm:
    """The form bound to what was posted, or to what is stored."""
    prescribes = current().can("prescriptions.enter")
    if data is not None:
        return VisitForm(data, visit=visit, names=names(data, visit), prescribes=prescribes)
    parts = parts or checking.parts(visit)
    return VisitForm(stored(visit, parts), visit=visit, names=_stored_names(parts), prescribes=prescribes)


def stored(visit: Visit, parts: checking.Parts) -> QueryDict:
    """What is stored, in the shape of a post: the form then has one way to be filled."""
    data = QueryDict(mutable=True)
    data["form_key"], data["version"] = str(uuid7()), str(visit.version)
    for name in TEXTS:
        data[name] = getattr(visit, name)
    data["follow_up_on"] = f"{visit.follow_up_on:%d/%m/%Y}" if visit.follow_up_on else ""
    for key, words in visit.findings.items():
        data[organs.BOX + key] = words
    for name, value in boxes.as_posted(visit.sick_child).items():
        data[name] = value
    for vital in SIGNS:
        if vital.key in parts.measured and vital.key not in PRESSURE:
            data[vital.key] = number_text(parts.measured[vital.key])
    taken = [number_text(parts.measured[key]) for key in PRESSURE if key in parts.measured]
    data["pressure"] = pressure.text_of(parts.readings) or "/".join(taken)
    if parts.oedema:
        data["oedema"] = "on"
    for row in parts.diagnoses:
        if row.role == "main":
            data["main"], data["main_text"] = row.icd_code, row.text
        else:
            data.appendlist(row.role, row.icd_code)
    for name, value in case_forms.stored(parts.diagnoses).items():
        data[name] = value
    for place, line in enumerate(parts.lines):
        data.appendlist("line", str(place))
        computed = dosing.quantity(line.dose, line.times_per_day, line.days, line.unit, line.dose_unit)
        unit = "" if line.dose_unit == line.unit else f" {line.dose_unit}"
        values = {
            "drug": line.drug.code,
            "dose": f"{dosing.amount_text(line.dose)}{unit}",
            "times": str(line.times_per_day),
            "days": str(line.days),
            "quantity": "" if computed == line.quantity else number_text(line.quantity),
            "note": line.note,
        }
        for name, value in values.items():
            data[f"line-{place}-{name}"] = value
    return data


def _stored_names(parts: checking.Parts) -> Names:
    icds = {row.icd_code: row.icd_name for row in parts.diagnoses}
    drugs = {row.drug.code: f"{row.drug_name} {row.strength}".strip() for row in parts.lines}
    return Names(lambda: icds, lambda: drugs)


def names(data: QueryDict, visit: Visit) -> Names:
    """The names of the codes that were posted: one query a catalogue, only when the form is shown again."""
    picked = [code for code, _ in case_forms.chosen(data)]
    drugs = [code for key in data.getlist("line") if (code := data.get(f"line-{key}-drug", ""))]
    drugs = [code for code in drugs if "\0" not in code]
    return Names(
        cache(lambda: icd.names(picked, on=visit.on) if picked else {}),
        cache(lambda: picks.names("drug", drugs) if drugs else {}),
    )


def banner(scope: Scope, person: Person) -> dict[str, Any]:
    """Who it is, with allergies and flags: stands on every page of a person."""
    return {
        "person": person,
        # An allergy noted anywhere is seen wherever she is treated.
        "allergies": list(Allergy.unscoped.filter(person=person, state=AllergyState.ACTIVE)),
        "flags": registry.flags_for(scope, [person.pk])[person.pk],
    }


def allowed(scope: Scope, visit: Visit) -> list[str]:
    """The keys of the buttons that this scope may press on the visit as it now stands."""
    if not scope.reaches(visit.facility_id):
        return []
    return [action.key for action in states.actions(visit.state) if scope.can(action.right)]


def beside(scope: Scope, visit: Visit, parts: checking.Parts | None = None) -> dict[str, Any]:
    """The banner and the column beside the form: who it is, what is known, what was before."""
    parts = parts or checking.parts(visit)
    looked = checking.look(visit, parts)
    size = int(parameters.value(HISTORY, on=visit.on))
    return {
        "visit": visit,
        "person": visit.person,
        "allergies": parts.allergies,
        "flags": registry.flags_for(scope, [visit.person_id])[visit.person_id],
        "parts": parts,
        "dangers": looked.dangers,
        "cover": looked.cover,
        # What is only missing yet is no remark before the end.
        "remarks": [remark for remark in looked.remarks if remark.code not in rules.MISSING]
        if visit.is_open
        else [],
        "bmi": bmi(
            parts.measured.get("weight"), parts.measured.get("height") or parts.measured.get("length")
        ),
        "judged_by": looked.figures,
        "vitals": vital_rows(visit, parts, looked),
        "earlier": queries.of_person(scope, visit.person_id, before=visit, limit=size),
        "sick": (sick := sick_child(visit.sick_judged, visit.on)),
        "refer": refer_code(visit.on) if visit.is_open and sick["pink"] else "",
        "actions": allowed(scope, visit),
        "state_word": states.TITLES[visit.state],
        "panels": registry.panels_for("visit", scope, visit),
    }


def sick_child(stored: Mapping[str, Any], on: dt.date) -> dict[str, Any]:
    """What the sick-child form came to, for the template that says it; without classes nothing."""
    said = reading.told(stored, on)
    return {
        "classes": said,
        "pink": [one.title for one in said if one.is_pink],
        "missing": stored.get("missing", []),
    }


def refer_code(on: dt.date) -> str:
    """The way of leaving that is a referral (parameter visits.ends), for who offers it. One query."""
    return next(iter(Limits.on(on).ends.referred), "")


def vital_rows(visit: Visit, parts: checking.Parts, looked: checking.Looked) -> list[dict[str, Any]]:
    """The measured figures with their danger words, in the order of the paper; a pressure that is raised and
    not dangerous with its class.
    """
    words = {finding.key: finding.word for finding in looked.dangers}
    named = looked.figures.named(parts.measured, visit.age_days)
    rows = []
    for vital in SIGNS:
        if vital.key not in parts.measured:
            continue
        label, value = vital.title, number_text(parts.measured[vital.key])
        if vital.key == "systolic" and "diastolic" in parts.measured:
            label, value = "Huyết áp", f"{value}/{number_text(parts.measured['diastolic'])}"
            words.setdefault("systolic", words.get("diastolic", ""))
        elif vital.key == "diastolic" and "systolic" in parts.measured:
            continue
        word, state = words.get(vital.key, ""), "danger"
        if vital.key == "systolic" and not word and named and named.hypertensive_range:
            word, state = named.word, named.state
        rows.append({"label": label, "value": value, "unit": vital.unit_text, "word": word, "state": state})
    return rows


def endings(visit: Visit) -> dict[str, Any]:
    """Outcome, result and what was found by organ, in words."""
    return {
        "findings": organs.told(visit.findings, visit.on),
        "sick_signs": sheet.told(visit.sick_child, reading.sheet_for(visit.person, visit.on)),
        "injury_cause": codes.label("injury_cause", visit.injury_cause, visit.on),
        "outcome": codes.label("discharge_type", visit.outcome, visit.on),
        "result": codes.label("treatment_result", visit.result, visit.on),
    }


def death_url(scope: Scope, visit: Visit) -> str:
    """Where the death is recorded that the visit ended with; empty where it is not, or already was."""
    died = Limits.on(visit.on).ends.died if visit.result else ()
    asked = visit.state in (states.FINALISED, states.AWAITING_SIGNATURE) and visit.result in died
    if not asked or visit.person.life_status == "dead" or not scope.can("deaths.enter"):
        return ""
    # 8 is a death outside: where, the form asks
    place = "&noi=facility" if visit.result != "8" else ""
    return f"{reverse('patients:death_record', args=[visit.person_id])}?ngay={visit.on:%d/%m/%Y}{place}"


def refer_url(panels: Sequence[Mapping[str, Any]], visit: Visit) -> str:
    """Where the paper is written that whoever is sent on takes along; empty once it is, or for others."""
    papers: Mapping[str, Any] = next(
        (panel["context"] for panel in panels if panel["key"] == "certificates"), {}
    )
    asked = any(kind.slug == Referral.slug for kind in papers.get("next", ()))
    return reverse("encounters:certificate_issue", args=[visit.pk, Referral.slug]) if asked else ""


def copied_say(request: HttpRequest, copied: Copied) -> None:
    """Say what was copied, and each thing that was not or is to be looked at."""
    (messages.success if copied.many else messages.warning)(request, copied.sentence)
    for sentence in copied.told:
        messages.warning(request, sentence)
