"""The addresses of the house."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.house.walk.declaring import Arguments


@dataclass(frozen=True)
class Address:
    """One address of the URLconf and the mark of its view."""

    name: str
    arguments: tuple[str, ...]
    access: str | None

    @property
    def is_right(self) -> bool:
        return self.access is not None and "." in self.access

    def path(self, arguments: Arguments) -> str:
        return reverse(self.name, kwargs=arguments)


def access_of(callback: Any) -> str | None:
    """The mark of core.access; for a view of the API the right its class asks for."""
    mark = getattr(callback, "access", None)
    view_class = getattr(callback, "cls", None) or getattr(callback, "view_class", None)
    if mark is None and view_class is not None:
        mark = getattr(view_class, "access", None) or getattr(view_class, "right", None)
    return mark


def addresses() -> list[Address]:
    """Every address but the admin's, which is walked by its models."""
    found: dict[str, Address] = {}
    for name, pattern in _patterns(get_resolver()):
        if not name.startswith("admin:"):
            arguments = tuple(pattern.pattern.converters)
            address = Address(name, arguments, access_of(pattern.callback))
            if name not in found or len(arguments) >= len(found[name].arguments):
                found[name] = address
    return list(found.values())


def _patterns(resolver: URLResolver, namespace: str = "") -> Iterator[tuple[str, URLPattern]]:
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLPattern):
            yield f"{namespace}:{pattern.name}" if namespace else str(pattern.name), pattern
        else:
            inner = ":".join(part for part in (namespace, pattern.namespace) if part)
            yield from _patterns(pattern, inner)
