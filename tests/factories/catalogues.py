"""Rows of catalogues for tests: real codes, made the way the loaders make them."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings

from apps.catalogues import codes, readers
from apps.catalogues.models import CodeEntry, Drug, Icd10, LabTest, Service, Supply
from apps.catalogues.services import load_shipped
from apps.catalogues.shipped import TABLES
from apps.core.registry import LoadReport
from apps.core.scope import system
from tests import databases

DRUG_COLUMNS = ("strength", "form", "unit", "route_code", "bhyt_code", "is_antibiotic", "controlled", "group")


def an_icd10(code: str = "J02.9", name: str = "Viêm họng cấp tính, không xác định", **fields: Any) -> Icd10:
    """A disease code, of TT 06/2026 unless `edition` says otherwise. `flags` as in the model."""
    line = {"code": code, "name_vi": name, "chapter_no": "X", "source": "TT 06/2026/TT-BYT"}
    values = {"edition": "tt06", **readers.icd10(line), **fields}
    return Icd10.objects.create(**values)


def a_drug(code: str = "TD001.1", name: str = "Paracetamol", strength: str = "500mg", **fields: Any) -> Drug:
    """A tablet of the commune list."""
    line = {
        "code": code,
        "name": name,
        "ingredient": fields.pop("ingredient", name),
        "strength": strength,
        "form": "Viên",
        "unit": "Viên",
        "route_code": "1.01",
        **{column: str(fields.pop(column)) for column in DRUG_COLUMNS if column in fields},
    }
    return Drug.objects.create(**{"kind": "commune", "common": True, **readers.drug(line), **fields})


def a_service(code: str = "02.0085.1778", name: str = "Điện tim thường", level: str = "D") -> Service:
    return Service.objects.create(**readers.service({"code": code, "name": name, "level": level}))


def a_lab_test(code: str = "GLU", name: str = "Glucose máu", ranges: str = "any 3.9..6.4") -> LabTest:
    line = {"code": code, "name": name, "ranges": ranges, "result_type": "number", "unit": "mmol/L"}
    return LabTest.objects.create(**readers.lab_test(line))


def a_code(list_name: str, code: str, name: str, **fields: Any) -> CodeEntry:
    """One row of a small list; `valid_from` and `valid_to` as dates."""
    values = readers.entry({"list": list_name, "code": code, "name": name}, lists=(list_name,))
    entry = CodeEntry.objects.create(**{**values, **fields})
    codes.forget()
    return entry


def a_supply(code: str = "VT001", name: str = "Bông y tế", **fields: Any) -> Supply:
    return Supply.objects.create(**{**readers.supply({"code": code, "name": name}), **fields})


def shipped(*keys: str) -> None:
    """Catalogues as they come with the software, by the keys of their tables."""
    with system("catalogues of a test"):
        for key in keys:
            load_shipped(TABLES[key], settings.BASE_DIR / "fixtures", LoadReport())
    codes.forget()


def shipped_once(*keys: str) -> Any:
    """A fixture of a file whose tests all look at these catalogues and commit nothing: they are read once."""

    @pytest.fixture(scope="module", autouse=True)
    def lists(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
        with databases.made_once(django_db_blocker):
            shipped(*keys)
            yield

    return lists
