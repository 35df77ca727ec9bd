"""Forms answered on a visit (sick child, follow-up of a chronic disease) -> QuestionnaireResponse."""

from __future__ import annotations

from apps.encounters import travel

from . import fhir, records
from .fhir import Entry, Resource, made_id
from .parts import WRONG, is_wrong, part
from .systems import Options

CONCLUSION = "Kết luận"


def answered(visit: records.Visit, options: Options) -> list[Entry]:
    """One response a form: each question with its answer in words, last what it came to."""
    return [fhir.marked(_response(visit, form, options), form.hidden) for form in visit.forms]


def _response(visit: records.Visit, form: travel.TravelForm, options: Options) -> Entry:
    items = [_item(str(number), *found) for number, found in enumerate(form.answers, start=1)]
    items += [_item(f"ket-luan-{n}", CONCLUSION, said) for n, said in enumerate(form.conclusions, start=1)]
    fields: Resource = {
        "status": WRONG if is_wrong(visit) else "amended" if visit.amended else "completed",
        "questionnaire": f"{options.systems.questionnaire}/{form.key}",
        "authored": fhir.when(visit.end),
        "item": items,
    }
    return part("QuestionnaireResponse", made_id(visit.id, "form", form.key), visit, options, fields)


def _item(link: str, question: str, answer: str) -> Resource:
    return {"linkId": link, "text": question, "answer": [{"valueString": answer}]}
