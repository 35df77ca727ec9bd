"""Make docs/events.md from the events that exist and those who listen."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from apps.core import events


def page() -> str:
    """The page's text: an event a section, with its fields and its listeners in order."""
    lines = [
        "# Events",
        "",
        "Made by `manage.py list_events --write`; a test holds that it is current. Listeners run in this",
        "order, in the transaction.",
        "",
    ]
    listeners = events.subscribers()
    for kind in sorted(_published(events.Event), key=lambda kind: (kind.__module__, kind.__name__)):
        fields = ", ".join(f"{field.name}: {_name(field.type)}" for field in dataclasses.fields(kind))
        lines += [
            f"## {kind.__name__}",
            "",
            f"`{kind.__module__}`: {fields}",
            "",
            (kind.__doc__ or "").strip(),
            "",
        ]
        lines += [f"- {handler.__module__}.{handler.__name__}" for handler in listeners.get(kind, [])] or [
            "- nobody yet"
        ]
        lines.append("")
    return "\n".join(lines)


def _published(base: type[events.Event]) -> Iterator[type[events.Event]]:
    """The events of the rooms below `base`: those that others only inherit from are never published."""
    for kind in base.__subclasses__():
        yield from _published(kind)
        if not kind.__subclasses__() and kind.__module__.startswith("apps."):
            yield kind


def _name(kind: Any) -> str:
    return kind.__name__ if isinstance(kind, type) else str(kind).replace("uuid.", "")


class Command(BaseCommand):
    help = "Print the events of the house, or write them to docs/events.md"

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--write", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["write"]:
            Path(settings.BASE_DIR, "docs", "events.md").write_text(page(), encoding="utf-8")
        else:
            self.stdout.write(page())
