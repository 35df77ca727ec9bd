"""What a leaver leaves behind is listed and passed to a colleague; her name stays on what she did."""

from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from apps.accounts.models import User
from apps.accounts.services import user_create
from apps.care.models import Appointment
from apps.core import drafts
from apps.core.errors import Refused
from apps.core.ids import uuid7
from apps.core.models import AuditEntry, Draft, ReadEntry
from apps.core.scope import enter, system
from apps.encounters.models import Visit
from apps.facilities.models import Practitioner
from tests.factories.accounts import a_member, a_post, a_user, client_of
from tests.factories.encounters import a_finished_visit, a_practitioner, a_visit, catalogues, scope_of
from tests.factories.facilities import a_station
from tests.factories.patients import a_person

pytestmark = pytest.mark.django_db


class Room:
    """A leaver with an open visit, an unsigned one, a signed one and a draft; a colleague; a head."""

    def __init__(self) -> None:
        catalogues()
        self.station = a_station()
        self.leaver, self.hers = self._nurse("hoa.nt", "Nguyễn Thị Hòa")
        self.taker, self.his = self._nurse("lan.tt", "Trần Thị Lan")
        self.person = a_person(self.station, "Đinh Thị Vân Kiều")
        self.open = a_visit(self.person, self.hers)
        self.unsigned = a_finished_visit(a_person(self.station, "Đinh Văn Hai"), self.hers)
        self.others = a_visit(a_person(self.station, "Đinh Văn Ba"), self.his)
        with enter(replace(scope_of(self.hers), user_id=self.leaver.pk)):
            drafts.keep("visit", self.open.pk, {"reason": ["ho"]})
        self.head = client_of(a_member("station_head", self.station, "truong.pv", "Phạm Văn Trưởng"))

    def _nurse(self, username: str, name: str) -> tuple[User, Practitioner]:
        user = a_user(username, name)
        licence = {"licence_no": f"{username}/QNG", "can_sign": False}
        practitioner = a_practitioner(self.station, name, grade="assistant", user=user, **licence)
        a_post(user, "nurse", self.station, practitioner=practitioner)
        return user, practitioner

    @property
    def path(self) -> str:
        return f"/tai-khoan/{self.leaver.pk}/ban-giao/"

    def move(self, *items: str, to: User | None = None, client: Client | None = None) -> Any:
        data = {"form_key": str(uuid7()), "to": str((to or self.taker).pk), "item": list(items)}
        return (client or self.head).post(self.path, data, follow=True)


@pytest.fixture
def room() -> Room:
    return Room()


def test_it_works(room: Room) -> None:
    page = room.head.get(room.path)
    text = page.content.decode()
    assert "Đinh Thị Vân Kiều" in text and "Đinh Văn Hai" in text and "Đinh Văn Ba" not in text
    assert [len(pile.items) for pile in page.context["piles"]] == [1, 1, 1, 0, 0, 0]
    draft = Draft.unscoped.get()
    assert f'name="item" value="visits.open:{room.open.pk}"' in text, "a line that goes over has its tick"
    assert f"visits.unsigned:{room.unsigned.pk}" not in text
    done = room.move(f"visits.open:{room.open.pk}", f"drafts:{draft.pk}")
    assert "Đã bàn giao 2 việc." in done.content.decode()
    room.open.refresh_from_db()
    draft.refresh_from_db()
    assert (room.open.performer, room.open.performer_text) == (room.his, "Trần Thị Lan")
    assert draft.user_id == room.taker.pk and draft.data == {"reason": ["ho"]}
    assert "Đinh Thị Vân Kiều" not in room.head.get(room.path).content.decode()
    assert AuditEntry.objects.get(action="user.handed_over").data["count"] == 2
    assert AuditEntry.objects.filter(action="visit.handed_over", object_id=room.open.pk).exists()


def test_looking_is_logged(room: Room) -> None:
    room.head.get(room.path)
    assert ReadEntry.objects.filter(screen="account.handover", person_ids__contains=[room.person.pk]).exists()


def test_what_she_finished_keeps_her_name(room: Room) -> None:
    answer = room.move(f"visits.unsigned:{room.unsigned.pk}")
    assert answer.status_code == 403
    room.move(f"visits.open:{room.unsigned.pk}")
    room.unsigned.refresh_from_db()
    assert room.unsigned.performer == room.hers


