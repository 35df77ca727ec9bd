"""What is to be looked at in a medicine is said under its line at once, by the checks of the end."""

import re
from dataclasses import replace
from decimal import Decimal as D

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.catalogues.models import Drug
from apps.core import ports
from apps.core.errors import NeedsReason
from apps.encounters import checking, services
from apps.encounters.inputs import LineInput
from tests.encounters.test_pages import at, typed
from tests.factories import encounters as make
from tests.factories.dispensing import in_days
from tests.factories.patients import a_person, an_allergy


@pytest.fixture
def visit(hoa, doctor):
    return make.a_visit(hoa, doctor)


def told(client, visit, key="0", **changes):
    """{line: [(state, sentence)]} of the answer to a change, and what the line that changed comes to."""
    data = typed(visit, key=key, **changes)
    if key is None:
        data.pop("key")
    answer = client.post(at("line", visit.pk), data)
    assert answer.status_code == 200
    summed, *said = re.split(r'<div class="line-said" id="line-(\d+)-said"[^>]*>', answer.content.decode())
    lines = dict(zip(map(int, said[::2]), said[1::2], strict=True))
    found = {
        place: [
            (state, re.sub("<[^>]*>", "", words))
            for state, words in re.findall(r'<p class="said-(\w+)">(.*?)</p>', html)
        ]
        for place, html in lines.items()
    }
    return found, re.sub("<[^>]*>", "", summed).strip()


BARE = {"line-0-dose": "", "line-0-times": "", "line-0-days": ""}


def test_an_allergy_is_said_in_red_when_the_medicine_is_chosen(client, hoa, visit):
    an_allergy(hoa, "Paracetamol")
    found, summed = told(client, visit, **BARE)
    assert found[0] == [("danger", "Paracetamol 500mg: người bệnh dị ứng Paracetamol.")]
    assert "Ngày uống" not in summed and found[1] == []


def test_the_same_ingredient_is_said_at_the_later_line(client, visit):
    lines = {"line": ["0", "1", "2"], "line-1-drug": "TD028.1", "line-2-drug": "TD001.1"}
    found, _ = told(client, visit, key="2", **lines)
    assert found == {
        0: [],
        1: [],
        2: [("warning", "Paracetamol 500mg: cùng hoạt chất với thuốc số 1.")],
    }
    # whichever line is changed, the others follow
    found, _ = told(client, visit, key="0", **lines | {"line-0-drug": ""})
    assert found == {0: [], 1: [], 2: []}


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"line-0-days": "0"}, "số ngày dùng phải từ 1."),
        ({"line-0-days": "400"}, "400 ngày là quá 90 ngày"),
        ({"line-0-times": "30"}, "30 lần một ngày là không thể"),
        ({"line-0-dose": "5 ml"}, "hãy ghi số lượng (viên)"),
    ],
)
def test_what_cannot_be_is_said_with_its_own_sentence(client, visit, changes, sentence):
    found, summed = told(client, visit, **changes)
    state, said = found[0][0]
    assert state == "danger" and sentence in said
    assert "viên" not in summed  # no sum of what cannot be


def test_a_small_child_is_weighed_and_the_weight_that_is_typed_counts(client, station, doctor):
    child = a_person(station, "Nguyễn Bé", birth_date=in_days(-900))
    visit = make.a_visit(child, doctor)
    found, _ = told(client, visit, weight="", **BARE)
    assert [state for state, said in found[0] if "hãy cân trẻ" in said] == ["warning"]
    assert told(client, visit, key=None, weight="12", **BARE)[0] == {0: [], 1: []}
    found, _ = told(client, visit, key=None, weight="12")
    assert "quá liều tối đa 240 mg cho trẻ 12 kg" in found[0][0][1]


