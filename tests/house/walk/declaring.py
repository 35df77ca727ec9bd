"""How a room declares the arguments of its addresses."""

from collections.abc import Callable
from typing import Any, TypeVar

from tests.house.walk.sides import Shared, Side

Arguments = dict[str, Any]
Samples = dict[str, Callable[[Side], Arguments]]
SharedSamples = dict[str, Callable[[Shared], Arguments]]
Of = TypeVar("Of")


def same(
    prefix: str, names: str, arguments: Callable[[Of], Arguments]
) -> dict[str, Callable[[Of], Arguments]]:
    """Several addresses of one prefix with the same arguments: same("care:", "make enrol", of_person)."""
    return {prefix + name: arguments for name in names.split()}
