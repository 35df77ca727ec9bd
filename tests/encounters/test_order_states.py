"""docs/states.md is the table of an order: the code and the page say the same."""

from pathlib import Path

from apps.encounters.ordering import states

PAGE = Path(__file__).resolve().parents[2] / "docs" / "states.md"


def rows_of_the_page():
    section = PAGE.read_text(encoding="utf-8").split("## Order\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")][1:]
    return [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in lines]


def test_it_works():
    rows = [
        (state, states.TITLES[state], action.key, action.title, action.right, ", ".join(action.to))
        for state, actions in states.TABLE.items()
        for action in actions
    ]
    assert rows_of_the_page() == rows


def test_every_state_has_a_word_and_a_colour():
    assert set(states.TITLES) == set(states.TABLE) == set(states.CHIPS)


def test_what_is_over_allows_nothing():
    assert [state for state in states.TABLE if not states.TABLE[state]] == ["cancelled", "entered_in_error"]
