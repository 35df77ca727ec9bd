"""Lists of people that leave as a file: reason, second person, sealed, a day, their maker alone."""

import datetime as dt
import io
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from openpyxl import load_workbook

from apps.accounts.models import User
from apps.core import approvals, clearing, guarded, jobs, registry, scope, sealed_files
from apps.core.errors import Refused
from apps.core.ids import uuid7
from apps.core.models import AuditEntry, GuardedExport, Job, Parameter, PendingChange, ReadEntry
from apps.core.registry import ExportKind, ExportSheet
from apps.facilities.models import Facility
from apps.facilities.posts import scope_for
from tests.factories.accounts import a_member, client_of
from tests.factories.patients import a_person, a_station

pytestmark = pytest.mark.django_db
PEOPLE = [uuid7() for _ in range(3)]
NAMES = ["Nguyễn Thị Hòa", "=1+1", "\u202e@SUM(A1)"]


def _rows(args: Any) -> Any:
    return ExportSheet(["Họ và tên"], zip(PEOPLE, ([name] for name in NAMES), strict=True))


@pytest.fixture(autouse=True)
def kind(monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path) -> ExportKind:
    """A kind of export of three people; files of this test alone."""
    settings.SEALED_DIR = tmp_path / "sealed"
    made = ExportKind(
        "test", "Danh sách thử", ("people.export",), "people.export", "thu", lambda args: 3, _rows
    )
    monkeypatch.setitem(registry.exports._items, "test", made)
    return made


@pytest.fixture
def station() -> Facility:
    return a_station()


@pytest.fixture
def head(station: Facility) -> User:
    return a_member("station_head", station, "truong", "Trần Văn Trưởng")


@pytest.fixture
def doctor(station: Facility) -> User:
    return a_member("doctor", station, "bac.si", "Lê Bác Sĩ")


def at(user: User) -> Any:
    found = scope_for(user, user.posts.get().facility_id)
    assert found is not None
    return scope.enter(found)


def asked(user: User, **more: Any) -> GuardedExport:
    with at(user):
        made = guarded.export("test", **{"reason": "Báo cáo", **more})
    return GuardedExport.unscoped.get(pk=made.pk)


def made_by(user: User) -> GuardedExport:
    made = asked(user)
    assert jobs.run_one()
    made.refresh_from_db()
    return made


def limit(key: str, value: int) -> None:
    Parameter.objects.filter(key=key).update(value=value)


def test_it_works(head: User) -> None:
    made = made_by(head)
    assert (made.state, made.rows, made.title) == ("ready", 3, "Danh sách thử")
    assert made.expires_at - made.made_at == dt.timedelta(hours=24)
    with at(head):
        name, content = guarded.take(made.pk)
    assert name.startswith("thu-") and name.endswith(".xlsx")
    cells = [row[0] for row in load_workbook(io.BytesIO(content)).active.iter_rows(values_only=True)]
    assert cells == ["Họ và tên", "Nguyễn Thị Hòa", "'=1+1", "'@SUM(A1)"]
    looks = ReadEntry.objects.order_by("at").values_list("screen", "person_ids", "reason")
    assert list(looks) == [("people.export", PEOPLE, "Báo cáo"), ("export.taken", PEOPLE, "Báo cáo")]
    assert list(AuditEntry.objects.order_by("at").values_list("action", flat=True)) == [
        "export.asked", "export.made", "export.taken",
    ]  # fmt: skip


def test_the_file_lies_sealed_and_only_with_both_halves_can_it_be_read(head: User) -> None:
    made, other = made_by(head), made_by(head)
    (path,) = [path for path in sealed_files.folder().iterdir() if path.stem == str(made.pk)]
    assert path.read_bytes().startswith(b"age-encryption.org/v1") and path.stat().st_mode & 0o077 == 0
    assert made.key != other.key
    with pytest.raises(sealed_files.Unreadable):
        sealed_files.get(made.pk, other.key)
    assert sealed_files.get(made.pk, made.key).startswith(b"PK")


