"""The boxes of the sick-child form on the visit's page.

They are read and drawn by themselves, not as Django fields: there are sixty, on every child's visit.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from apps.encounters.sick_child import sheet
from apps.encounters.sick_child.sheet import BOX, Group, Sign


@dataclass(frozen=True)
class Box:
    """One sign with what stands in it and what is wrong with it."""

    sign: Sign
    value: str
    error: str = ""

    @property
    def name(self) -> str:
        return self.sign.box


@dataclass(frozen=True)
class Drawn:
    """One group of the chart."""

    group: Group
    boxes: list[Box]


class Boxes:
    """The form of one age, filled from a post (or what is stored, in the shape of one)."""

    def __init__(self, data: Mapping[str, Any], age: str) -> None:
        self.sheet = age
        self.title = sheet.TITLES.get(age, "")
        asked = sheet.SIGNS.get(age, {})
        # A choice of the other chart, or a box made by hand, is no answer of this one.
        self.answers = sheet.tidy({key: data.get(BOX + key, "").replace("\0", "")[:20] for key in asked})
        self.wrong = {one.key: one.sentence for one in sheet.problems(self.answers, age)}

    @property
    def groups(self) -> list[Drawn]:
        """Group by group, as the chart has them."""
        return [
            Drawn(
                group,
                [
                    Box(sign, self.answers.get(sign.key, ""), self.wrong.get(sign.key, ""))
                    for sign in group.signs
                ],
            )
            for group in sheet.GROUPS.get(self.sheet, ())
        ]

    @property
    def is_open(self) -> bool:
        """Whether the fold stands open: something was said, or is wrong."""
        return bool(self.answers)


def as_posted(answers: Mapping[str, str]) -> dict[str, str]:
    """Stored answers in the shape of a post."""
    return {BOX + key: value for key, value in answers.items()}
