"""Codes of ours that a receiver wants under its own and has none for: they stop a record before it leaves."""

from __future__ import annotations

from apps.sync.mappings import codes, records
from apps.sync.mappings.systems import CODE_KINDS
from apps.sync.receivers.base import Issue, Prepared


def stopped(record: records.Record, options: codes.CodeOptions) -> Prepared | None:
    """The record as it must not leave, with an issue for each; None where nothing is missing. Under a code
    that the receiver does not know it would be refused, or misread.
    """
    missing = tuple(_gap(*gap) for gap in codes.gaps(record, options))
    return Prepared((), "", getattr(record, "version", None), missing) if missing else None


def _gap(kind: str, code: str) -> Issue:
    title = CODE_KINDS[kind]
    return Issue(codes.EXPRESSION, f"{title} {code} chưa có mã của nơi nhận.", title, "codes")
