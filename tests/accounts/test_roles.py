"""The shipped roles: every right exists, each role has the least it needs, loading twice changes nothing."""

import pytest

from apps.accounts.loading import ACTIONS, load_roles
from apps.accounts.models import Role
from apps.core import registry
from apps.core.registry import LoadReport
from tests.factories.accounts import ROOT

SECTIONS = {section.key for section in registry.sections} | {"reports"}  # whose room is still to come
CLINICAL = {"people", "households", "visits", "prescriptions"}


@pytest.fixture
def roles(db: None) -> dict[str, Role]:
    load_roles(ROOT / "fixtures/roles.csv", LoadReport())
    return {role.code: role for role in Role.objects.all()}


def test_it_works(roles: dict[str, Role]) -> None:
    assert len(roles) == 12
    assert roles["nurse"].name == "Điều dưỡng"


def test_loading_twice_changes_nothing(roles: dict[str, Role]) -> None:
    report = LoadReport()
    load_roles(ROOT / "fixtures/roles.csv", report)
    assert (report.added, report.changed, report.unchanged) == (0, 0, 12)


def test_a_changed_role_is_brought_back(roles: dict[str, Role]) -> None:
    Role.objects.filter(code="nurse").update(rights=["audit.view"])
    report = LoadReport()
    load_roles(ROOT / "fixtures/roles.csv", report)
    assert (report.added, report.changed) == (0, 1)
    assert Role.objects.get(code="nurse").rights == roles["nurse"].rights


def test_every_right_names_a_section_and_an_action(roles: dict[str, Role]) -> None:
    for role in roles.values():
        for right in [*role.rights, *role.hands_on]:
            section, action = right.split(".")
            assert section in SECTIONS and action in ACTIONS


def test_above_the_station_nobody_sees_a_clinical_note(roles: dict[str, Role]) -> None:
    for role in roles.values():
        if role.level != "station":
            assert not {right.split(".")[0] for right in role.rights} & CLINICAL


def test_a_head_can_give_every_role_of_the_station(roles: dict[str, Role]) -> None:
    head = set(roles["station_head"].rights)
    beyond = {code: set(role.rights) - head for code, role in roles.items() if role.level == "station"}
    assert not any(beyond.values()), beyond
    assert set(roles["station_head"].hands_on) == {"sync.export", "audit.view"}, "for some hours"


def test_only_the_province_hands_on_what_it_does_not_hold(roles: dict[str, Role]) -> None:
    assert {code for code, role in roles.items() if role.hands_on} == {"station_head", "province_admin"}
    hands_on = set(roles["province_admin"].hands_on) | set(roles["province_admin"].rights)
    out_of_reach = {code for code, role in roles.items() if not set(role.rights) <= hands_on}
    assert out_of_reach == {"auditor"}, "the province opens every other role's first post"


def test_only_the_doctor_and_the_head_sign(roles: dict[str, Role]) -> None:
    signing = {code for code, role in roles.items() if "visits.approve" in role.rights}
    assert signing == {"doctor", "station_head"}