def test_a_pregnancy_is_said(client, hoa, visit, monkeypatch):
    class Open:
        def open_for(self, people, on):
            return set(people)

    monkeypatch.setitem(ports._provided, ports.PregnancyStatus, Open())
    monkeypatch.setattr(
        checking.Limits,
        "with_doses",
        lambda self, day: replace(
            self, prescriptions=replace(self.prescriptions, pregnancy=frozenset({"paracetamol"}))
        ),
    )
    found, _ = told(client, visit, **BARE)
    assert ["đang có thai" in said for _, said in found[0]] == [True]


def test_a_long_run_is_allowed_by_the_diagnosis_that_is_chosen(client, visit):
    long = {"line-0-days": "60"}
    assert told(client, visit, **long)[0][0][0][0] == "warning"
    assert told(client, visit, main="I10", **long)[0][0] == []


def test_the_stored_page_says_the_same(client, hoa, doctor):
    an_allergy(hoa, "Paracetamol")
    lines = [make.PARACETAMOL, LineInput("TD028.1", D(1), 2, 60)]
    visit = make.an_examined_visit(hoa, doctor, data=replace(make.USUAL, lines=lines))
    page = client.get(at("visit", visit.pk)).content.decode()
    first, second = re.findall(r'<div class="line-said" id="line-[01]-said".*?</div>', page)
    assert "said-danger" in first and "dị ứng Paracetamol" in first
    assert "said-warning" in second and "60 ngày" in second


def test_a_form_sent_back_says_each_sentence_once_at_its_line(client, visit):
    page = client.post(at("visit", visit.pk), typed(visit, **{"line-0-days": "400"})).content.decode()
    line = page[page.index('id="line-0-sum"') : page.index('id="line-1"')]
    assert line.count("400 ngày là quá") == 1


def test_the_same_queries_for_one_and_for_many(client, visit):
    for number in range(2, 9):
        Drug.objects.create(code=f"TD90{number}.1", ingredient=f"Thuốc {number}", unit="viên", kind="commune")

    def cost(count):
        lines = {"line": [str(n) for n in range(count)]}
        lines |= {f"line-{n}-drug": f"TD90{n + 2}.1" for n in range(count)}
        with CaptureQueriesContext(connection) as counted:
            told(client, visit, **lines)
        return len(counted)

    cost(1)
    assert cost(1) == cost(7)


# ---- the end


def test_an_allergy_has_a_reason_of_its_own(client, hoa, visit):
    an_allergy(hoa, "Paracetamol")
    posted = {"action": "finalise", "line-0-days": "60"}
    page = client.post(at("visit", visit.pk), typed(visit, **posted)).content.decode()
    assert 'name="override_apart"' in page and 'name="override"' in page
    visit.refresh_from_db()
    # the harmless one's reason is none for the allergy
    answer = client.post(at("visit", visit.pk), typed(visit, override="bệnh mạn tính", **posted))
    assert answer.status_code == 422
    visit.refresh_from_db()
    assert visit.state == "in_progress"
    reasons = {"override": "bệnh mạn tính", "override_apart": "đã dùng nhiều lần"}
    assert client.post(at("visit", visit.pk), typed(visit, **posted, **reasons)).status_code == 302
    visit.refresh_from_db()
    assert [(row["code"], row["reason"]) for row in visit.overrides] == [
        ("line-1-long", "bệnh mạn tính"),
        ("line-1-allergy", "đã dùng nhiều lần"),
    ]


def test_without_an_allergy_nothing_is_asked_apart(client, visit):
    page = client.post(
        at("visit", visit.pk), typed(visit, action="finalise", **{"line-0-days": "60"})
    ).content.decode()
    assert 'name="override"' in page and 'name="override_apart"' not in page


def test_an_empty_reason_apart_is_none(hoa, doctor, as_doctor):
    an_allergy(hoa, "Paracetamol")
    visit = make.an_examined_visit(hoa, doctor)
    same = {"visit_id": visit.pk, "expected_version": visit.version}
    with pytest.raises(NeedsReason):
        services.visit_finalise(**same, override="được", apart=" ")
    assert services.visit_finalise(**same, override="được").state == "finalised"
