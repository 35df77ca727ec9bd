import datetime as dt
import uuid
from dataclasses import replace

import pytest
from django.utils import timezone

from apps.core import jobs, ports, registry
from apps.core.models import Job, JobState
from apps.core.registry import JobKind, Registry
from apps.core.scope import Scope, current

NURSE = Scope(
    uuid.uuid4(),
    "lan",
    "Trạm",
    facility_ids=frozenset({uuid.uuid4()}),
    workplace_id=uuid.uuid4(),
    rights=frozenset({"people.view"}),
    full_name="Nguyễn Thị Lan",
)


@pytest.fixture(autouse=True)
def kinds(db, monkeypatch, settings):
    settings.TRAMYTE_JOBS = ""
    monkeypatch.setattr(ports, "get", lambda port: None)  # NURSE is nobody's account
    known = Registry("jobs")
    monkeypatch.setattr(registry, "jobs", known)
    return known


def test_a_job_runs_as_the_one_who_started_it(kinds):
    seen = []

    def run(job):
        seen.append(current())
        jobs.progress(job, 1, 2, "một nửa")
        job.result = {"rows": 2}

    kinds.add(JobKind("demo", "Thử", run))
    job = jobs.start("demo", title="Thử", scope=NURSE)
    assert jobs.run_one()
    job.refresh_from_db()
    assert seen == [NURSE]
    assert (job.state, job.result, job.message) == (JobState.DONE, {"rows": 2}, "một nửa")
    assert not jobs.run_one()


@pytest.mark.parametrize(
    ("begun", "now", "goes_on"),
    [
        (None, None, True),
        ("ab", None, True),
        ("a", "ab", True),
        ("ab", "a", False),
        (None, "ab", False),
        ("a", "", False),
    ],
)
def test_a_job_ends_with_the_hamlets_that_it_was_started_for(kinds, monkeypatch, begun, now, goes_on):
    hamlets = {letter: uuid.uuid4() for letter in "ab"}

    def of(letters):
        return replace(
            NURSE, hamlet_ids=None if letters is None else frozenset(hamlets[each] for each in letters)
        )

    class Again:
        def of(self, scope):
            return of(now)

    seen = []
    monkeypatch.setattr(ports, "get", lambda port: Again())
    kinds.add(JobKind("demo", "Thử", lambda job: seen.append(current())))
    jobs.start("demo", title="Thử", scope=of(begun))
    jobs.run_one()
    assert seen == ([of(begun)] if goes_on else [])


def test_a_failed_job_says_a_sentence_and_no_trace(kinds):
    def run(job):
        raise ValueError("Nguyễn Văn A")

    kinds.add(JobKind("demo", "Thử", run))
    job = jobs.start("demo", title="Thử", scope=NURSE)
    jobs.run_one()
    job.refresh_from_db()
    assert job.state == JobState.FAILED
    assert "Nguyễn" not in job.message


def test_a_dead_workers_job_is_taken_over(kinds):
    kinds.add(JobKind("demo", "Thử", lambda job: None))
    jobs.start("demo", title="Thử", scope=NURSE)
    first = jobs.claim()
    assert jobs.claim() is None
    second = jobs.claim(timezone.now() + jobs.LEASE + dt.timedelta(seconds=1))
    assert second.pk == first.pk
    with pytest.raises(jobs.Lost):
        jobs.progress(first, 1, 2)


def test_an_unknown_kind_is_refused(kinds):
    with pytest.raises(KeyError):
        jobs.start("nobody.knows", title="x", scope=NURSE)
    assert not Job.objects.exists()
