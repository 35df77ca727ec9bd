"""What the house keeps for a while only: keys of forms that were sent, ended jobs, drafts, exports."""

import datetime as dt

from django.utils import timezone

from apps.core import parameters, sealed_files
from apps.core.models import Draft, ExportState, GuardedExport, Job, JobState, SubmittedForm
from apps.core.words import quantity_words

FORMS_DAYS, JOBS_DAYS, DRAFTS_DAYS = "forms.kept_days", "jobs.kept_days", "drafts.kept_days"


def _before(key: str, day: dt.date) -> dt.datetime:
    midnight = dt.datetime.combine(day - dt.timedelta(days=int(parameters.value(key, on=day))), dt.time.min)
    return timezone.make_aware(midnight)


def forms_cleared(day: dt.date) -> str:
    """Forget the keys of forms so old that no browser sends them again."""
    gone, _ = SubmittedForm.objects.filter(at__lt=_before(FORMS_DAYS, day)).delete()
    return f"Đã xóa {quantity_words(gone)} khóa biểu mẫu."


def jobs_cleared(day: dt.date) -> str:
    """Forget jobs that ended long ago; their work stays."""
    ended = Job.objects.filter(state__in=[JobState.DONE, JobState.FAILED])
    _, kinds = ended.filter(finished_at__lt=_before(JOBS_DAYS, day)).delete()
    return f"Đã xóa {quantity_words(kinds.get('core.Job', 0))} việc chạy nền."


def drafts_cleared(day: dt.date) -> str:
    """Forget what was typed long ago and never saved."""
    # unscoped: everybody's, by the system's work of the night
    gone, _ = Draft.unscoped.filter(saved_at__lt=_before(DRAFTS_DAYS, day)).delete()
    return f"Đã xóa {quantity_words(gone)} bản nháp quá hạn."


def exports_expired() -> int:
    """Remove every file whose day is over, with its key: by the worker every few minutes, and at night."""
    # unscoped: everybody's, by the system's own clean-up
    over = GuardedExport.unscoped.filter(state=ExportState.READY, expires_at__lte=timezone.now())
    ids = list(over.values_list("pk", flat=True))
    if ids:  # unscoped: as above
        rows = GuardedExport.unscoped.filter(pk__in=ids)
        rows.update(state=ExportState.EXPIRED, key="", person_ids=[])
    for pk in ids:
        sealed_files.erase(pk)
    return len(ids)


def exports_cleared(day: dt.date) -> str:
    """Remove what has expired, and files that no row knows (any more)."""
    gone, stored = exports_expired(), set(sealed_files.stored())
    # unscoped: everybody's, by the system's work of the night
    known = GuardedExport.unscoped.filter(pk__in=stored, state__in=[ExportState.READY, ExportState.MAKING])
    strays = stored - set(known.values_list("pk", flat=True))
    for pk in strays:
        sealed_files.erase(pk)
    return f"Đã xóa {quantity_words(gone + len(strays))} tệp xuất hết hạn."