def test_a_colleagues_own_draft_is_not_written_over(room: Room) -> None:
    with enter(replace(scope_of(room.his), user_id=room.taker.pk)):
        drafts.keep("visit", room.open.pk, {"reason": ["sốt"]})
    draft = Draft.unscoped.get(user_id=room.leaver.pk)
    assert "Đã bàn giao 0 việc." in room.move(f"drafts:{draft.pk}").content.decode()
    assert Draft.unscoped.get(user_id=room.taker.pk).data == {"reason": ["sốt"]}


def test_appointments_go_over(room: Room) -> None:
    from django.utils import timezone

    row = Appointment.unscoped.create(
        person=room.person,
        facility=room.station,
        performer=room.hers,
        occurred_at=timezone.now(),
        on=timezone.localdate(),
        source_kind="visit",
        source_id=room.open.pk,
    )
    assert "hẹn" in room.head.get(room.path).content.decode()
    room.move(f"appointments:{row.pk}")
    row.refresh_from_db()
    assert row.performer == room.his


def test_it_still_goes_after_she_has_left(room: Room) -> None:
    post = room.leaver.posts.get()
    room.head.post(
        f"/tai-khoan/vi-tri/{post.pk}/thu-hoi/", {"form_key": str(uuid7()), "version": post.version}
    )
    room.move(f"visits.open:{room.open.pk}")
    room.open.refresh_from_db()
    assert room.open.performer == room.his


def test_other_peoples_work_is_not_moved(room: Room) -> None:
    room.move(f"visits.open:{room.others.pk}")
    room.others.refresh_from_db()
    assert (
        room.others.performer == room.his
        and room.others.version == Visit.unscoped.get(pk=room.others.pk).version
    )


@pytest.mark.parametrize("item", ["", "x", "visits.open:x", "visits.open:", ":"])
def test_bad_input_moves_nothing(room: Room, item: str) -> None:
    assert "Hãy chọn ít nhất một việc" in room.move(item).content.decode()


def test_an_unknown_kind_is_refused(room: Room) -> None:
    assert room.move(f"khong.co:{room.open.pk}").status_code == 403


def test_nothing_goes_to_a_stranger_or_back_to_herself(room: Room) -> None:
    stranger = a_member("nurse", a_station("21490", "Ba Vì"), "xa.nt")
    for to in (stranger, room.leaver):
        assert "Hãy chọn một đồng nghiệp" in room.move(f"visits.open:{room.open.pk}", to=to).content.decode()
    pharmacist = a_member("pharmacist", room.station, "duoc.si")
    text = room.move(f"visits.open:{room.open.pk}", to=pharmacist).content.decode()
    assert "chưa gắn với người hành nghề" in text
    room.open.refresh_from_db()
    assert room.open.performer == room.hers


def test_a_foreign_head_and_a_nurse_see_nothing(room: Room) -> None:
    stranger = client_of(a_member("station_head", a_station("21490", "Ba Vì"), "xa.pv"))
    assert stranger.get(room.path).status_code == 404
    assert room.move(f"visits.open:{room.open.pk}", client=stranger).status_code == 404
    assert client_of(room.taker).get(room.path).status_code == 403


def test_a_login_is_never_used_again(room: Room) -> None:
    from apps.accounts.services import user_set_active

    with system("test"):
        user_set_active(user=room.leaver, is_active=False)
        with pytest.raises(Refused, match="đã có người dùng"):
            user_create(full_name="Nguyễn Thị Hoa", username="HOA.NT")
        assert user_create(full_name="Nguyễn Thị Hoa").username != "hoa.nt"
    from django.db.models import ProtectedError

    with pytest.raises(ProtectedError):
        room.leaver.delete()


def test_the_page_costs_the_same_at_1_and_at_5_visits(room: Room) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    costs = []
    for extra in (0, 4):
        for n in range(extra):
            a_visit(a_person(room.station, f"Đinh Văn Thêm {n}"), room.hers)
        room.head.get(room.path)
        with CaptureQueriesContext(connection) as asked:
            room.head.get(room.path)
        costs.append(len(asked))
    assert costs[0] == costs[1]
