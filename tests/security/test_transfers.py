"""What an account of another station or a village worker tries with people on their way between stations."""

import datetime as dt
from typing import Any

from django.utils import timezone

from apps.core import scope
from apps.core.ids import uuid7
from apps.facilities.models import Facility, Hamlet
from apps.households.models import Membership, Transfer, TransferAsk
from apps.households.moving import members_depart
from apps.households.places import Elsewhere
from apps.patients.models import Identifier, Person
from tests.factories.accounts import a_member, client_of
from tests.factories.households import a_household, an_ask
from tests.factories.patients import a_person, a_station, scope_at
from tests.security.conftest import FOREIGN, OWN, Attacker, Here

NUMBER = "062190000222"  # of the foreign station's person
TODAY = timezone.localdate()


def ask_for(who: Attacker, **more: Any) -> Any:
    said = {"number": NUMBER, "since": f"{TODAY:%d/%m/%Y}", "reason": "Về ở với con", **more}
    return who.post("/ho/xin-chuyen/moi/", **said)


def leaves(side: Here, there: Facility) -> Transfer:
    """The side's person has left for the area of that station."""
    unit = there.unit.code
    with scope.enter(scope_at(side.station)):
        members_depart(
            household=side.household, people=[side.person], place=Elsewhere("province", unit), on=TODAY
        )
    return Transfer.unscoped.get()


def test_no_page_tells_of_whom_it_is_before_she_is_given(own: Here, foreign: Here, nurse: Attacker) -> None:
    """Neither her name, nor her number whole, nor her station, on any page that an account may open."""
    sent = ask_for(nurse)
    assert sent.status_code == 302
    found = TransferAsk.unscoped.get()
    pages = ["/", "/ho/", "/ho/xin-chuyen/", "/ho/chuyen-den/", "/viec-can-lam/", "/ho/xin-chuyen/moi/"]
    for path in pages:
        text = nurse.get(path).content.decode()
        for secret in (FOREIGN, NUMBER, foreign.station.name, str(foreign.person.pk), foreign.person.code):
            if secret not in (own.station.name, own.person.code):
                assert secret not in text, (path, secret)
    for path in (f"{found.pk}/", f"{found.pk}/khong-cho/"):
        assert nurse.get(f"/ho/xin-chuyen/{path}").status_code == 404
        assert nurse.post(f"/ho/xin-chuyen/{path}", reason="x").status_code == 404
    assert nurse.get(f"/nguoi/{foreign.person.pk}/").status_code == 404
    assert nurse.get(f"/api/people/{foreign.person.pk}/").status_code in (403, 404)


def test_a_name_a_part_of_a_number_and_one_that_holds_no_more_find_nobody(
    own: Here, foreign: Here, nurse: Attacker
) -> None:
    yesterday = TODAY - dt.timedelta(days=1)
    Identifier.unscoped.create(
        person=foreign.person, kind="cmnd", value="212345678", valid_to=yesterday, issuer="CA"
    )
    for number in (FOREIGN, NUMBER[:-1], NUMBER + "0", "212345678", "%", "_" * 12, "0622 ' OR 1=1 --"):
        answer = ask_for(nurse, number=number[:30])
        assert answer.status_code == 422 and "Không có ai" in answer.content.decode(), number
    assert not TransferAsk.unscoped.exists()


def test_what_is_written_into_a_reason_is_only_text(own: Here, foreign: Here, nurse: Attacker) -> None:
    ask_for(nurse, reason="<script>alert(1)</script>")
    keeper = client_of(a_member("nurse", foreign.station, "giu"))
    for path in ("/ho/xin-chuyen/", f"/ho/xin-chuyen/{TransferAsk.unscoped.get().pk}/"):
        assert b"<script>alert(1)" not in keeper.get(path).content


def test_nobody_but_her_station_gives_her_and_nobody_else_is_given_with_her(
    own: Here, foreign: Here, nurse: Attacker
) -> None:
    """A ticked person of another family, a date before she came, an asking that is another's."""
    found = an_ask(own.person, foreign.station)
    other = a_household(own.station, a_person(own.station, "Người Hộ Khác"))
    stranger = Membership.unscoped.get(household=other)
    address = f"/ho/xin-chuyen/{found.pk}/"
    thief = client_of(a_member("nurse", foreign.station, "xin"))
    assert thief.get(address).status_code == 404
    forged = {"people": [str(stranger.pk)], "on": f"{TODAY:%d/%m/%Y}", "form_key": str(uuid7())}
    assert thief.post(address, forged).status_code == 404
    answer = nurse.post(address, people=[str(stranger.pk)], on=f"{TODAY:%d/%m/%Y}")
    assert answer.status_code == 422
    assert not Transfer.unscoped.exists()
    assert Person.unscoped.get(pk=own.person.pk).life_status == "alive"


