"""People, their health record, deaths, duplicates."""

from tests.house.walk.declaring import Samples, same

SAMPLES: Samples = {
    **same(
        "patients:",
        "person scan_compare edit identifier_add card_add allergy_add allergy_none record record_paper "
        "record_versions record_review death_record duplicates_of newborn name_give temporary_key missing",
        lambda side: {"pk": side.person.pk},
    ),
    "patients:record_section": lambda side: {"pk": side.person.pk, "part": "luc-sinh"},
    "patients:record_line_add": lambda side: {"pk": side.person.pk, "part": "benh-tat"},
    "patients:record_none": lambda side: {"pk": side.person.pk, "part": "khuyet-tat"},
    "patients:record_line": lambda side: {
        "pk": side.person.pk,
        "part": "phau-thuat",
        "line": side.surgery.pk,
    },
    "patients:identifier_change": lambda side: {
        "pk": side.death.person_id,
        "number": side.death.person.identifiers(manager="unscoped").get().pk,
    },
    "patients:card_end": lambda side: {"pk": side.person.pk, "card": side.card.pk},
    "patients:allergy_close": lambda side: {"pk": side.person.pk, "allergy": side.allergy.pk},
    **same(
        "patients:",
        "death death_amend death_in_error death_versions death_review",
        lambda side: {"pk": side.death.pk},
    ),
    **same("patients:", "duplicate not_same", lambda side: {"pk": side.pair.pk}),
    "patients:unmerge": lambda side: {"pk": side.merged.pk},
    **same("people-", "detail record", lambda side: {"pk": side.person.pk}),
}
RIGHT_OF_SAMPLE = {"people-record": "records.view"}
