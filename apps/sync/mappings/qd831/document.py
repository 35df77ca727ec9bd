"""The whole message: header, record, the bytes that leave, and what speaks against sending them."""

from __future__ import annotations

import hashlib
import re
import xml.etree.ElementTree as ET  # writes; strangers are read by reading.py  # nosec B405
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from .. import records, table
from ..check import Problem
from ..fhir import ZONE
from ..parts import is_wrong
from ..table import Field
from .examination import examination
from .general import general
from .history import history
from .options import Options

LARGEST = 10 * 1024 * 1024  # bytes that the manner allows
HIDDEN = "•••"
# What XML 1.0 cannot hold, whatever was typed.
UNFIT = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class Message:
    """`body`: the bytes; `request_id`: the same for the same content of the same change; `hash`: of the
    content alone, as hex.
    """

    body: bytes
    request_id: str
    hash: str
    problems: tuple[Problem, ...]


def message(record: records.Visit | records.Person, options: Options, change: str = "") -> Message:
    """The XML of a visit (sections A, B, D) or of a person alone (A, B).

    `change` names the change that is told: whoever goes back to an earlier content says something new, which
    a receiver would take for the old request if the content alone made its id.
    """
    said = _document(record, options)
    blank = _bytes(_element(options.fields, said, options))
    request = f"{record.id}-{hashlib.sha256(blank + change.encode()).hexdigest()[:32]}"
    said["header"] |= {"id": request, "request": request}
    root = _element(options.fields, said, options)
    body = _bytes(root)
    found = list(_wrong(root, options.fields, options))
    if len(body) > LARGEST:
        found.append(Problem("message", "Hồ sơ lớn hơn 10 MB, nơi nhận không nhận."))
    return Message(body, request, hashlib.sha256(blank).hexdigest(), tuple(found))


def _document(record: records.Visit | records.Person, options: Options) -> dict[str, Any]:
    visit = record if isinstance(record, records.Visit) else None
    person = record.person if isinstance(record, records.Visit) else record
    gone = is_wrong(visit) if visit else person.replaced_by is not None or not person.active
    body: dict[str, Any] = {"general": general(person, options)}
    if not gone:
        body["history"] = history(person)
    if visit:
        body["examination"] = [examination(visit, options)]
    station = visit.facility if visit else person.station
    code, name = options.sender
    return {
        "header": {
            "version": options.version,
            "sender_code": code or (options.code("facility", station.kcb_code) if station else ""),
            "sender_name": name or (station.name if station else ""),
            "type": options.transaction[0],
            "name": options.transaction[1],
            "date": visit.changed_at if visit else person.changed_at,
            "action": options.actions["withdrawn" if gone else "new" if _is_first(visit) else "changed"],
        },
        "body": {"record": body},
        "security": {"signature": ""},
    }


def _is_first(visit: records.Visit | None) -> bool:
    """Told by the record alone, never by what was sent before: a repeated message must be the same one."""
    return visit is not None and not visit.amended


# ---- writing


def _element(field: Field, value: Any, options: Options) -> ET.Element:
    node = ET.Element(field.element)
    if not field.holds:
        node.text = _text(field, value, options)
        return node
    for child in field.children:
        if not child.element:
            continue
        inner = value.get(child.key)
        if child.kind == "list":
            node.extend(_element(child, each, options) for each in inner or ())
        elif child.kind == "group":
            if inner:
                node.append(_element(child, inner, options))
        elif child.required or options.empty or inner not in (None, ""):
            node.append(_element(child, inner, options))
    return node


def _text(field: Field, value: Any, options: Options) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, datetime):
        return value.astimezone(ZONE).strftime(options.datetime_format)
    if isinstance(value, date):
        return value.strftime(options.date_format)
    if isinstance(value, tuple):  # a birth as far as it is known
        day, precision = value
        usual = {"year": "%Y", "month": "%m/%Y"}
        return str(day.strftime(usual.get(precision, options.date_format)))
    if isinstance(value, Decimal):
        text = f"{value:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    return UNFIT.sub("", str(value)).strip()


def _bytes(root: ET.Element) -> bytes:
    """UTF-8 without a byte order mark."""
    ET.indent(root, " ")
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="utf-8")


def covered(body: bytes, options: Options) -> bytes:
    """The same message with what names or describes a person covered: for whoever looks at its shape."""
    root = ET.fromstring(body)  # noqa: S314 - our own bytes  # nosec B314
    _cover(root, options.fields)
    return _bytes(root)


def _cover(node: ET.Element, field: Field) -> None:
    if field.covered and node.text and not field.holds:
        node.text = HIDDEN
    for child in field.children:
        for inner in node.findall(child.element) if child.element else ():
            _cover(inner, child)


# ---- checking


def _wrong(node: ET.Element, field: Field, options: Options) -> Iterator[Problem]:
    for child in field.children:
        if not child.element:
            continue
        found = node.findall(child.element)
        if child.holds:
            for inner in found:
                yield from _wrong(inner, child, options)
            continue
        text = (found[0].text or "") if found else ""
        if sentence := table.wrong(child, text, options):
            yield Problem(child.path, sentence)
