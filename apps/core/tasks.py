"""Celery entry points of the ground floor."""

from celery import shared_task

from apps.core import clearing, doctor, jobs, nightly


@shared_task
def run_waiting_job() -> bool:
    return jobs.run_one()


@shared_task
def look_at_installation() -> int:
    return len(doctor.look())


@shared_task
def run_nightly() -> int:
    return len(nightly.run_due())


@shared_task
def remove_expired_exports() -> int:
    return clearing.exports_expired()
