"""What an invented population stands on, small enough for a test: stations, and catalogue rows."""

import csv
from functools import cache

from apps.catalogues import readers
from apps.catalogues.models import CodeEntry, Drug, Icd10, Icd10Rule
from apps.encounters.writing import ENDINGS
from apps.facilities.models import Facility
from apps.population import illness
from config.embedded import BASE_DIR
from tests.factories.facilities import a_station

CATALOGUES = BASE_DIR / "fixtures" / "catalogues"
EDITIONS = {"tt06": "icd10_tt06.csv", "qd4469": "icd10_qd4469.csv"}


@cache
def _lines(file: str) -> list[dict[str, str]]:
    with (CATALOGUES / file).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def named_codes() -> set[str]:
    ills = [*illness.ACUTE, *illness.CHRONIC.values()]
    return {code for ill in ills for code in (ill.icd, *ill.also)}


def catalogues() -> None:
    """The shipped rows that the illness table names, with the age rules of those codes and the parameters."""
    codes = named_codes()
    for edition, file in EDITIONS.items():
        rows = [{"edition": edition, **readers.icd10(line)} for line in _lines(file) if line["code"] in codes]
        Icd10.objects.bulk_create(Icd10(**row) for row in rows)
    rules = [readers.icd10_age(line) for line in _lines("icd10_age_rules.csv")]
    Icd10Rule.objects.bulk_create(
        Icd10Rule(edition="qd4469", rule="age", **row) for row in rules if row["code"] in codes
    )
    drugs = {
        drug.code
        for ill in (*illness.ACUTE, *illness.CHRONIC.values())
        for drug in (*ill.drugs, *ill.child_drugs)
    } | {drug.code for drug in illness.SECOND_DRUG}
    lines = [line for line in _lines("drugs_commune.csv") if line["code"] in drugs]
    Drug.objects.bulk_create(Drug(kind="commune", common=True, **readers.drug(line)) for line in lines)
    CodeEntry.objects.bulk_create(
        CodeEntry(list="drug_routes", code=line["code"], name=line["name"])
        for line in _lines("drug_routes.csv")
    )
    endings = [line for line in _lines("code_lists.csv") if line["list"] in ENDINGS.values()]
    CodeEntry.objects.bulk_create(
        [CodeEntry(list=line["list"], code=line["code"], name=line["name"]) for line in endings],
        ignore_conflicts=True,  # a test may have loaded the small lists already
    )


def ground(*codes: str) -> list[Facility]:
    """Everything that `make_population` needs, and a station in each commune of province 51 named by code."""
    catalogues()
    return [
        a_station(code, f"Thử {code}", kcb_code=f"51Z{place:02d}", hamlets=0)
        for place, code in enumerate(codes or ("21484",), start=1)
    ]
