"""The one file format of the administration's lists: a workbook in which nothing is computed."""

from typing import Any

from import_export.formats.base_formats import XLSX

MARKS = ("=", "+", "-", "@")


class Workbook(XLSX):
    """A text that a spreadsheet would compute is written with a quote before it."""

    def export_data(self, dataset: Any, **kwargs: Any) -> Any:
        for _ in range(len(dataset)):
            dataset.append([as_text(cell) for cell in dataset.lpop()])
        return super().export_data(dataset, **kwargs)


def as_text(cell: Any) -> Any:
    """The cell so that no spreadsheet computes it."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(MARKS) else cell


def as_typed(text: str) -> str:
    """A cell that comes back: without the quote that `as_text` has put before it."""
    return text[1:] if text.startswith("'") and text[1:].startswith(MARKS) else text
