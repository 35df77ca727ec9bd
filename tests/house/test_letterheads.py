"""Every paper bears the name that the station had on the day it tells about (facilities/letterheads.py)."""

import ast
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

APPS: Path = settings.BASE_DIR / "apps"
DRAWS = {"pdf", "pdf_response"}
HEADS = {"letterhead", "face", "faces"}  # of facilities.letterheads and facilities.asof
# Papers that tell about no day but that of their printing, drawn below the room of facilities.
OF_TODAY = {
    "core/installation.py": "a sheet with rulers, to try the printer",
    "core/pages/tasks.py": "what is still to be done, ticked off by hand",
    "backup/management/commands/backup_keys.py": "the key of the backups, of nobody and no station",
    "core/gallery.py": "examples for developers",
}
WHAT_TO_WRITE = """

{path} prints a paper and does not take its head from the day it tells about.
Put `**letterhead(scope, on, facility=..., hamlet=...)` of apps/facilities/letterheads.py into its context,
`on` being the day of the event, of the sheet, or the last day of the period; of one act ask `asof.face`.
"""


def modules() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(APPS.rglob("*.py")):
        yield path.relative_to(APPS).as_posix(), ast.parse(path.read_text())


def calls(tree: ast.Module) -> set[str]:
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func
            found.add(name.attr if isinstance(name, ast.Attribute) else getattr(name, "id", ""))
    return found


def imported(tree: ast.Module) -> set[str]:
    """The house's modules that a module takes something from, as paths."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("apps."):
            base = (node.module or "").removeprefix("apps.").replace(".", "/")
            found |= {f"{base}.py", *(f"{base}/{each.name}.py" for each in node.names)}
    return found


def prints(path: str, tree: ast.Module) -> bool:
    return bool(DRAWS & calls(tree)) and path not in (*OF_TODAY, "core/paper.py")


def headless(papers: dict[str, ast.Module]) -> list[str]:
    """Modules that draw a paper, and neither they nor what they import ask for the head of a day."""
    heads = {path for path, tree in papers.items() if HEADS & calls(tree)}
    # a room's printing.py may take the head from another's: the papers of orders from those of visits
    heads |= {path for path in papers if path.endswith("printing.py") and imported(papers[path]) & heads}
    return [
        path
        for path, tree in papers.items()
        if prints(path, tree) and path not in heads and not imported(tree) & heads
    ]


def test_every_paper_takes_its_head_from_its_day() -> None:
    missing = headless(dict(modules()))
    assert not missing, "".join(WHAT_TO_WRITE.format(path=path) for path in missing)


def test_no_paper_names_the_facility_of_today_by_itself() -> None:
    """`"facility_name": ...` is written where the face of the day was asked for, nowhere else."""
    known = {*OF_TODAY, "facilities/letterheads.py"}
    wrong = [
        path
        for path, tree in modules()
        if path not in known and not {"face", "faces"} & calls(tree)
        for node in ast.walk(tree)
        if isinstance(node, ast.Dict)
        and any(isinstance(key, ast.Constant) and key.value == "facility_name" for key in node.keys)
    ]
    assert not wrong, "".join(WHAT_TO_WRITE.format(path=path) for path in wrong)


def test_a_paper_that_forgets_it_is_found() -> None:
    forgetful = ast.parse("from apps.core import paper\npaper.pdf('x.html', {'facility_name': 'Trạm'})")
    assert headless({"field/new.py": forgetful}) == ["field/new.py"]


def test_what_is_of_today_still_prints() -> None:
    """An exception that prints nothing any more is taken out of the list."""
    found = {path for path, tree in modules() if DRAWS & calls(tree)}
    gone = set(OF_TODAY) - found - {"core/gallery.py"}
    assert not gone, gone


def test_no_paper_needs_collected_static_files() -> None:
    """`{% paper_file %}`, not `{% static %}`: a paper is also made where `collectstatic` has not run."""
    papers = [*settings.BASE_DIR.glob("templates/print/**/*.html")]
    papers += [
        file
        for file in settings.BASE_DIR.glob("templates/**/*.html")
        if "print/base.html" in file.read_text()
    ]
    found = [file.name for file in papers if "{% static" in file.read_text()]
    assert not found, f"use paper_file: {found}"
