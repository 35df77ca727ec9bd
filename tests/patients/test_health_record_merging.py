"""The health record of two records that turn out to be one person; and back again."""

import datetime as dt

import pytest
from django.utils import timezone

from apps.core.registry import MergeStep
from apps.core.scope import system
from apps.patients.health_record.merging import RULES
from apps.patients.models import (
    AskedNone,
    BirthHistory,
    HealthRecord,
    OwnDisease,
    ReproductiveHistory,
    RiskFactors,
    Surgery,
)
from tests.factories.patients import a_person

pytestmark = pytest.mark.django_db


@pytest.fixture
def step(station):
    old, kept = a_person(station, "Đinh Thị Vân"), a_person(station, "Đinh Thị Vân Kiều")
    return MergeStep(old.pk, kept.pk, timezone.localdate())


def merge(step):
    with system("test"):
        for rule in sorted(RULES, key=lambda rule: rule.order):
            if rule.follow:
                rule.follow(step)


def test_what_only_one_says_goes_along(step):
    BirthHistory.unscoped.create(person_id=step.old_id, weight_g=3200)
    Surgery.unscoped.create(person_id=step.old_id, text="Cắt ruột thừa")
    AskedNone.unscoped.create(person_id=step.old_id, part="khac")
    merge(step)
    assert BirthHistory.unscoped.get().person_id == step.kept_id
    assert Surgery.unscoped.get().person_id == step.kept_id
    assert AskedNone.unscoped.get().person_id == step.kept_id


def test_who_stays_is_right_and_what_she_leaves_open_is_filled(step):
    BirthHistory.unscoped.create(person_id=step.old_id, weight_g=3200, length_cm="49.5", preterm=False)
    kept = BirthHistory.unscoped.create(person_id=step.kept_id, weight_g=3000)
    RiskFactors.unscoped.create(person_id=step.old_id, exposure=["1", "2"])
    risks = RiskFactors.unscoped.create(person_id=step.kept_id, tobacco="1")
    merge(step)
    kept.refresh_from_db()
    risks.refresh_from_db()
    assert (kept.weight_g, str(kept.length_cm), kept.preterm) == (3000, "49.5", False)
    assert (risks.tobacco, risks.exposure) == ("1", ["1", "2"])
    assert BirthHistory.unscoped.get(person_id=step.old_id).weight_g == 3200


def test_the_later_review_counts(step):
    HealthRecord.unscoped.create(person_id=step.kept_id, reviewed_on=dt.date(2025, 1, 1))
    HealthRecord.unscoped.create(
        person_id=step.old_id, reviewed_on=dt.date(2026, 1, 1), reviewed_by_name="Thu"
    )
    merge(step)
    kept = HealthRecord.unscoped.get(person_id=step.kept_id)
    assert (kept.reviewed_on, kept.reviewed_by_name) == (dt.date(2026, 1, 1), "Thu")


def test_the_same_line_is_told_once(step):
    for person_id in (step.old_id, step.kept_id):
        OwnDisease.unscoped.create(person_id=person_id, code="02", since_year=2015)
    OwnDisease.unscoped.create(person_id=step.old_id, code="03")
    merge(step)
    told = OwnDisease.unscoped.filter(person_id=step.kept_id).values_list("code", flat=True)
    assert sorted(told) == ["02", "03"]


def test_none_is_withdrawn_where_a_line_has_come(step):
    AskedNone.unscoped.create(person_id=step.kept_id, part="phau-thuat")
    AskedNone.unscoped.create(person_id=step.old_id, part="benh-tat")
    Surgery.unscoped.create(person_id=step.old_id, text="Cắt ruột thừa")
    OwnDisease.unscoped.create(person_id=step.kept_id, code="02")
    merge(step)
    assert AskedNone.unscoped.get(part="phau-thuat").withdrawn_on == step.on
    assert AskedNone.unscoped.get(part="benh-tat").person_id == step.old_id


def test_a_closed_history_stays_closed(step):
    ReproductiveHistory.unscoped.create(
        person_id=step.old_id, contraception="5", restricted=True, restricted_by=["minor"]
    )
    kept = ReproductiveHistory.unscoped.create(person_id=step.kept_id, deliveries=0)
    merge(step)
    kept.refresh_from_db()
    assert (kept.contraception, kept.restricted) == ("5", True)


def test_it_can_be_taken_back(step):
    BirthHistory.unscoped.create(person_id=step.old_id, length_cm="49.5", preterm=False)
    BirthHistory.unscoped.create(person_id=step.kept_id, weight_g=3000)
    RiskFactors.unscoped.create(person_id=step.old_id, exposure=["1"])
    RiskFactors.unscoped.create(person_id=step.kept_id)
    Surgery.unscoped.create(person_id=step.old_id, text="Cắt ruột thừa")
    merge(step)
    done = step.journal.take_back()
    assert not done.left
    kept = BirthHistory.unscoped.get(person_id=step.kept_id)
    assert (kept.length_cm, kept.preterm) == (None, None)
    assert RiskFactors.unscoped.get(person_id=step.kept_id).exposure == []
    assert Surgery.unscoped.get().person_id == step.old_id
