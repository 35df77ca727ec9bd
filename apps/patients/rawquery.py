"""The search column against a raw tsquery: the lexemes are ours, so nothing may stem or split them.

Each token stands in the column twice: as it is, and behind its station's mark. A query of one station's
people asks for the marked ones: what it reads does not grow with the province.
"""

import re
from typing import Any
from uuid import UUID

from django.contrib.postgres.search import SearchVectorField
from django.db.models import F, Func, Lookup, Q, TextField, Value
from django.db.models.functions import Cast, Concat, Right

MARK, MARK_LENGTH = "Z", 6  # 'Z' and the end of the station's id: two stations alike only cost a look more

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


def station_marks(tokens: str = "tokens", station: str = "station") -> Func:
    """The search column of a row: its tokens, plain and marked. Made by the database, so it follows a row
    that goes to another station.
    """
    text = TextField()
    mark = Concat(Value(f"\\1{MARK}"), Right(Cast(F(station), text), MARK_LENGTH), output_field=text)
    marked = Func(F(tokens), Value("(^| )"), mark, Value("g"), function="regexp_replace", output_field=text)
    plain_and_marked = Concat(F(tokens), Value(" "), marked, output_field=text)
    both = Func(plain_and_marked, function="btrim", output_field=text)
    parts = Func(both, Value(" "), function="string_to_array", output_field=text)
    return Func(parts, function="array_to_tsvector", output_field=SearchVectorField())


def of_station(raw: str, station_id: UUID) -> str:
    """The same query, asked of one station's people. The filter by station still has to stand beside it."""
    return re.sub("[A-Za-z0-9]+", lambda lexeme: f"{MARK}{str(station_id)[-MARK_LENGTH:]}{lexeme[0]}", raw)
