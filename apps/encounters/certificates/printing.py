"""The words that stand on an issued paper: head, whom it is about, who signs; frozen when it is issued.

Titles, form codes and notes are the list `certificate_paper` (certificates.csv) of the day of issue.
"""

import datetime as dt
from typing import Any

from apps.catalogues import codes
from apps.core import words
from apps.encounters import printing
from apps.encounters.certificates.kinds import Kind, Subject
from apps.encounters.models import Certificate
from apps.facilities import asof
from apps.facilities.models import FacilityLink, LinkKind, Practitioner
from apps.patients import addresses

PAPERS = "certificate_paper"


def frozen(
    kind: Kind, subject: Subject, said: dict[str, Any], signer: Practitioner | None, on: dt.date
) -> dict[str, Any]:
    """All that the paper says, as plain JSON: a reprint asks nothing of the records any more."""
    usual = codes.get(PAPERS, kind.key, on)
    more = usual.extra if usual else {}
    own = kind.words(subject, said, on)
    return {
        "title": usual.name if usual else kind.title,
        "form_code": more.get("form_code", ""),
        "note": more.get("note", ""),
        **_head(subject, on),
        "person": _whom(subject),
        "signer": signer.full_name if signer else "",
        "signer_role": printing.SIGNER.get(signer.grade, "Người") if signer else "",
        "licence": signer.licence_no if signer else "",
        **{name: value for name, value in own.items() if name not in ("title", "form_code")},
        **{name: own[name] for name in ("title", "form_code") if own.get(name)},
    }


def _head(subject: Subject, on: dt.date) -> dict[str, str]:
    place = asof.face(subject.facility, on)
    links = FacilityLink.objects.on(on).filter(facility=subject.facility, kind=LinkKind.ADMINISTRATIVE)
    above = links.select_related("parent").first()
    return {
        "parent_name": above.parent.name if above else "",
        "facility_name": place.name,
        "facility_address": printing.place_words(place),
        "facility_code": place.kcb_code,
        "place_date": f"{place.place}, ngày {on.day:02d} tháng {on.month:02d} năm {on.year}",
    }


def _whom(subject: Subject) -> dict[str, str]:
    person, on, visit = subject.person, subject.on, subject.visit
    card = visit.card if visit else None
    hamlet = visit.hamlet if visit else person.hamlet
    return {
        "name": person.full_name,
        "code": person.code,
        "sex": words.sex_word(person.sex),
        "birth": person.birth_words,
        "age": words.age_words(person.birth_date, on, person.birth_precision),
        "identity": printing.identity_on(person, on),
        "address": addresses.home_on(person, hamlet, on),
        "ethnicity": codes.label("ethnic_groups", person.ethnicity, on),
        "nationality": codes.label("nationalities", person.nationality, on),
        "occupation": codes.label("occupations", person.occupation, on),
        "card": card.number if card else "",
        "card_since": words.date_words(card.valid_from) if card else "",
        "card_until": words.date_words(card.valid_to) if card else "",
        "guardian": printing.guardian_of(person) if printing.is_small_child(person, on) else "",
    }


def context(certificate: Certificate, kind: Kind) -> dict[str, Any]:
    """What the template of the kind draws: the words as they were issued."""
    return {**certificate.paper, "national": True, "size": kind.size, "number": certificate.number}
