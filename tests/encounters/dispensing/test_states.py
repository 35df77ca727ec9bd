"""docs/states.md is the table of a dispensing: the code and the page say the same."""

from pathlib import Path

from apps.encounters.dispensing import states

PAGE = Path(__file__).resolve().parents[3] / "docs" / "states.md"


def rows_of_the_page():
    section = PAGE.read_text(encoding="utf-8").split("## Dispensing\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")][1:]
    return [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in lines]


def test_it_works():
    rows = [
        (state, states.TITLES[state], action, states.RIGHTS[action])
        for state, actions in states.TABLE.items()
        for action in actions
    ]
    assert rows_of_the_page() == rows


def test_every_state_has_a_word_and_a_colour():
    assert set(states.TITLES) == set(states.TABLE) == set(states.CHIPS)
