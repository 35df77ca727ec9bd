"""Every printed paper carries a QR of a random code: one scan opens the record."""

import secrets
from uuid import UUID

from django.db.models import F

from apps.core import audit, registry
from apps.core.models import PaperCode


def code_for(kind: str, object_id: UUID) -> PaperCode:
    """The paper's code, made at its first print (128 random bits, 22 characters)."""
    if registry.papers.get(kind) is None:
        raise KeyError(f"paper kind {kind!r} is not registered")
    paper, _ = PaperCode.objects.get_or_create(
        kind=kind, object_id=object_id, defaults={"code": secrets.token_urlsafe(16)}
    )
    return paper


def count_copy(paper: PaperCode, *, person_id: UUID | None, facility_id: UUID | None = None) -> int:
    """Count one more print, audited. Gives 0 for the original, n for 'bản sao, lần n'."""
    PaperCode.objects.filter(pk=paper.pk).update(copies=F("copies") + 1)
    paper.refresh_from_db(fields=["copies"])
    known = registry.papers.get(paper.kind)
    audit.record(
        "paper.printed",
        person_id=person_id,
        object_id=paper.object_id,
        facility_id=facility_id,
        data={"kind": known.title if known else paper.kind, "copy": paper.copies},
    )
    return paper.copies - 1
