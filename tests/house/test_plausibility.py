"""docs/plausibility.md is true to the code: its codes are those of the code, its figures the parameters."""

import csv
import json
import re
from decimal import Decimal

from django.conf import settings

from apps.care.vitals import BY_KEY, number_text

ROOT = settings.BASE_DIR
PAGE = (ROOT / "docs/plausibility.md").read_text(encoding="utf-8")

# Where remarks are made: each code must stand on the page.
SOURCES = {
    "apps/catalogues/rules.py": r'Finding\(\s*"([a-z_]+)"',
    "apps/encounters/rules.py": r'Problem\(\s*"([a-z-]+)"',
    "apps/encounters/doses.py": r'(?:TooMuch\([^"]*|\()"([a-z-]+)", (?:sentence|"mỗi lần"|"cả ngày")',
    "apps/encounters/ordering/procedures.py": r'(?:_problem|Warning)\(\s*"((?:sheet|row|watched)-[a-z]+)"',
    "apps/encounters/ordering/results.py": r'_problem\(\s*"([a-z-]+)"',
    "apps/encounters/ordering/traditional.py": r'Warning\(\s*"([a-z-]+)"',
    "apps/encounters/writing.py": r'Problem\(\s*"(icd-twice|two-main)"',
    "apps/encounters/desk/receiving.py": r'Warning\("([a-z-]+)"',
    "apps/patients/births.py": r'Warning\(\s*"([a-z_]+)"',
    "apps/patients/death_data.py": r'Warning\(\s*"([a-z_]+)"',
    "apps/patients/death_rules.py": r'Warning\(\s*"([a-z_]+)"',
    "apps/patients/health_record/rules.py": r'Warning\(\s*"([a-z_]+)"',
    "apps/patients/plausibility.py": r'Warning\(\s*"([a-z_]+)"',
}


def words(figure: float) -> str:
    return number_text(Decimal(str(figure)))


def test_every_remark_stands_on_the_page():
    missing = [
        f"{path}: {code}"
        for path, pattern in SOURCES.items()
        for code in re.findall(pattern, (ROOT / path).read_text(encoding="utf-8"))
        if f"`{code}`" not in PAGE
    ]
    assert not missing, missing


def test_every_remark_of_a_line_stands_on_the_page():
    code = (ROOT / "apps/encounters/rules.py").read_text(encoding="utf-8")
    kinds = set(re.findall(r'f"line-\{line.position\}-(\w+)",\s*f"', code)) | {"long"}
    assert {"twice", "allergy", "long"} <= kinds
    assert [kind for kind in kinds if f"`line-n-{kind}`" not in PAGE] == []


def test_doubts_about_numbers_stand_on_the_page():
    code = (ROOT / "apps/patients/identifiers.py").read_text(encoding="utf-8")
    doubts = set(re.findall(r'doubts\.append\("(\w+)"\)', code)) | {
        "unknown_object",
        "unknown_insurance_province",
    }
    assert [doubt for doubt in doubts if f"`{doubt}`" not in PAGE] == []


def test_the_figures_of_vital_signs_are_those_of_the_parameters():
    with (ROOT / "fixtures/parameters/care.csv").open(encoding="utf-8", newline="") as file:
        rows = {
            row["key"]: json.loads(row["value"])
            for row in csv.DictReader(file)
            if row["key"].startswith("vitals.")
        }
    table = [line for line in PAGE.splitlines() if line.startswith("| ")]
    wanted = 0
    for key, bands in rows.items():
        vital = BY_KEY[key.removeprefix("vitals.")]
        lines = [line for line in table if line.startswith(f"| {vital.title} ({vital.unit_text}) |")]
        assert len(lines) == len(bands), vital.title
        for line, band in zip(lines, bands, strict=True):
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            assert cells[2] == " to ".join(map(words, band["can"])), line
            assert cells[3] == " to ".join(map(words, band["usual"])), line
            low, high = band.get("danger") or (None, None)
            parts = [f"under {words(low)}"] if low is not None else []
            parts += [f"from {words(high)}"] if high is not None else []
            assert cells[4] == (", ".join(parts) or "-"), line
            wanted += 1
    assert wanted > 20
