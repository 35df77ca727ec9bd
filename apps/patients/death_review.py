"""The review of a possible maternal death: kept by the head, closed with a conclusion, opened again with
a reason.
"""

from typing import Any

from django.db import transaction
from django.utils import timezone

from apps.core import audit, todo
from apps.core.errors import Refused
from apps.core.scope import current
from apps.core.text import clean
from apps.core.versions import StaleVersion, save_versioned
from apps.patients.death_tasks import MATERNAL
from apps.patients.models import MaternalReview, ReviewState
from apps.patients.models.deaths import REVIEW_RIGHT

TEXTS = (
    *("antenatal_place", "antenatal_visits", "birth_place", "birth_how", "outcome", "course"),
    *("delay_decide", "delay_reach", "delay_care", "kind", "avoidable", "lessons", "members", "reviewed_on"),
)


@transaction.atomic
def review_save(
    *, review: MaternalReview, said: dict[str, Any], expected_version: int, close: bool = False
) -> MaternalReview:
    """Writes the file; with `close` it ends, and the report's task with it. Raises Refused, StaleVersion."""
    current().require(REVIEW_RIGHT)
    stored = _stored(review, expected_version)
    if stored.state != ReviewState.OPEN:
        raise Refused("Biên bản này không còn mở. Hãy mở lại trước khi sửa.", code="closed")
    for name in [name for name in TEXTS if name in said]:
        value = said[name]
        setattr(stored, name, clean(value, lines=True) if isinstance(value, str) else value)
    if stored.reviewed_on and not stored.death.died_on <= stored.reviewed_on <= timezone.localdate():
        raise Refused("Ngày thẩm định phải từ ngày tử vong đến hôm nay.", field="reviewed_on")
    if close:
        for name, sentence in (
            ("kind", "Hãy chọn kết luận trước khi khép biên bản."),
            ("reviewed_on", "Hãy ghi ngày thẩm định trước khi khép biên bản."),
            ("members", "Hãy ghi ai đã thẩm định trước khi khép biên bản."),
        ):
            if not getattr(stored, name):
                raise Refused(sentence, field=name)
        stored.state = ReviewState.CLOSED
        todo.settle(MATERNAL, object_id=stored.death_id, result="Đã thẩm định và kết luận")
    save_versioned(stored, expected=expected_version)
    _audit("death.review_closed" if close else "death.review_saved", stored)
    return stored


@transaction.atomic
def review_reopen(*, review: MaternalReview, expected_version: int, reason: str) -> MaternalReview:
    """New facts: the closed file opens again. Raises Refused, StaleVersion."""
    current().require(REVIEW_RIGHT)
    stored = _stored(review, expected_version)
    if stored.state != ReviewState.CLOSED:
        raise Refused("Biên bản này không ở trạng thái đã kết luận.", code="open")
    if not clean(reason):
        raise Refused("Hãy ghi lý do mở lại.", field="reason")
    stored.state = ReviewState.OPEN
    save_versioned(stored, expected=expected_version)
    _audit("death.review_reopened", stored, reason=clean(reason)[:300])
    return stored


def _stored(review: MaternalReview, expected: int) -> MaternalReview:
    """As it is now. Unscoped: it was taken through the scope."""
    stored = MaternalReview.unscoped.select_for_update().select_related("death").get(pk=review.pk)
    if stored.version != expected:
        raise StaleVersion(current=stored, mine=review)
    return stored


def _audit(action: str, review: MaternalReview, **data: Any) -> None:
    audit.record(
        action,
        person_id=review.death.person_id,
        object_id=review.pk,
        facility_id=review.death.facility_id,
        data=data,
    )
