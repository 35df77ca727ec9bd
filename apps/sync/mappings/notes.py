"""What was written about an examination -> Composition; what is known of its files -> DocumentReference."""

from __future__ import annotations

from . import fhir, records
from .fhir import LOINC, TERMS, Entry, Resource, made_id
from .orders import div
from .parts import WRONG, People, is_wrong, part
from .systems import Options

SUMMARY = ("34133-9", "Summary of episode note", "Tóm tắt lượt khám")
# (member of the visit, LOINC section, heading on our form)
SECTIONS = (
    ("reason", "10154-3", "Lý do đến khám"),
    ("history", "10164-2", "Bệnh sử"),
    ("examination", "29545-1", "Khám bệnh"),
    ("course", "8648-8", "Diễn biến"),
    ("treatment_text", "18776-5", "Phương pháp điều trị"),
    ("advice", "69730-0", "Lời dặn"),
)


def composition(visit: records.Visit, people: People, options: Options) -> list[Entry]:
    """The notes of the visit under the headings of its form; none where nothing was written."""
    sections = [one for name, code, title in SECTIONS if (one := _section(visit, name, code, title))]
    if not options.notes or not sections:
        return []
    author = people.ref(visit.doctor) or fhir.ref(visit.facility.id, visit.facility.name)
    fields = {
        "status": WRONG if is_wrong(visit) else "amended" if visit.amended else "final",
        "type": fhir.concept(LOINC, *SUMMARY),
        "date": fhir.when(visit.changed_at),
        "author": [author],
        "title": SUMMARY[2],
        "section": sections,
    }
    return [part("Composition", made_id(visit.id, "summary"), visit, options, fields)]


def _section(visit: records.Visit, name: str, code: str, title: str) -> Resource:
    words = _words(visit, name)
    head = {"title": title, "code": fhir.concept(LOINC, code, text=title)}
    if words:
        return head | {"text": {"status": "additional", "div": div(words)}}
    hidden = name in visit.hidden or (name == "examination" and "findings" in visit.hidden)
    return head | {"emptyReason": fhir.concept(TERMS + "list-empty-reason", "withheld")} if hidden else {}


def _words(visit: records.Visit, name: str) -> str:
    text: str = getattr(visit, name)
    lines = [text] if text else []
    if name == "examination":
        lines += [f"{organ}: {found}" for _, organ, found in visit.findings]
    if name == "advice" and visit.follow_up_on:
        lines.append(f"Hẹn khám lại ngày {visit.follow_up_on:%d/%m/%Y}")
    return "\n".join(lines)


def documents(visit: records.Visit, options: Options) -> list[Entry]:
    """That a file is kept at the station, of which type and size. Its content never leaves."""
    return [
        part(
            "DocumentReference",
            file.id,
            visit,
            options,
            {
                "status": WRONG if is_wrong(visit) else "current",
                "date": fhir.when(file.at),
                "description": file.title,
                "content": [
                    {
                        "attachment": fhir.slim(
                            {
                                "contentType": file.type,
                                "size": file.size,
                                "title": file.title,
                                "creation": fhir.when(file.at),
                            }
                        )
                    }
                ],
            },
        )
        for file in visit.files
    ]
