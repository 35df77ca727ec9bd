"""Every form of the house, posted by whoever may not: for a stranger's record, or without the right."""

import pytest

from apps.core.models import AuditEntry
from tests.factories.accounts import a_post, a_user, client_of
from tests.factories.facilities import a_centre, a_department
from tests.house import walk
from tests.security.conftest import Attacker
from tests.security.test_new_forms import everything, taken_back

pytestmark = pytest.mark.django_db
Walked = tuple[walk.Side, walk.Side, walk.Shared]


def test_no_form_is_taken_for_a_record_of_elsewhere(walked: Walked) -> None:
    """Posted by who holds every right at her own station: refused, and nothing is written anywhere."""
    own, foreign, _ = walked
    client = Attacker(client_of(everything(own)))
    wrong, asked = [], 0
    for address in walk.addresses():
        sample = walk.SAMPLES.get(address.name)
        if sample is None or not address.arguments:
            continue
        arguments = sample(foreign)
        if arguments == sample(own):
            continue
        with taken_back():
            before = AuditEntry.objects.count()
            answer = client.post(
                address.path(arguments), version=1, reason="Vì thử", note="x", kind="answered", number="1"
            )
            asked += 1
            if answer.status_code not in (400, 403, 404, 405, 415):
                wrong.append((address.name, answer.status_code, answer.get("Location", "")))
            elif AuditEntry.objects.count() != before and answer.status_code != 405:
                wrong.append((address.name, "written", answer.status_code))
    assert not wrong
    assert asked > 100


@pytest.mark.parametrize("role", ["village_worker", "cdc", "province_admin", "auditor"])
def test_no_form_of_the_consulting_rooms_is_taken_of_who_has_no_right(walked: Walked, role: str) -> None:
    """Her own station's ids, or any of the province: each form is closed, and nothing is written."""
    side = walked[0]
    at = side.station if role == "village_worker" else a_department(a_centre(side.station))
    user = a_user(f"khong.{role}", "Phạm Thị Không")
    a_post(user, role, at)
    client, wrong, asked = Attacker(client_of(user)), [], 0
    for address in walk.addresses():
        if address.name.partition(":")[0] not in ("encounters", "ncd", "shifts", "stock", "care"):
            continue
        sample = walk.SAMPLES.get(address.name)
        if sample is None and address.arguments:
            continue
        with taken_back():
            before = AuditEntry.objects.count()
            path = address.path(sample(side) if sample else {})
            answers = [client.post(path, version=1, reason="x"), client.get(path)]
            asked += 1
            if any(answer.status_code not in (403, 404, 405) for answer in answers):
                wrong.append((address.name, [answer.status_code for answer in answers]))
            if AuditEntry.objects.count() != before:
                wrong.append((address.name, "written"))
    assert not wrong
    assert asked > 100
