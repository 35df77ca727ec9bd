"""docs/states.md is the table: the code and the page say the same."""

from pathlib import Path

from apps.encounters import states

PAGE = Path(__file__).resolve().parents[2] / "docs" / "states.md"


def rows_of_the_page():
    section = PAGE.read_text(encoding="utf-8").split("## Visit")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")][1:]
    return [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in lines]


def test_the_page_and_the_code_agree():
    rows = [
        (state, states.TITLES[state], action.key, action.title, action.right, ", ".join(action.to))
        for state, actions in states.TABLE.items()
        for action in actions
    ]
    assert rows_of_the_page() == rows


def test_every_state_has_a_word():
    assert set(states.TITLES) == set(states.TABLE)


def test_only_a_visit_in_error_is_at_its_end():
    assert [state for state in states.TABLE if not states.actions(state)] == [states.ENTERED_IN_ERROR]


def test_nothing_leads_out_of_the_table():
    targets = {target for actions in states.TABLE.values() for action in actions for target in action.to}
    assert targets <= set(states.TABLE)


def test_what_is_not_listed_is_not_allowed():
    assert states.allows("finalised", "amend")
    assert not states.allows("finalised", "save")
    assert not states.allows("entered_in_error", "amend")
