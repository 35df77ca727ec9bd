"""Work of the night: each piece once a day, by one runner, and its run is written down.

The worker's loop and Celery's beat both ask `run_due` every few minutes. A machine that was off at night does
the work once it is on again; a piece that failed is tried again after a pause, a few times.
"""

import datetime as dt
import logging

from django.db.models import Q
from django.utils import timezone

from apps.core import parameters, registry
from apps.core.models import NightlyRun
from apps.core.registry import NightlyWork
from apps.core.scope import system

log = logging.getLogger(__name__)

FROM_HOUR = "nightly.from_hour"
TRIES = 3  # a piece that fails so often waits for the next night and for somebody who reads doctor
PAUSE = dt.timedelta(hours=1)  # between two tries
SILENT = dt.timedelta(hours=3)  # far above what any piece takes: its runner counts as dead


def run_due(now: dt.datetime | None = None) -> list[NightlyRun]:
    """Run what this day has not seen yet. The runs that this call made."""
    now = now or timezone.now()
    local = timezone.localtime(now)
    try:
        begins = int(parameters.value(FROM_HOUR, on=local.date()))
    except parameters.NoParameter:
        return []  # the catalogues are not loaded yet: nothing has been worked with
    if local.hour < begins:
        return []
    done = set(
        NightlyRun.objects.filter(on=local.date(), state=NightlyRun.State.DONE).values_list("key", flat=True)
    )
    made = []
    for work in registry.nightly:
        if work.key not in done and (run := _claim(work, local.date(), now)):
            made.append(_run(work, run))
    return made


def _claim(work: NightlyWork, on: dt.date, now: dt.datetime) -> NightlyRun | None:
    """The day's run of this piece when it is ours: new, failed a while ago, or of a runner that died."""
    run, new = NightlyRun.objects.get_or_create(key=work.key, on=on, defaults={"started_at": now, "tries": 1})
    if new:
        return run
    again = Q(state=NightlyRun.State.FAILED, started_at__lt=now - PAUSE)
    again |= Q(state=NightlyRun.State.RUNNING, started_at__lt=now - SILENT)
    taken = NightlyRun.objects.filter(again, pk=run.pk, tries=run.tries, tries__lt=TRIES).update(
        state=NightlyRun.State.RUNNING, started_at=now, tries=run.tries + 1
    )
    if not taken:
        return None
    run.refresh_from_db()
    return run


def _run(work: NightlyWork, run: NightlyRun) -> NightlyRun:
    try:
        with system(f"nightly {work.key}"):
            run.message = work.run(run.on)[:300]
        run.state = NightlyRun.State.DONE
    except Exception:
        # The trace goes to the log; the other pieces of the night go on.
        log.exception("nightly.failed", extra={"work": work.key})
        run.state, run.message = NightlyRun.State.FAILED, "Không xong; lý do nằm trong nhật ký máy chủ."
    run.finished_at = timezone.now()
    run.save(update_fields=["state", "message", "finished_at"])
    return run