@pytest.mark.parametrize("reason", ["", "  ", "\u200b"])
def test_no_reason_no_file(head: User, reason: str) -> None:
    with pytest.raises(Refused, match="lý do"):
        asked(head, reason=reason)
    assert not GuardedExport.unscoped.exists()


def test_who_lacks_the_right_asks_in_vain(station: Facility) -> None:
    with pytest.raises(PermissionDenied):
        asked(a_member("nurse", station))


def test_an_empty_and_a_too_long_list_are_refused(head: User, monkeypatch: pytest.MonkeyPatch) -> None:
    limit(guarded.MOST, 2)
    with pytest.raises(Refused, match="tối đa 2"):
        asked(head)
    object.__setattr__(registry.exports.get("test"), "count", lambda args: 0)
    with pytest.raises(Refused, match="Không có ai"):
        asked(head)


def test_the_same_list_is_not_made_twice_at_once(head: User) -> None:
    asked(head)
    with pytest.raises(Refused, match="đã xin xuất"):
        asked(head)
    asked(head, args={"hamlet": 1})


# --- two people


@pytest.fixture
def large(head: User) -> GuardedExport:
    """A wish for more rows than one may take out alone."""
    limit(guarded.TWO_ABOVE, 2)
    return asked(head)


def test_a_long_list_waits_for_a_second_person(large: GuardedExport, head: User, doctor: User) -> None:
    assert large.state == "asked" and not Job.objects.exists()
    change = PendingChange.objects.get()
    with at(head), pytest.raises(Refused, match="một người khác"):
        approvals.approve(change_id=change.pk)
    with at(doctor):
        assert approvals.waiting_for(scope.current()) == [change]
        approvals.approve(change_id=change.pk)
    assert jobs.run_one()
    large.refresh_from_db()
    assert (large.state, large.approved_by_name, large.approved_by) == ("ready", "Lê Bác Sĩ", doctor.pk)
    with at(head):
        assert guarded.take(large.pk)
    with at(doctor):
        assert guarded.take(large.pk) is None


def test_a_refused_wish_makes_nothing(large: GuardedExport, head: User, doctor: User) -> None:
    with at(doctor):
        approvals.refuse(change_id=PendingChange.objects.get().pk)
    assert not Job.objects.exists()
    with at(head):
        assert guarded.standing([large])[large.pk] == ("danger", "Không duyệt")
        with pytest.raises(Refused, match="chưa làm xong"):
            guarded.take(large.pk)


def test_a_nurse_and_another_stations_head_cannot_be_the_second(
    large: GuardedExport, station: Facility
) -> None:
    elsewhere = a_station("21490", "Trạm Y tế xã Ba Vì")
    for other in (a_member("nurse", station), a_member("station_head", elsewhere, "truong.khac")):
        with at(other):
            assert not approvals.waiting_for(scope.current())
            with pytest.raises(Refused):
                approvals.approve(change_id=PendingChange.objects.get().pk)


def test_a_list_that_has_grown_since_needs_the_second_person_too(head: User) -> None:
    made = asked(head)
    limit(guarded.TWO_ABOVE, 2)
    assert jobs.run_one()
    made.refresh_from_db()
    assert made.state == "failed" and not sealed_files.stored()
    assert "dài quá 2" in Job.objects.get().message


def test_whoever_has_lost_the_right_meanwhile_gets_nothing(head: User) -> None:
    made = asked(head)
    head.posts.update(revoked_at=timezone.now())
    assert jobs.run_one()
    made.refresh_from_db()
    assert made.state == "making" and not sealed_files.stored()
    assert Job.objects.get().state == "failed"


