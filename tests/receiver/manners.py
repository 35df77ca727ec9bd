"""The two ways in which the receiver can be spoken to; whatever it does wrong it does in both."""

from __future__ import annotations

import json
from typing import Any, Protocol

from .batch import batch
from .store import Issue, Store
from .warehouse import Warehouse


class Manner(Protocol):
    """What differs between the two: how a body is taken, and how an answer looks. `reason`: the field that a
    refusal complains of when a fault names none.
    """

    content_type: str
    reason: str

    def take(self, body: str, request_id: str, unit: str) -> dict[str, Any]:
        """Store it; the answer, or `store.Refused`."""
        ...

    def refusal(self, status: int, issues: list[Issue]) -> dict[str, Any]: ...

    def partial(self, answer: dict[str, Any]) -> dict[str, Any]:
        """The answer with something missing that it must have."""
        ...

    def doubtful(self) -> dict[str, Any]:
        """A 200 which does not say that anything was stored."""
        ...


class Fhir:
    """Transaction Bundles."""

    content_type = "application/fhir+json; charset=utf-8"
    reason = "Encounter.reasonCode"

    def __init__(self, store: Store) -> None:
        self.store = store

    def take(self, body: str, request_id: str, unit: str) -> dict[str, Any]:
        bundle = json.loads(body)
        if isinstance(bundle, dict) and bundle.get("type") == "batch":
            return batch(self.store, bundle)
        return self.store.transaction(bundle, request_id)

    def refusal(self, status: int, issues: list[Issue]) -> dict[str, Any]:
        lines = []
        for issue in issues:
            line: dict[str, Any] = {"severity": "error", "code": issue.code, "diagnostics": issue.text}
            if issue.expression:
                line["expression"] = [issue.expression]
            lines.append(line)
        return {"resourceType": "OperationOutcome", "issue": lines}

    def partial(self, answer: dict[str, Any]) -> dict[str, Any]:
        return {**answer, "entry": answer["entry"][: len(answer["entry"]) // 2]}

    def doubtful(self) -> dict[str, Any]:
        entry = [
            {"response": {"status": "201 Created", "location": "Patient/1/_history/1"}},
            {"response": {"status": "422"}},
        ]
        return {"resourceType": "Bundle", "type": "transaction-response", "entry": entry}


class Qd831:
    """XML of QĐ 831, taken under a tracking id."""

    content_type = "application/json; charset=utf-8"
    reason = "LYDOKHAM"

    def __init__(self, warehouse: Warehouse) -> None:
        self.warehouse = warehouse

    def take(self, body: str, request_id: str, unit: str) -> dict[str, Any]:
        return self.warehouse.take(body, unit)

    def refusal(self, status: int, issues: list[Issue]) -> dict[str, Any]:
        errors = [{"field": issue.expression, "message": issue.text} for issue in issues if issue.expression]
        return {
            "success": False,
            "code": issues[0].code,
            "message": issues[0].text,
            "data": {"errors": errors},
        }

    def partial(self, answer: dict[str, Any]) -> dict[str, Any]:
        return {**answer, "data": {}}

    def doubtful(self) -> dict[str, Any]:
        return {"success": True, "code": "RECEIVED", "message": "", "data": {"tracking_id": "?"}}
