"""Two who do the same thing at one moment: what few may do, allowances, drafts, tries, people asked for."""

import re
import threading
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.core import approvals, drafts, scope
from apps.core.errors import Refused
from apps.core.ids import uuid7
from apps.core.models import Draft, PendingChange
from apps.facilities import staffing
from apps.facilities.models import Post
from apps.facilities.posts import scope_for
from apps.households import asks
from apps.households.models import Household, Membership, Transfer, TransferAsk
from apps.patients import emergency
from tests.factories import encounters as make
from tests.factories.accounts import a_member, a_role, client_of
from tests.factories.facilities import a_centre, a_department
from tests.factories.households import a_household, an_ask
from tests.factories.patients import a_person, a_station
from tests.factories.racing import at_once, meet_after
from tests.security.conftest import Attacker
from tests.security.test_transfers import NUMBER, ask_for

pytestmark = pytest.mark.django_db(transaction=True)
TODAY = timezone.localdate()


def test_two_who_approve_at_once_do_it_once() -> None:
    station = a_station()
    department = a_department(a_centre(station))
    first, *others = [a_member("province_admin", department, f"quan.tri{n}") for n in range(3)]
    with scope.enter(scope_for(first, department.pk)):
        made = staffing.account_open(
            full_name="Ma Văn Giả", username="", phone="", role=a_role("nurse"), facility=station
        )
    change = PendingChange.objects.get()

    def approve(user: Any) -> Any:
        with scope.enter(scope_for(user, department.pk)):
            return approvals.approve(change_id=change.pk)

    done = at_once(*(lambda user=user: approve(user) for user in others))
    assert sorted(type(each).__name__ for each in done) == ["PendingChange", "Refused"]
    assert Post.objects.filter(user=made).count() == 1


def test_one_allowance_is_one_slip_however_fast() -> None:
    station = a_station()
    department = a_department(a_centre(station))
    first, second = (a_member("province_admin", department, f"quan.tri{n}") for n in range(2))
    head = a_member("station_head", station, "truong.tram")
    with scope.enter(scope_for(first, department.pk)):
        change = staffing.slip_issue(user=head)
    with scope.enter(scope_for(second, department.pk)):
        approvals.approve(change_id=change.pk)  # type: ignore[union-attr]

    def use() -> bool:
        with scope.enter(scope_for(first, department.pk)):
            return approvals.use(staffing.SLIP_CHANGE, head.pk)

    assert sorted(at_once(use, use, use)) == [False, False, True]


def test_one_draft_from_two_tabs() -> None:
    make.catalogues()
    station = a_station()
    visit = make.a_visit(a_person(station), make.a_practitioner(station))
    nurse = a_member("nurse", station, "hoa.nt")

    def keep(text: str) -> None:
        with scope.enter(scope_for(nurse, station.pk)):
            drafts.keep("visit", visit.pk, {"reason": [text]})

    done = at_once(*(lambda text=str(n): keep(text) for n in range(4)))
    assert done == [None] * 4
    assert Draft.unscoped.get().data["reason"][0] in {"0", "1", "2", "3"}


def test_tries_at_once_are_counted_one_after_the_other() -> None:
    """While a try is not yet written for all to see, the next one waits for it."""
    station = a_station()
    user = a_member("doctor", station)
    here = scope_for(user, station.pk)
    waits: list[bool] = []

    def another() -> None:
        try:
            with transaction.atomic():
                rows = User.objects.select_for_update(skip_locked=True).filter(pk=user.pk)
                waits.append(not rows.exists())
        finally:
            connection.close()

    with transaction.atomic(), scope.enter(here):  # as the page's post: one transaction around it
        with pytest.raises(Refused):
            emergency.open_record(number="062190000999", reason="coma", note="Ngất")
        assert emergency.used_today(here) == 1
        thread = threading.Thread(target=another)
        thread.start()
        thread.join()
    assert waits == [True]


def test_two_at_once_ask_for_her_once(monkeypatch: pytest.MonkeyPatch) -> None:
    here, there = a_station(), a_station("23293", "Trạm Y tế xã Đăk Cấm")
    a_household(here, a_person(here, "Phạm Văn Ba", sex="male", cccd=NUMBER))
    one, two = (a_member("nurse", there, name) for name in ("mot", "hai"))
    meet_after(monkeypatch, (asks.exact, "carrier"))
    said = at_once(*(lambda who=who: ask_for(Attacker(client_of(who))).status_code for who in (one, two)))
    assert sorted(said) == [302, 422]
    assert TransferAsk.unscoped.count() == 1


def test_two_at_once_answer_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """One gives her, the other refuses: one answer stands, and her family with it."""
    here, there = a_station(), a_station("23293", "Trạm Y tế xã Đăk Cấm")
    home = a_household(here, a_person(here, "Phạm Văn Ba", sex="male"))
    member = Membership.unscoped.get(household=home)
    found = an_ask(member.person, there)
    one, two = (client_of(a_member("nurse", here, name)) for name in ("mot", "hai"))
    meet_after(monkeypatch, (asks, "_ours"))
    give = {"people": [str(member.pk)], "on": f"{TODAY:%d/%m/%Y}", "new_head": "", "note": ""}

    def given() -> int:
        return one.post(f"/ho/xin-chuyen/{found.pk}/", give | {"form_key": str(uuid7())}).status_code

    def refused() -> int:
        said = {"form_key": str(uuid7()), "reason": "Còn ở đây"}
        return two.post(f"/ho/xin-chuyen/{found.pk}/khong-cho/", said).status_code

    at_once(given, refused)
    found.refresh_from_db()
    left = Household.unscoped.get(pk=home.pk).closed == "departed"
    assert (found.state == "given") == left == Transfer.unscoped.exists()
    assert re.fullmatch("given|refused", found.state)
