"""What a village worker tells, and the station's answer: each once, nothing changed before."""

import datetime as dt
import threading
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client
from django.utils import timezone

from apps.core.errors import Refused
from apps.core.models import AuditEntry, Draft, Task
from apps.core.scope import enter
from apps.facilities.models import PostHamlet
from apps.field import proposals, queries, said
from apps.field.models import Proposal
from apps.households.models import Membership
from apps.patients.models import Person
from tests.factories.accounts import a_member, client_of
from tests.factories.facilities import a_station
from tests.factories.field import NEWS, a_proposal, news
from tests.factories.patients import a_person
from tests.field.conftest import Hamlets, post

TODAY = timezone.localdate


def path_of(hamlets: Hamlets, kind: str) -> str:
    return f"/thon/ho/{hamlets.household.pk}/bao/{kind}/"


def tell(client: Client, hamlets: Hamlets, kind: str, **fields: Any) -> Any:
    said_ = news(kind, TODAY()) | fields
    if said.KINDS[kind].about == "":
        return post(client, f"/thon/bao/{kind}/", hamlet=hamlets.here.pk, **said_)
    said_.setdefault("person", hamlets.wife.pk)
    return post(client, path_of(hamlets, kind), **said_)


@pytest.mark.parametrize("kind", list(said.KINDS))
def test_it_works(phone: Client, desk: Client, hamlets: Hamlets, kind: str) -> None:
    answer = tell(phone, hamlets, kind)
    made = Proposal.unscoped.get()
    assert answer.url == f"/thon/da-bao/{made.pk}/"
    assert (made.kind, made.state, made.hamlet, made.made_by) == (
        kind,
        "new",
        hamlets.here,
        hamlets.worker.pk,
    )
    page = phone.get(answer.url).content.decode()
    assert all(words in page for _, words in made.said.lines())
    assert "Chờ trạm xem" in page
    station = desk.get(f"/thon/de-xuat/{made.pk}/").content.decode()
    assert all(words in station for _, words in made.said.lines())
    post(desk, f"/thon/de-xuat/{made.pk}/", note="Cảm ơn chị Bế")
    page = phone.get(answer.url).content.decode()
    assert "Trạm đã nhận" in page and "Cảm ơn chị Bế" in page
    assert set(AuditEntry.objects.filter(object_id=made.pk).values_list("action", flat=True)) == {
        "proposal.made",
        "proposal.accepted",
    }


@pytest.mark.parametrize("kind", list(said.KINDS))
def test_nothing_changes_before_it_is_accepted(phone: Client, hamlets: Hamlets, kind: str) -> None:
    before = list(Person.unscoped.order_by("pk").values())
    members = list(Membership.unscoped.order_by("pk").values())
    tell(phone, hamlets, kind)
    assert list(Person.unscoped.order_by("pk").values()) == before
    assert list(Membership.unscoped.order_by("pk").values()) == members


def test_the_station_finds_it_on_its_home_page_and_among_its_tasks(
    phone: Client, desk: Client, hamlets: Hamlets
) -> None:
    tell(phone, hamlets, "cluster")
    task = Task.unscoped.get()
    assert (task.kind, task.title) == ("field.cluster", "Thôn 1")
    assert task.due_at - task.happened_at == dt.timedelta(hours=24)
    home = desk.get("/").content.decode()
    assert "Đề xuất từ thôn" in home and "Nhiều người cùng ốm" in home
    post(desk, f"/thon/de-xuat/{Proposal.unscoped.get().pk}/", note="")
    task.refresh_from_db()
    assert task.state == "done"


def test_refused_with_a_reason_that_the_worker_reads(phone: Client, desk: Client, hamlets: Hamlets) -> None:
    tell(phone, hamlets, "death")
    made = Proposal.unscoped.get()
    assert post(desk, f"/thon/de-xuat/{made.pk}/khong-nhan/", reason=" \u200b ").status_code == 422
    assert post(desk, f"/thon/de-xuat/{made.pk}/khong-nhan/", reason="Người này còn sống").status_code == 302
    page = phone.get(f"/thon/da-bao/{made.pk}/").content.decode()
    assert "Trạm không nhận" in page and "Người này còn sống" in page
    assert Task.unscoped.get().state == "done"


def test_withdrawn_by_its_maker_alone(phone: Client, desk: Client, hamlets: Hamlets) -> None:
    tell(phone, hamlets, "death")
    made = Proposal.unscoped.get()
    midwife = client_of(a_member("midwife", hamlets.station, "ho.sinh"))
    assert post(midwife, f"/thon/da-bao/{made.pk}/rut/").status_code == 403
    assert post(phone, f"/thon/da-bao/{made.pk}/rut/").status_code == 302
    made.refresh_from_db()
    assert made.state == "withdrawn" and Task.unscoped.get().state == "cancelled"


