"""Celery entry points; ids only, one line each."""

from celery import shared_task

from apps.sync import worker


@shared_task
def send_waiting() -> dict[str, int]:
    return dict(worker.drain(parallel=4, rounds=50))
