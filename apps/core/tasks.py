"""Celery entry points of the ground floor."""

from celery import shared_task

from apps.core import jobs


@shared_task
def run_waiting_job() -> bool:
    return jobs.run_one()