def test_posted_twice_it_is_told_once(phone: Client, hamlets: Hamlets) -> None:
    sent = {"form_key": "018f0000-0000-7000-8000-000000000001", "person": hamlets.wife.pk}
    sent |= news("death", TODAY())
    first = phone.post(path_of(hamlets, "death"), sent)
    again = phone.post(path_of(hamlets, "death"), sent)
    assert first.url == again.url and Proposal.unscoped.count() == 1


def test_told_again_while_it_waits_is_refused(phone: Client, hamlets: Hamlets) -> None:
    tell(phone, hamlets, "death")
    answer = tell(phone, hamlets, "death")
    assert answer.status_code == 422 and "trạm chưa trả lời" in answer.content.decode()
    assert tell(phone, hamlets, "death", person=hamlets.head.pk).status_code == 302


# --- two who decide


def test_the_second_is_told_who_was_first(phone: Client, desk: Client, hamlets: Hamlets) -> None:
    tell(phone, hamlets, "pregnancy")
    made = Proposal.unscoped.get()
    midwife = client_of(a_member("midwife", hamlets.station, "ho.sinh", "Hồ Thị Sinh"))
    post(midwife, f"/thon/de-xuat/{made.pk}/", note="")
    answer = post(desk, f"/thon/de-xuat/{made.pk}/khong-nhan/", reason="Nhầm người")
    assert "đã được Hồ Thị Sinh nhận lúc" in desk.get(answer.url).content.decode()
    page = desk.get(post(desk, f"/thon/de-xuat/{made.pk}/", note="").url).content.decode()
    assert "đã được Hồ Thị Sinh nhận lúc" in page
    made.refresh_from_db()
    assert made.state == "accepted"


@pytest.mark.django_db(transaction=True)
def test_of_two_nurses_at_once_one_wins(hamlets: Hamlets) -> None:
    made = a_proposal(hamlets.station, hamlets.here, "pregnancy", made_by=hamlets.worker, person=hamlets.wife)
    scope, outcomes = hamlets.scope(hamlets.nurse), []
    barrier = threading.Barrier(2)

    def act(accepts: bool) -> None:
        try:
            with enter(scope):
                barrier.wait(timeout=10)
                if accepts:
                    proposals.proposal_accept(proposal_id=made.pk)
                else:
                    proposals.proposal_refuse(proposal_id=made.pk, reason="Nhầm")
                outcomes.append("won")
        except Refused as refused:
            outcomes.append(refused.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=act, args=(accepts,)) for accepts in (True, False)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["decided", "won"]


# --- strangers


def test_a_worker_sees_no_colleagues_news(phone: Client, hamlets: Hamlets) -> None:
    other = a_member("village_worker", hamlets.station, "sau.hv", "Hồ Văn Sáu", hamlets=[hamlets.here])
    made = a_proposal(hamlets.station, hamlets.here, made_by=other, person=hamlets.wife)
    assert phone.get(f"/thon/da-bao/{made.pk}/").status_code == 404
    assert "Qua đời" not in phone.get("/thon/da-bao/").content.decode()


def test_with_the_hamlet_goes_what_she_told_there(phone: Client, hamlets: Hamlets) -> None:
    tell(phone, hamlets, "death")
    PostHamlet.objects.all().delete()
    assert phone.get(f"/thon/da-bao/{Proposal.unscoped.get().pk}/").status_code == 404


def test_another_stations_nurse_decides_nothing(hamlets: Hamlets) -> None:
    made = a_proposal(hamlets.station, hamlets.here, made_by=hamlets.worker, person=hamlets.wife)
    stranger = client_of(a_member("nurse", a_station("21490", "Ba Vì"), "khac"))
    assert stranger.get(f"/thon/de-xuat/{made.pk}/").status_code == 404
    assert post(stranger, f"/thon/de-xuat/{made.pk}/", note="").status_code == 404
    assert post(stranger, f"/thon/de-xuat/{made.pk}/khong-nhan/", reason="x").status_code == 404


