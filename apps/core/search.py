"""The one search box: asks every room's source, in order."""

from apps.core import readlog, registry
from apps.core.registry import Hit
from apps.core.scope import Scope

LIMIT = 20  # one screen at 1366x768; who needs more types another word
ENOUGH = frozenset({"notice", "action"})  # kinds of hits that say themselves what to do next
LONGEST = 600  # a citizen card's QR text is under 200 characters, an insurance card's under 500


def find(scope: Scope, text: str, *, limit: int = LIMIT) -> list[Hit]:
    """Hits of all sources. One read-log row with the ids of all people shown; the text is kept nowhere."""
    text = text[:LONGEST].strip()
    if not text:
        return []
    hits: list[Hit] = []
    for source in registry.search_sources:
        if len(hits) >= limit:
            break
        hits.extend(source.search(scope, text, limit - len(hits)))
    people = [hit.person_id for hit in hits if hit.person_id is not None]
    if people:
        readlog.record("search", people)
    return hits
