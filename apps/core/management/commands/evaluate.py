"""Run clinical and payment rules by name, a JSON line each. See core/rules.py."""

import io
import sys
from typing import Any

from django.core.management.base import BaseCommand

from apps.core import registry, rules


class Command(BaseCommand):
    help = "Read JSON lines {id, rule, input} on standard input and answer each, in order"
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument(
            "--list", action="store_true", help="name each rule with its source, inputs and outputs"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["list"]:
            for rule in registry.rules:
                self.stdout.write(f"{rule.key}\n  nguồn: {rule.source}")
                for way, fields in (("vào", rule.inputs), ("ra", rule.outputs)):
                    for name, meaning in fields.items():
                        self.stdout.write(f"  {way}: {name}: {meaning}")
            return
        lines = io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8", errors="replace")
        for found in rules.answers(lines):
            self.stdout.write(rules.written(found))