def test_nobody_but_the_told_station_takes_her_in_and_only_at_home(
    own: Here, foreign: Here, nurse: Attacker
) -> None:
    third = a_station("21520", "Trạm Y tế xã Ba Động")
    told = leaves(foreign, own.station)
    part, event = told.part_id, told.part.event_id
    address = f"/ho/chuyen-den/{event}/"
    thief = client_of(a_member("nurse", third, "cuop"))
    said: dict[str, Any] = {
        "people": [str(part)],
        f"relation_{part.hex}": "00",
        "on": f"{TODAY:%d/%m/%Y}",
        "hamlet": str(Hamlet.objects.get(catchments__facility=third).pk),
    }
    assert thief.post(address, said | {"form_key": str(uuid7())}).status_code == 404
    assert nurse.post(address, **said).status_code == 422, "a hamlet of another station"
    theirs = a_household(third, a_person(third, "Người Ba Động"), code="H0009999")
    into = nurse.post(address, **said | {"hamlet": "", "into": theirs.code})
    assert into.status_code == 422, "a family of another station"
    assert Person.unscoped.get(pk=foreign.person.pk).station == foreign.station


def test_a_departure_does_not_bring_the_people_of_another(own: Here, foreign: Here, nurse: Attacker) -> None:
    first = leaves(foreign, own.station)
    more = a_person(foreign.station, "Hồ Văn Hai")
    home = a_household(foreign.station, more)
    with scope.enter(scope_at(foreign.station)):
        members_depart(household=home, people=[more], place=Elsewhere("province", "21484"), on=TODAY)
    second = Transfer.unscoped.exclude(pk=first.pk).get()
    said: dict[str, Any] = {
        "people": [str(second.part_id)],
        f"relation_{second.part_id.hex}": "00",
        "on": f"{TODAY:%d/%m/%Y}",
        "hamlet": str(own.person.hamlet_id),
    }
    assert nurse.post(f"/ho/chuyen-den/{first.part.event_id}/", **said).status_code == 422
    assert Person.unscoped.get(pk=more.pk).station == foreign.station


def test_a_village_worker_reaches_none_of_it(own: Here, foreign: Here) -> None:
    """Neither by address nor by post, nor by an asking about somebody of her own hamlet."""
    hamlet = own.person.hamlet
    assert hamlet is not None
    worker = client_of(a_member("village_worker", own.station, "thon", hamlets=[hamlet]))
    found, told = an_ask(own.person, foreign.station), leaves(foreign, own.station)
    for path in (
        *("xin-chuyen/", "xin-chuyen/moi/", f"xin-chuyen/{found.pk}/", f"xin-chuyen/{found.pk}/khong-cho/"),
        *(f"xin-chuyen/{found.pk}/thoi/", "chuyen-den/", f"chuyen-den/{told.part.event_id}/"),
    ):
        for answer in (worker.get(f"/ho/{path}"), worker.post(f"/ho/{path}", {"form_key": str(uuid7())})):
            assert answer.status_code in (403, 404, 405), path
            assert OWN not in answer.content.decode() and FOREIGN not in answer.content.decode()
    assert FOREIGN not in worker.get("/thon/").content.decode()


def test_tries_are_counted_per_account_and_not_forgotten_by_a_refusal(
    own: Here, foreign: Here, nurse: Attacker
) -> None:
    for number in range(10):
        assert ask_for(nurse, number=f"0511900009{number:02d}").status_code == 422
    text = ask_for(nurse).content.decode()
    assert "hết số lần" in text and not TransferAsk.unscoped.exists()
    other = Attacker(client_of(a_member("nurse", own.station, "kia")))
    assert ask_for(other).status_code == 302


def test_the_right_to_edit_households_is_needed(own: Here, foreign: Here) -> None:
    for role in ("pharmacist", "auditor", "region_reviewer"):
        client = client_of(a_member(role, own.station, f"vai.{role}"))
        assert client.get("/ho/xin-chuyen/moi/").status_code == 403
