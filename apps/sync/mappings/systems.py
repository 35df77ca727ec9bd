"""The URIs by which a receiver knows a code or a number: configuration, each receiver may override each.

Defaults: the VN Core draft of HL7 Vietnam (2026). `GUIDES["ehealth"]` has the URIs of the older guide.
Neither is binding. Where VN Core has no URI the value is empty and the identifier travels by its type alone.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

from apps.sync.mappings import settings
from apps.sync.mappings.codes import CodeOptions

CORE = "http://fhir.hl7.org.vn/core"
OLD = "http://fhir.ehealth.gov.vn/core/sid"


@dataclass(frozen=True)
class Systems:
    """`record` is the identity by which we update: our UUID as `urn:uuid:...` (RFC 3986), never changing.

    `patient_number` and `prescription`: `{facility}` is replaced by the station's code.
    """

    record: str = "urn:ietf:rfc:3986"
    cccd: str = f"{CORE}/sid/cccd"
    cmnd: str = ""
    bhyt: str = f"{CORE}/sid/bhyt"
    bhxh: str = ""
    passport: str = f"{CORE}/sid/passport"
    patient_number: str = "urn:tramyte:{facility}:patient"
    facility: str = f"{CORE}/sid/ma-cskcb"
    practitioner: str = f"{CORE}/sid/cchn"
    visit: str = f"{CORE}/sid/ma-lk"
    prescription: str = "urn:tramyte:{facility}:prescription"
    identifier_type: str = f"{CORE}/CodeSystem/vn-identifier-type-cs"
    icd10: str = "http://hl7.org/fhir/sid/icd-10"
    drug: str = "urn:tramyte:drug"
    drug_bhyt: str = "urn:tramyte:drug-bhyt"
    route: str = "urn:tramyte:drug-route"
    discharge: str = "urn:tramyte:discharge-type"
    service: str = "urn:tramyte:service"
    lab: str = "urn:tramyte:lab-test"
    lab_word: str = "urn:tramyte:lab-word"
    method: str = "urn:tramyte:yhct-method"
    herb: str = "urn:tramyte:yhct-herb"
    injury: str = "urn:tramyte:injury-cause"
    paper: str = "urn:tramyte:paper"
    questionnaire: str = "urn:tramyte:questionnaire"
    vaccine: str = "urn:tramyte:vaccine"
    antigen: str = "urn:tramyte:antigen"
    programme: str = "urn:tramyte:vaccine-programme"
    not_given: str = "urn:tramyte:vaccine-not-given"
    reaction: str = "urn:tramyte:vaccine-reaction"


GUIDES: dict[str, dict[str, str]] = {
    "vn-core": {},
    "ehealth": {
        "cccd": f"{OLD}/national_id",  # this guide calls the 12-digit number national_id
        "cmnd": f"{OLD}/citizen_id",  # and the old 9-digit one citizen_id
        "bhyt": f"{OLD}/insurance_number",
        "passport": f"{OLD}/passport_number",
        "patient_number": f"{OLD}/patient-internal-id",
        "facility": f"{OLD}/provider-code",
        "practitioner": f"{OLD}/healthworker-employee-number",
        "visit": f"{OLD}/VisitNumber",
        "identifier_type": "",
    },
}
# Kinds of codes that a receiver may call by its own (CodeMap).
CODE_KINDS = {
    "facility": "Cơ sở y tế",
    "icd10": "Mã bệnh",
    "drug": "Thuốc",
    "route": "Đường dùng",
    "discharge": "Tình trạng ra viện",
    "service": "Dịch vụ kỹ thuật",
    "lab": "Xét nghiệm",
    "vaccine": "Vắc xin",
    "antigen": "Kháng nguyên",
}
# Codes that only one kind of records carries: asked for where some room gives such records.
OF_KIND = {"vaccination": ("vaccine", "antigen")}
OF_PLACES = ("patient_number", "prescription")  # systems with a place for the station's code
VERIFY = ("version", "content", "no")
MASTERED = ("Organization", "Practitioner", "Patient")


@dataclass(frozen=True)
class Options(CodeOptions):
    """How one receiver wants its Bundles.

    `mastered`: resource types that the receiver keeps itself; they go as POST + ifNoneExist and are never
    overwritten. `match_patient`: the identifier by which a Patient is found (record, number, cccd, bhyt).
    `provenance`: off for a receiver that does not take ids made by the sender. `notes`: whether what was
    written about the examination goes along (Composition). `verify`: what proves that it still holds a
    record: the version number it gave, the content, or `no` where it cannot be asked.
    """

    systems: Systems = Systems()
    mastered: frozenset[str] = frozenset({"Organization", "Practitioner"})
    match_patient: str = "record"
    provenance: bool = True
    notes: bool = True
    verify: str = "version"


def options_from(said: dict[str, Any]) -> Options:
    """Options from a receiver's settings: `guide`, `systems`, `mastered`, `match_patient`, `provenance`,
    `notes`, `mapped`, `verify`.

    Raises ValueError with a Vietnamese sentence when a value is not one of those known.
    """
    guide = said.get("guide", "vn-core")
    if guide not in GUIDES:
        raise ValueError(f"Không có bộ chuẩn '{guide}'; chọn: {', '.join(GUIDES)}.")
    own = settings.texts(said, "systems", tuple(f.name for f in fields(Systems)))
    for name in OF_PLACES:
        try:
            own.get(name, "").format(facility="")
        except (LookupError, ValueError) as wrong:
            raise ValueError(f"Thiết lập systems: trong {name} chỉ có chỗ {{facility}}.") from wrong
    mastered = said.get("mastered", Options.mastered)
    if not isinstance(mastered, list | frozenset) or not set(mastered) <= set(MASTERED):
        raise ValueError(f"Nơi nhận chỉ có thể tự quản lý: {', '.join(MASTERED)}.")
    match = said.get("match_patient", "record")
    if match not in ("record", "number", "cccd", "bhyt"):
        raise ValueError("Đối chiếu người bệnh theo: record, number, cccd hoặc bhyt.")
    verify = said.get("verify", Options.verify)
    if verify not in VERIFY:
        raise ValueError(f"Đối chiếu theo: {', '.join(VERIFY)}.")
    return Options(
        mapped=settings.mapped(said, tuple(CODE_KINDS)),
        systems=replace(Systems(), **{**GUIDES[guide], **own}),
        mastered=frozenset(mastered),
        match_patient=match,
        provenance=bool(said.get("provenance", True)),
        notes=bool(said.get("notes", True)),
        verify=verify,
    )