def test_who_sees_some_hamlets_only_does_not_answer(hamlets: Hamlets) -> None:
    role = hamlets.worker.posts.get().role
    role.rights = [*role.rights, "field.approve"]
    role.save()
    made = a_proposal(hamlets.station, hamlets.here, made_by=hamlets.worker, person=hamlets.wife)
    with enter(hamlets.scope(hamlets.worker)), pytest.raises(PermissionDenied):
        proposals.proposal_accept(proposal_id=made.pk)
    client = client_of(hamlets.worker)
    assert post(client, f"/thon/de-xuat/{made.pk}/", note="").status_code == 403


def test_a_member_of_another_family_cannot_be_named(phone: Client, hamlets: Hamlets) -> None:
    answer = tell(phone, hamlets, "death", person=hamlets.stranger.pk)
    assert answer.status_code == 422 and "Hãy chọn người trong hộ" in answer.content.decode()
    assert "Hồ Thị Bảy Lạ" not in answer.content.decode()


def test_another_hamlet_cannot_be_named(phone: Client, hamlets: Hamlets) -> None:
    answer = post(phone, "/thon/bao/cluster/", hamlet=hamlets.there.pk, **news("cluster", TODAY()))
    assert answer.status_code == 422 and "Thôn 2" not in answer.content.decode()
    with enter(hamlets.scope(hamlets.worker)), pytest.raises(Refused, match="phụ trách"):
        proposals.proposal_make(kind="cluster", said=said.Cluster.read(NEWS["cluster"]), hamlet=hamlets.there)


# --- what is typed


WRONG = [
    ("birth", {"born_on": "31/02/2026"}, "born_on"),
    ("birth", {"born_on": f"01/01/{timezone.localdate().year + 1}"}, "tương lai"),
    ("birth", {"born_on": "01/01/1990"}, "quá 365 ngày"),
    ("birth", {"full_name": "Đ" * 200}, "tối đa là 100"),
    ("birth", {"order": "mười"}, "Hãy nhập một số"),
    ("birth", {"order": "99"}, "Nhiều nhất 20"),
    ("birth", {"sex": "robot"}, "has-error"),
    ("death", {"died_on": ""}, "has-error"),
    ("death", {"place": ""}, "Hãy chọn: mất ở đâu"),
    ("pregnancy", {"due_on": ""}, "ngày dự kiến sinh"),
    ("pregnancy", {"due_on": "01/01/2020"}, "không hợp"),
    ("pregnancy", {"due_on": "", "last_period_on": "01/01/2020"}, "không hợp"),
    ("move_in", {"phone": "abc"}, "10 hoặc 11 chữ số"),
    ("move_in", {"birth": "32/13/1990"}, "has-error"),
    ("move_in", {"birth": "2199"}, "tương lai"),
    ("cluster", {"many": "1"}, "Từ 2 người"),
    ("cluster", {"many": "-5"}, "Từ 1 trở lên"),
    ("cluster", {"note": "x" * 500}, "tối đa là 120"),
]


@pytest.mark.parametrize(("kind", "typed", "sentence"), WRONG)
def test_what_cannot_be_is_said_in_words(
    phone: Client, hamlets: Hamlets, kind: str, typed: dict[str, str], sentence: str
) -> None:
    answer = tell(phone, hamlets, kind, **typed)
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert not Proposal.unscoped.exists() and not Task.unscoped.exists()
    assert Draft.unscoped.get().data, "what was typed is kept"


def test_odd_letters_are_stored_plain(phone: Client, hamlets: Hamlets) -> None:
    tell(phone, hamlets, "death", note="Ở\u202e rẫy\0 🙂\u200b")
    assert Proposal.unscoped.get().data["note"] in ("Ở rẫy 🙂", "Ở rẫy  🙂")


def test_a_man_is_not_offered_for_a_pregnancy(phone: Client, hamlets: Hamlets) -> None:
    assert "Đinh Văn Nghĩa" not in phone.get(path_of(hamlets, "pregnancy")).content.decode()
    assert tell(phone, hamlets, "pregnancy", person=hamlets.head.pk).status_code == 422


def test_the_dead_neither_die_nor_leave_again(phone: Client, hamlets: Hamlets) -> None:
    Person.unscoped.filter(pk=hamlets.wife.pk).update(life_status="dead")
    for kind in ("death", "move_out"):
        assert "đã mất" in tell(phone, hamlets, kind).content.decode()


@pytest.mark.parametrize("path", ["/thon/bao/death/", "/thon/bao/gi-do/", "/thon/ho/{pk}/bao/cluster/"])
def test_news_of_the_wrong_place_is_not_there(phone: Client, hamlets: Hamlets, path: str) -> None:
    assert phone.get(path.format(pk=hamlets.household.pk)).status_code == 404


