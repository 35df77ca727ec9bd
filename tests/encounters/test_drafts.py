"""Drafts: what is typed is kept for whoever typed it, found again, passed on, and one day forgotten."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from apps.catalogues import codes
from apps.core import clearing, drafts, registry
from apps.core.ids import uuid7
from apps.core.models import Draft, ReadEntry
from apps.core.scope import enter, system
from apps.encounters.models import Visit
from apps.facilities.models import Hamlet
from tests.encounters.conftest import signed_in
from tests.encounters.test_pages import typed
from tests.factories import encounters as make
from tests.factories.accounts import a_member, client_of
from tests.factories.patients import a_person

HOME = "/"


def keep(client, kind, object_id, **data):
    data.setdefault("form_key", str(uuid7()))
    return client.post(reverse("core:draft_keep", args=[kind, object_id]), data)


def page_of(client, visit):
    return client.get(reverse("encounters:visit", args=[visit.pk])).content.decode()


@pytest.fixture
def visit(hoa, doctor):
    return make.a_visit(hoa, doctor)


def test_it_works(client, visit):
    answer = keep(client, "visit", visit.pk, **typed(visit, advice="đang gõ\x00 dở", temperature="375"))
    assert "Đã giữ bản nháp" in answer.content.decode()
    draft = Draft.unscoped.get()
    assert draft.of_version == visit.version and "csrfmiddlewaretoken" not in draft.data
    home = client.get(HOME).content.decode()
    assert "Bản nháp chưa lưu của bạn" in home and visit.number in home
    assert client.get(reverse("core:draft", args=[draft.pk])).url == f"/kham/{visit.pk}/"
    page = page_of(client, visit)
    assert "đang gõ dở" in page and "375" in page and "mà chưa lưu" in page
    client.post(reverse("core:draft_drop", args=[draft.pk]), {"form_key": str(uuid7()), "back": "form"})
    assert "đang gõ dở" not in page_of(client, visit)
    assert "Bản nháp chưa lưu của bạn" not in client.get(HOME).content.decode()


def test_it_outlives_the_session(client, visit):
    """A crash, a lost session, another browser: the account finds it again."""
    keep(client, "visit", visit.pk, reason="Ho ba ngày", version=str(visit.version))
    client.logout()
    user = a_member("doctor", visit.facility, "khac.nv")
    assert "Ho ba ngày" not in page_of(client_of(user), visit)
    from apps.accounts.models import User

    again = client_of(User.objects.get(username="binh.tv"))
    assert "Ho ba ngày" in page_of(again, visit)


def test_saving_forgets_it(client, visit):
    keep(client, "visit", visit.pk, reason="Ho", version=str(visit.version))
    client.post(reverse("encounters:visit", args=[visit.pk]), typed(visit))
    assert not Draft.unscoped.exists()


def test_the_last_words_of_a_saved_form_come_too_late(client, visit):
    data = typed(visit)
    client.post(reverse("encounters:visit", args=[visit.pk]), data)
    late = keep(client, "visit", visit.pk, **data)
    assert late.status_code == 204 and not Draft.unscoped.exists()


def test_keeping_does_not_use_the_forms_key_up(client, visit):
    data = typed(visit)
    keep(client, "visit", visit.pk, **data)
    saved = client.post(reverse("encounters:visit", args=[visit.pk]), data)
    assert saved.status_code == 302
    visit.refresh_from_db()
    assert visit.reason == data["reason"]


def test_over_a_changed_visit_both_versions_are_shown(client, nurse_client, visit):
    keep(nurse_client, "visit", visit.pk, **typed(visit, advice="Lời của y sĩ"))
    client.post(reverse("encounters:visit", args=[visit.pk]), typed(visit, advice="Lời của bác sĩ"))
    assert "Hồ sơ đã đổi" in nurse_client.get(HOME).content.decode()
    page = page_of(nurse_client, visit)
    assert "hai bản hiện cạnh nhau" in page and "Lời của y sĩ" in page
    assert f'name="version" value="{visit.version}"' in page
    sent = typed(visit, advice="Lời của y sĩ", form_key=str(uuid7()))
    answer = nurse_client.post(reverse("encounters:visit", args=[visit.pk]), sent)
    assert answer.status_code == 409
    assert "Lời của bác sĩ" in answer.content.decode() and "Lời của y sĩ" in answer.content.decode()


def test_a_saved_visit_that_could_not_end_keeps_a_draft_against_itself(client, visit):
    """Its draft must not quarrel with the very save that it came from."""
    answer = client.post(
        reverse("encounters:visit", args=[visit.pk]), typed(visit, main="", action="finalise")
    )
    assert answer.status_code == 422
    visit.refresh_from_db()
    assert Draft.unscoped.get().of_version == visit.version
    assert "hai bản hiện cạnh nhau" not in page_of(client, visit)


def test_another_users_draft_is_not_there(client, nurse_client, elsewhere, visit):
    keep(client, "visit", visit.pk, reason="riêng", version="1")
    draft = Draft.unscoped.get()
    for other in (nurse_client, elsewhere):
        assert other.get(reverse("core:draft", args=[draft.pk])).status_code == 404
        answer = other.post(reverse("core:draft_drop", args=[draft.pk]), {"form_key": str(uuid7())})
        assert answer.status_code == 404
        assert "Bản nháp chưa lưu" not in other.get(HOME).content.decode()
        assert "riêng" not in other.get(reverse("core:drafts")).content.decode()
    assert "riêng" not in page_of(nurse_client, visit)
    assert Draft.unscoped.filter(pk=draft.pk).exists()


def test_nothing_is_kept_for_strangers_and_unknown_forms(client, elsewhere, visit, hoa, station):
    for kind, pk in (("visit", visit.pk), ("visit-open", hoa.pk), ("person-new", station.pk)):
        assert keep(elsewhere, kind, pk, reason="x").status_code == 404
    assert keep(client, "visit", uuid7(), reason="x").status_code == 404
    assert keep(client, "khong-co", visit.pk, reason="x").status_code == 404
    pharmacist = client_of(a_member("pharmacist", station, "duoc.si"))
    assert keep(pharmacist, "visit", visit.pk, reason="x").status_code == 403
    assert not Draft.unscoped.exists()


@pytest.mark.parametrize("version", ["", "x", "-1", "٣", "9" * 30])
def test_a_version_that_is_none_is_the_records_own(client, visit, version):
    assert keep(client, "visit", visit.pk, reason="x", version=version).status_code == 200
    assert Draft.unscoped.get().of_version == visit.version


def test_reception_and_new_people_and_households_keep_theirs(client, hoa, station):
    fields = {
        ("visit-open", hoa.pk, f"/kham/tiep-nhan/{hoa.pk}/"): {"reason": "Đau bụng từ sáng"},
        ("person-new", station.pk, reverse("patients:create")): {"full_name": "Đinh Văn Nửa Chừng"},
        ("person-scanned", station.pk, reverse("patients:create_scanned")): {"full_name": "Đinh Quét Thẻ"},
        ("household-new", station.pk, reverse("households:create")): {"head-full_name": "Đinh Chủ Hộ"},
    }
    for (kind, pk, _), data in fields.items():
        assert keep(client, kind, pk, **data).status_code == 200
    for (_, _, path), data in fields.items():
        page = client.get(path).content.decode()
        assert all(f'value="{value}"' in page for value in data.values()), path
        assert "mà chưa lưu" in page and "has-error" not in page
    home = client.get(HOME).content.decode()
    for title in ("Tiếp nhận khám – Nguyễn Thị Hòa", "Thêm người mới", "Thêm hộ mới", "thẻ vừa quét"):
        assert title in home
    assert ReadEntry.objects.filter(screen="draft.list", person_ids=[hoa.pk]).exists()
    assert "Đinh Văn Nửa Chừng" not in home, "what is typed stands in its form alone"


def test_a_refused_new_person_is_kept_and_a_saved_one_forgotten(client, station):
    make.CodeEntry.objects.create(list="ethnic_groups", code="01", name="Kinh")
    make.CodeEntry.objects.create(list="nationalities", code="VN", name="Việt Nam")
    codes.forget()
    path = reverse("patients:create")
    wrong = {"form_key": str(uuid7()), "full_name": "Đinh Thị Thiếu"}
    assert client.post(path, wrong).status_code == 422
    assert Draft.unscoped.get().data["full_name"] == ["Đinh Thị Thiếu"]
    right = wrong | {"birth_date": "3/2/1990", "sex": "female", "ethnicity": "01", "nationality": "VN"}
    hamlet = Hamlet.objects.get(catchments__facility=station)
    answer = client.post(path, right | {"hamlet": str(hamlet.pk)})
    assert answer.status_code == 302, answer.context["form"].errors
    assert not Draft.unscoped.exists()


def test_a_received_person_has_no_draft_left(client, hoa):
    keep(client, "visit-open", hoa.pk, reason="Ho")
    client.post(f"/kham/tiep-nhan/{hoa.pk}/", {"form_key": str(uuid7()), "reason": "Ho", "payer": "fee"})
    assert Visit.unscoped.count() == 1 and not Draft.unscoped.exists()


def test_a_restricted_visit_is_not_named_to_who_may_not_read_it(client, visit, hoa, nurse):
    reader = signed_in("nurse", nurse, "y.ta")
    keep(reader, "visit", visit.pk, reason="x", version="1")
    Visit.unscoped.filter(pk=visit.pk).update(restricted=True, restricted_by=["hiv"], summary="Bệnh kín")
    for path in (HOME, reverse("core:drafts")):
        page = reader.get(path).content.decode()
        assert hoa.full_name not in page.partition("Bản nháp")[2] and "Bệnh kín" not in page
        assert "Lượt khám (nội dung không còn xem được)" in page
    draft = Draft.unscoped.get()
    assert reader.get(reverse("core:draft", args=[draft.pk])).url == reverse("core:drafts")


def test_a_leavers_draft_of_a_restricted_visit_is_named_without_content(client, visit, hoa, station, doctor):
    from apps.accounts.models import User
    from apps.core.handing_over import drafts as left
    from apps.core.handing_over import move_drafts
    from apps.core.registry import Holder

    keep(client, "visit", visit.pk, reason="x", version="1")
    Visit.unscoped.filter(pk=visit.pk).update(restricted=True)
    leaver = User.objects.get(username="binh.tv")
    holder = Holder(leaver.pk, frozenset({doctor.pk}), leaver.full_name)
    taker = Holder(a_member("nurse", station, "y.ta").pk, frozenset(), "Y tá")
    head = make.scope_of(make.a_practitioner(station, "Phạm Văn Trưởng"))
    with enter(head):
        (item,) = left(head, holder, 10)
        assert hoa.full_name not in item.title and not item.url and item.person_id is None
        assert move_drafts(head, holder, taker, [item.id]) == 0
    elsewhere = make.scope_of(make.a_practitioner(a_member_station()))
    with enter(elsewhere):
        assert left(elsewhere, holder, 10) == []


def a_member_station():
    from tests.factories.patients import a_station

    return a_station("21490", "Trạm Y tế xã Ba Vì")


def test_it_is_forgotten_by_night(client, visit, hoa):
    keep(client, "visit", visit.pk, reason="x")
    keep(client, "visit-open", hoa.pk, reason="y")
    Draft.unscoped.filter(kind="visit").update(saved_at=timezone.now() - dt.timedelta(days=40))
    assert registry.nightly.get("core.drafts")
    with system("test"):
        assert clearing.drafts_cleared(timezone.localdate()) == "Đã xóa 1 bản nháp quá hạn."
    assert Draft.unscoped.get().kind == "visit-open"


def test_lists_cost_the_same_at_2_and_at_20(client, station, doctor):
    costs = []
    for upto in (2, 20):
        while Draft.unscoped.count() < upto:
            visit = make.a_visit(a_person(station, f"Đinh Văn {Draft.unscoped.count()}"), doctor)
            keep(client, "visit", visit.pk, reason="x")
        for path in (HOME, reverse("core:drafts")):
            client.get(path)
            with CaptureQueriesContext(connection) as asked:
                page = client.get(path)
            costs.append(len(asked))
        assert page.status_code == 200
    assert costs[:2] == costs[2:]
    assert "Tất cả bản nháp" in client.get(HOME).content.decode()


def test_every_kind_answers_for_nothing(as_doctor):
    for kind in registry.drafts:
        assert kind.about(as_doctor, []) == {}
    with pytest.raises(KeyError):
        drafts.kind_of("khong-co")
