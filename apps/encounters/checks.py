"""What look-ups of a card said, kept with the visit they were made for."""

from uuid import UUID

from django.core import signing
from django.utils import timezone

from apps.catalogues import codes
from apps.core.errors import Refused
from apps.core.scope import current
from apps.encounters.desk import gateway
from apps.encounters.inputs import CardLookup
from apps.encounters.models import CardCheck, CheckWay, Visit

SALT = "encounters.card_lookup"
TOKEN_SECONDS = 3600  # how long an answer of the gateway may wait on an open form


def check_put(*, visit: Visit, lookup: CardLookup) -> CardCheck:
    """Keep what a look-up said; called by the services of a visit, in their transaction. Raises Refused."""
    if not codes.exists(gateway.LIST, lookup.code, visit.on):
        raise Refused("Mã kết quả tra thẻ không có trong danh mục.", field="lookup", code="lookup")
    scope = current()
    return CardCheck.unscoped.create(  # of a visit that its service has just written
        visit=visit,
        card=visit.card,
        code=lookup.code,
        way=lookup.way,
        at=timezone.now(),
        by=scope.user_id,
        by_name=scope.shown_name,
    )


def signed(card_id: UUID, code: str) -> str:
    """What the form carries of the gateway's answer, so that nobody writes one herself."""
    return signing.dumps([str(card_id), code], salt=SALT)


def said(token: str, card_id: object) -> CardLookup | None:
    """The answer that the form carries, when it is the gateway's and about that card."""
    try:
        about, code = signing.loads(token, salt=SALT, max_age=TOKEN_SECONDS)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return CardLookup(code, CheckWay.GATEWAY) if about == str(card_id) else None


def of_visit(visit_id: UUID) -> list[dict[str, object]]:
    """Every look-up of a visit in words, newest first. One query."""
    rows = CardCheck.objects.filter(visit_id=visit_id).select_related("visit", "card").order_by("-at")
    return [{"row": row, "said": gateway.in_words(row.code, row.visit.on)} for row in rows]