def test_a_lost_session_loses_nothing(phone: Client, hamlets: Hamlets) -> None:
    """What was kept while typing stands in the form after signing in again."""
    phone.post(f"/ban-nhap/proposal-death/{hamlets.household.pk}/", {"note": "Gõ dở"})
    phone.logout()
    assert tell(phone, hamlets, "death").url.startswith("/dang-nhap/")
    assert "Gõ dở" in client_of(hamlets.worker).get(path_of(hamlets, "death")).content.decode()


# --- what follows


def test_an_accepted_pregnancy_is_a_flag_for_who_examines(hamlets: Hamlets) -> None:
    made = a_proposal(hamlets.station, hamlets.here, "pregnancy", made_by=hamlets.worker, person=hamlets.wife)
    nurse = hamlets.scope(hamlets.nurse)
    assert queries.pregnancy_flags(nurse, [hamlets.wife.pk]) == {}
    with enter(nurse):
        proposals.proposal_accept(proposal_id=made.pk)
    flags = queries.pregnancy_flags(nurse, [hamlets.wife.pk])[hamlets.wife.pk]
    assert [flag.word for flag in flags] == ["Thôn báo có thai, dự kiến sinh 01/03/2027"]
    assert queries.pregnancy_flags(hamlets.scope(hamlets.worker), [hamlets.wife.pk]) == {}


def test_a_birth_opens_the_form_filled(desk: Client, hamlets: Hamlets) -> None:
    made = a_proposal(
        hamlets.station,
        hamlets.here,
        "birth",
        made_by=hamlets.worker,
        person=hamlets.wife,
        household=hamlets.household,
    )
    answer = post(desk, f"/thon/de-xuat/{made.pk}/", act="open")
    assert answer.url == f"/ho/{hamlets.household.pk}/nguoi-moi/"
    form = desk.get(answer.url).context["form"]
    assert (form["full_name"].value(), form["birth_date"].value(), form["mother"].value()) == (
        "Đinh Thị Mới",
        "20/11/2026",
        hamlets.wife.code,
    )
    made.refresh_from_db()
    assert made.state == "new", "nothing is accepted before the form is saved"


OPENS = [
    ("death", "/nguoi/{wife}/tu-vong/"),
    ("move_out", "/ho/{household}/chuyen-di/?nguoi={member}"),
    ("marriage", "/ho/{household}/thanh-vien/{member}/ket-hon/"),
]


@pytest.mark.parametrize(("kind", "address"), OPENS)
def test_the_ordinary_form_opens_with_what_was_told(
    desk: Client, hamlets: Hamlets, kind: str, address: str
) -> None:
    made = a_proposal(
        hamlets.station,
        hamlets.here,
        kind,
        made_by=hamlets.worker,
        person=hamlets.wife,
        household=hamlets.household,
    )
    answer = post(desk, f"/thon/de-xuat/{made.pk}/", act="open")
    member = Membership.unscoped.get(person=hamlets.wife)
    assert answer.url == address.format(
        wife=hamlets.wife.pk, household=hamlets.household.pk, member=member.pk
    )
    page = desk.get(answer.url)
    assert page.status_code == 200
    if kind == "death":
        form = page.context["form"]
        assert (form["died_on"].value(), form["place"].value(), form["informant"].value()) == (
            "20/11/2026",
            "home",
            "Đinh Thị Bế",
        )


def test_a_stored_person_who_may_be_meant_is_shown(desk: Client, hamlets: Hamlets) -> None:
    known = a_person(
        hamlets.station,
        "Phạm Văn Mới Đến",
        sex="male",
        birth_date=dt.date(1988, 1, 1),
        birth_precision="year",
    )
    made = a_proposal(hamlets.station, hamlets.here, "move_in", made_by=hamlets.worker)
    page = desk.get(f"/thon/de-xuat/{made.pk}/").content.decode()
    assert f"/nguoi/{known.pk}/" in page and "trùng họ tên" in page


def test_the_list_costs_the_same_for_two_and_for_twenty(desk: Client, hamlets: Hamlets) -> None:
    from django.test.utils import CaptureQueriesContext

    def cost() -> int:
        with CaptureQueriesContext(connection) as found:
            assert desk.get("/thon/de-xuat/").status_code == 200
        return len(found)

    for number in range(20):
        person = a_person(hamlets.station, f"Đinh Thị Hoa {number}", hamlet=hamlets.here)
        a_proposal(hamlets.station, hamlets.here, made_by=hamlets.worker, person=person)
        if number == 1:
            desk.get("/thon/de-xuat/")
            few = cost()
    assert cost() == few
