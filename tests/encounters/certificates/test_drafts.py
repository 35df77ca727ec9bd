"""What is typed into the form of a paper is kept until the paper is issued."""

from uuid import uuid4

import pytest
from django.urls import reverse

from apps.core import drafts, registry
from apps.core.handing_over import move_drafts
from apps.core.models import Draft
from apps.core.registry import Holder
from apps.core.scope import enter
from apps.encounters.certificates import kinds
from apps.encounters.models import Certificate, Visit
from tests.encounters.certificates.test_pages import REFERRAL, at, typed
from tests.encounters.conftest import signed_in
from tests.factories import certificates as papers
from tests.factories import encounters as make
from tests.factories.deaths import a_death
from tests.factories.patients import a_person, a_station


def keep(client, kind, object_id, **data):
    address = reverse("core:draft_keep", args=[kind, object_id])
    return client.post(address, {"form_key": uuid4(), **data})


def form_of(visit, slug="chuyen-co-so"):
    return at("certificate_issue", visit.pk, slug)


def test_it_works(client, referred):
    kept = keep(client, "certificate-referral", referred.pk, version=referred.version, transport="Xe máy nhà")
    assert "Đã giữ bản nháp" in kept.content.decode()
    assert "Giấy chuyển cơ sở – Nguyễn Thị Hòa" in client.get("/").content.decode()
    draft = Draft.unscoped.get()
    assert client.get(reverse("core:draft", args=[draft.pk])).url == form_of(referred)
    page = client.get(form_of(referred)).content.decode()
    assert "Xe máy nhà" in page
    assert "mà chưa lưu" in page
    assert "đọc lại từng ô" not in page
    client.post(form_of(referred), typed(referred, **REFERRAL))
    assert Certificate.unscoped.get().said["transport"] == REFERRAL["transport"]
    assert not Draft.unscoped.exists()


@pytest.mark.parametrize("kind", [kind for kind in kinds.registry if kind.draft], ids=lambda kind: kind.key)
def test_every_form_keeps_what_was_refused(client, station, doctor, kind):
    person = a_person(station, "Đinh Văn Lực", sex="male")
    if kind.key == "death":
        subject = a_death(person, place="facility")
        form = at("death_notice", subject.pk)
        # what is begun with and was emptied by hand stays empty
        sent = typed(subject, cause="", place="", receiver="Đinh Thị Nửa Chừng")
    else:
        subject = papers.an_ended_visit(person, doctor, outcome="2", kind="check_up")
        form = form_of(subject, kind.slug)
        sent = typed(subject, **dict.fromkeys(kind.form.base_fields, "")) | {"version": subject.version}
        first_text = {"referral": "escort", "sick_leave": "serial", "check_up": "family", "summary": "remark"}
        sent[first_text[kind.key]] = "Đinh Thị Nửa Chừng"
    assert client.post(form, sent | {"form_key": uuid4()}).status_code == 422
    draft = Draft.unscoped.get()
    assert (draft.kind, draft.of_version) == (kind.draft, subject.version)
    page = client.get(form).content.decode()
    assert "Đinh Thị Nửa Chừng" in page
    assert "has-error" not in page
    assert f"{kind.title} – Đinh Văn Lực" in client.get(reverse("core:drafts")).content.decode()


def test_a_slip_in_one_click_keeps_none(client, visit):
    assert not kinds.registry.get("appointment").draft
    assert keep(client, "certificate-appointment", visit.pk).status_code == 404


def test_over_an_amended_visit_nothing_typed_is_lost(client, referred):
    """The visit moved on while the form was open: what was typed stands in the form, to be read again."""
    sent = typed(referred, **REFERRAL, override="x")
    Visit.unscoped.filter(pk=referred.pk).update(version=referred.version + 1)
    answer = client.post(form_of(referred), sent)
    assert answer.url == form_of(referred)
    page = client.get(answer.url).content.decode()
    assert "vừa được sửa" in page
    assert "đọc lại từng ô trước khi cấp" in page
    assert "Xe cứu thương" in page
    assert not Certificate.unscoped.exists()
    again = sent | {"form_key": uuid4(), "version": referred.version + 1}
    assert client.post(form_of(referred), again).status_code == 302
    assert Certificate.unscoped.exists()


def test_an_answer_keeps_its_draft(client, referred, doctor):
    made = papers.a_referral(referred, doctor)
    form = at("referral_answer", made.pk)
    assert client.post(form, {"form_key": uuid4(), "number": "12/GCT", "kind": "answered"}).status_code == 422
    assert "Phản hồi giấy chuyển" in client.get("/").content.decode()
    page = client.get(form).content.decode()
    assert 'value="12/GCT"' in page
    assert "mà chưa lưu" in page
    today = f"{made.on:%d/%m/%Y}"
    sent = {"form_key": uuid4(), "version": made.version, "kind": "answered", "on": today, "diagnosis": "J18"}
    assert client.post(form, sent).status_code == 302
    assert not Draft.unscoped.exists()


def test_nothing_is_kept_for_strangers(client, visit, station):
    elsewhere = make.a_practitioner(a_station("21490", "Trạm Y tế xã Ba Vì"), "Võ Thị Lan")
    stranger = signed_in("doctor", elsewhere, "lan.vt")
    assert keep(stranger, "certificate-summary", visit.pk, remark="x").status_code == 404
    with enter(papers.signer_scope(elsewhere)) as scope:
        for kind in registry.drafts:
            assert kind.about(scope, [visit.pk]) == {}
    assert not Draft.unscoped.exists()


def test_another_doctors_draft_is_not_there_until_it_is_handed_over(client, visit, doctor, station):
    keep(client, "certificate-summary", visit.pk, version=visit.version, remark="Lời riêng")
    other = make.a_practitioner(station, "Lê Văn Khác")
    colleague = signed_in("doctor", other, "khac.lv")
    form = form_of(visit, "tom-tat")
    assert "Lời riêng" not in colleague.get(form).content.decode()
    doctor.refresh_from_db()
    other.refresh_from_db()
    draft = Draft.unscoped.get()
    leaver = Holder(draft.user_id, frozenset({doctor.pk}), doctor.full_name)
    taker = Holder(other.user_id, frozenset({other.pk}), other.full_name)
    with enter(papers.signer_scope(doctor)) as scope:
        (line,) = drafts.lines(scope, [draft])
        assert line.title == "Tóm tắt hồ sơ bệnh án – Nguyễn Thị Hòa"
        assert move_drafts(scope, leaver, taker, [draft.pk]) == 1
    assert "Lời riêng" in colleague.get(form).content.decode()
