"""The ways in which the receiver can be spoken to; whatever it does wrong it does in each of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from .batch import batch
from .checkups import CheckUps
from .prescriptions import Prescriptions
from .store import Issue, Store
from .warehouse import Warehouse


class Manner(Protocol):
    """What differs between them: how a body is taken, and how an answer looks. `reason`: the field that a
    refusal complains of when a fault names none. `signs_in`: whether only tokens of a sign-in are good.
    """

    content_type: str
    reason: str
    signs_in: bool

    def take(self, body: str, request_id: str, unit: str, service: str) -> dict[str, Any]:
        """Store it; the answer, or `store.Refused`. `service`: a header that one of them asks for."""
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
    signs_in = False

    def __init__(self, store: Store) -> None:
        self.store = store

    def take(self, body: str, request_id: str, unit: str, service: str) -> dict[str, Any]:
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
    signs_in = True

    def __init__(self, warehouse: Warehouse) -> None:
        self.warehouse = warehouse

    def take(self, body: str, request_id: str, unit: str, service: str) -> dict[str, Any]:
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


class Eprescription:
    """Prescriptions, each once."""

    content_type = "application/json"
    reason = "ten_chan_doan"
    signs_in = True

    def __init__(self, prescriptions: Prescriptions) -> None:
        self.prescriptions = prescriptions

    def take(self, body: str, request_id: str, unit: str, service: str) -> dict[str, Any]:
        return self.prescriptions.take(json.loads(body), unit)

    def refusal(self, status: int, issues: list[Issue]) -> dict[str, Any]:
        lines = [{"truong": each.expression, "thong_bao": each.text} for each in issues if each.expression]
        return {"message": issues[0].text, **({"danh_sach_cac_loi": lines} if lines else {})}

    def partial(self, answer: dict[str, Any]) -> dict[str, Any]:
        return {"checksum": answer["checksum"]}

    def doubtful(self) -> dict[str, Any]:
        return {"success": "Hệ thống đang xử lý"}


class Envelopes:
    """Signed envelopes of check-ups."""

    content_type = "application/json"
    reason = "BENH_TAT_DE_NGHI"
    signs_in = True
    codes = {401: "CM_AUTH_PERMISSION", 400: "CM_INVALID_REQUEST", 422: "CM_INVALID_REQUEST"}

    def __init__(self, check_ups: CheckUps) -> None:
        self.check_ups = check_ups

    def take(self, body: str, request_id: str, unit: str, service: str) -> dict[str, Any]:
        return self.check_ups.take(body, unit, service)

    def refusal(self, status: int, issues: list[Issue]) -> dict[str, Any]:
        own = issues[0].code if issues[0].code[:3] in ("CM_", "PS_") else ""
        head = {"msg_type": "102", "res_code": own or self.codes.get(status, "CM_ERROR")}
        errors = [{"field": each.expression, "message": each.text} for each in issues if each.expression]
        return {"header": head | {"res_msg": issues[0].text}, "data": {"errors": errors}}

    def partial(self, answer: dict[str, Any]) -> dict[str, Any]:
        return {"header": {"msg_type": "102"}, "data": {}}

    def doubtful(self) -> dict[str, Any]:
        return {"header": {"msg_type": "102", "res_code": "CM_PROCESSING"}, "data": {}}


@dataclass(frozen=True)
class SignIn:
    """How an address gives tokens for a password: the members that hold the name and the unit, and how it
    answers with one.
    """

    name: str
    unit: str
    given: Callable[[str, Any], dict[str, Any]]


def _wrapped(token: str, seconds: Any) -> dict[str, Any]:
    data = {"access_token": token, "expires_in": seconds}
    return {"success": True, "code": "OK", "message": "", "data": data}


def _plain(token: str, seconds: Any) -> dict[str, Any]:
    return {"token": token, "token_type": "bearer", "expires_in": seconds}


def _enveloped(token: str, seconds: Any) -> dict[str, Any]:
    data = {"token": token, "refresh_token": f"{token}-r", "duration": seconds, "role": "facility"}
    return {"header": {"res_code": "CM_SUCCESS"}, "data": data}


FACILITY = "ma_lien_thong_co_so_kham_chua_benh"
SIGN_INS = {
    "/api/xac-thuc/token": SignIn("username", "ma_don_vi", _wrapped),
    "/api/auth/dang-nhap-co-so-kham-chua-benh": SignIn(FACILITY, FACILITY, _plain),
    "/api/auth/login": SignIn("username", "username", _enveloped),
    "/api/auth/dang-nhap-bac-si": SignIn("ma_lien_thong_bac_si", FACILITY, _plain),
}
