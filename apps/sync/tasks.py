"""Celery entry points of sync."""

from celery import shared_task
from django.conf import settings

from apps.sync import attending

PIECE = 30.0  # seconds: a worker that is to stop waits no longer than that, and for what is on its way


@shared_task
def attend() -> bool:
    return attending.attend_alone(parallel=settings.SYNC_PARALLEL, seconds=PIECE)
