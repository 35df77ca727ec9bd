"""Codes of ours that a receiver wants under its own and has none for: they stop a record before it leaves."""

from __future__ import annotations

from apps.sync.mappings import codes, records
from apps.sync.mappings.systems import CODE_KINDS
from apps.sync.receivers.base import Issue


def gap_issues(record: records.Record, options: codes.CodeOptions) -> tuple[Issue, ...]:
    """One for each; under a code that the receiver does not know the record would be refused, or misread."""
    return tuple(_gap(*gap) for gap in codes.gaps(record, options))


def _gap(kind: str, code: str) -> Issue:
    title = CODE_KINDS[kind]
    return Issue(codes.EXPRESSION, f"{title} {code} chưa có mã của nơi nhận.", title, "codes")
