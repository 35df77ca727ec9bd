"""Celery entry points; ids only, one line each."""

from celery import shared_task

from apps.sync import worker

PARALLEL = 4  # people at once; the database pool holds as many connections


@shared_task
def send_waiting() -> dict[str, int]:
    return dict(worker.drain(parallel=PARALLEL, rounds=50))
