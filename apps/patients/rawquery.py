"""The search column against a raw tsquery: the lexemes are ours, so nothing may stem or split them."""

import re
from typing import Any

from django.contrib.postgres.search import SearchVectorField
from django.db.models import Lookup, Q

PLAIN = re.compile(r"[a-zA-Z0-9&|():* ]+")


@SearchVectorField.register_lookup
class MatchesRaw(Lookup):
    """`search @@ '<raw query>'::tsquery`: the text holds lexemes, & | ( ) and :* only."""

    lookup_name = "raw"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        left, params = self.process_lhs(compiler, connection)
        return f"{left} @@ %s::tsquery", (*params, self.rhs)


def search_matches(raw: str, column: str = "search") -> Q:
    """A filter by a raw tsquery made of [a-zA-Z0-9], & | ( ) and :* only; any other matches nobody."""
    return Q(**{f"{column}__raw": raw}) if PLAIN.fullmatch(raw) else Q(pk__in=())