def test_a_worker_that_dies_is_followed_by_one_that_makes_the_file(
    head: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = asked(head)
    with monkeypatch.context() as broken:
        broken.setattr(sealed_files, "put", lambda *args: (_ for _ in ()).throw(SystemExit()))
        with pytest.raises(SystemExit):
            jobs.run_one()
    made.refresh_from_db()
    assert made.state == "making" and not ReadEntry.objects.exists()
    Job.objects.update(leased_until=timezone.now() - dt.timedelta(seconds=1))
    assert jobs.run_one()
    made.refresh_from_db()
    assert made.state == "ready"


# --- the end of a file


def later(made: GuardedExport, hours: float) -> None:
    GuardedExport.unscoped.filter(pk=made.pk).update(expires_at=timezone.now() - dt.timedelta(hours=hours))


def test_after_its_day_the_file_says_that_it_is_over(head: User) -> None:
    made = made_by(head)
    later(made, 0.01)
    with at(head), pytest.raises(Refused, match="hết hạn"):
        guarded.take(made.pk)
    assert clearing.exports_expired() == 1
    made.refresh_from_db()
    assert (made.state, made.key, made.person_ids) == ("expired", "", [])
    assert not sealed_files.stored() and made.reason == "Báo cáo"
    with at(head), pytest.raises(Refused, match="hết hạn"):
        guarded.take(made.pk)


def test_the_night_removes_strays_and_leaves_what_is_still_good(head: User) -> None:
    made = made_by(head)
    sealed_files.put(uuid7(), b"left behind")
    (sealed_files.folder() / f"{uuid7()}.half").write_bytes(b"cut")
    assert clearing.exports_cleared(dt.date(2026, 1, 1)) == "Đã xóa 2 tệp xuất hết hạn."
    assert sealed_files.stored() == [made.pk]


def test_a_file_that_is_gone_from_the_disk_is_told(head: User) -> None:
    made = made_by(head)
    sealed_files.erase(made.pk)
    with at(head), pytest.raises(Refused, match="không còn"):
        guarded.take(made.pk)


# --- pages


def test_the_page_shows_ones_own_files_alone(head: User, doctor: User) -> None:
    made = made_by(head)
    client = client_of(head)
    page = client.get("/tep-da-xuat/").content.decode()
    assert "Danh sách thử" in page and f"/tep-da-xuat/{made.pk}/" in page
    response = client.get(f"/tep-da-xuat/{made.pk}/")
    assert response.content.startswith(b"PK") and "no-store" in response.headers["Cache-Control"]
    stranger = client_of(doctor)
    assert "Danh sách thử" not in stranger.get("/tep-da-xuat/").content.decode()
    assert stranger.get(f"/tep-da-xuat/{made.pk}/").status_code == 404
    assert client.get(f"/tep-da-xuat/{uuid7()}/").status_code == 404
    later(made, 1)
    over = client.get(f"/tep-da-xuat/{made.pk}/", follow=True).content.decode()
    assert "đã hết hạn" in over and f"/tep-da-xuat/{made.pk}/" not in over


def test_the_page_asks_as_often_for_20_files_as_for_2(head: User) -> None:
    limit(guarded.TWO_ABOVE, 2)
    client, counts = client_of(head), []
    for number in range(20):
        asked(head, args={"n": number})
        if number in (1, 2, 19):  # the first look signs in
            with CaptureQueriesContext(connection) as looked:
                assert client.get("/tep-da-xuat/").status_code == 200
            counts.append(len(looked))
    assert counts[1] == counts[2]


def test_everybody_who_exports_may_find_somebody_to_approve() -> None:
    """A head's wish is approved by a doctor or the centre; a population officer's by the head."""
    from apps.accounts.models import Role
    from tests.factories.accounts import a_role

    a_role("nurse")
    may = set(Role.objects.filter(rights__contains=["exports.approve"]).values_list("code", flat=True))
    assert may == {"doctor", "station_head", "region_head"}


def test_a_person_page_of_looks_tells_the_download(head: User, station: Facility) -> None:
    person = a_person(station)
    object.__setattr__(
        registry.exports.get("test"), "sheet", lambda args: ExportSheet(["Tên"], [(person.pk, ["Hòa"])])
    )
    made = made_by(head)
    with at(head):
        guarded.take(made.pk)
    assert ReadEntry.objects.filter(person_ids__contains=[person.pk], screen=guarded.SCREEN).exists()
