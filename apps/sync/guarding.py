"""Where records go is decided by two people: one asks, another approves (core.approvals).

A receiver that is off may be written down and corrected by one; nothing leaves. To switch it on, or to change
where an open one sends and how, a second person sees what will hold and says yes. Off is always one press.
"""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db import transaction

from apps.core import approvals, audit
from apps.core.errors import Refused
from apps.core.models import PendingChange
from apps.core.scope import current
from apps.sync import codemaps
from apps.sync.models import Receiver

CHANGE = "receiver"  # the ChangeKind
# What decides where records go, in which form, and with which secret.
GUARDED = ("kind", "base_url", "token_key", "allow_private", "settings", "is_on")


@transaction.atomic
def receiver_keep(*, receiver: Receiver, fields: list[str]) -> PendingChange | None:
    """Save what an administrator has filled in on `receiver`; the guarded part of it may wait for a second.

    Gives the change that waits, or None when all is saved. Needs sync.edit.
    """
    current().require("sync.edit")
    stored = Receiver.objects.select_for_update().filter(pk=receiver.pk).first()
    wanted = {name: getattr(receiver, name) for name in GUARDED}
    if receiver.is_on:  # what an open receiver is, or becomes
        for name in GUARDED:
            setattr(receiver, name, getattr(stored, name) if stored and stored.is_on else wanted[name])
        receiver.is_on = stored is not None and stored.is_on
    receiver.version += stored is not None
    receiver.save()
    audit.record(
        "sync.receiver_saved",
        object_id=receiver.pk,
        data={"receiver": receiver.code, "changed": ", ".join(fields)},
    )
    if all(getattr(receiver, name) == value for name, value in wanted.items()):
        return None
    return _ask(receiver, wanted)


@transaction.atomic
def receiver_switch(*, receiver_id: UUID, on: bool) -> PendingChange | None:
    """Turn a receiver off, or ask to turn it on. Off, its rows keep waiting. Needs sync.edit."""
    current().require("sync.edit")
    receiver = Receiver.objects.select_for_update().get(pk=receiver_id)
    if on:
        return _ask(receiver, {name: getattr(receiver, name) for name in GUARDED} | {"is_on": True})
    receiver.is_on = False
    receiver.save(update_fields=["is_on", "updated_at"])
    audit.record("sync.receiver_off", object_id=receiver.pk, data={"receiver": receiver.code})
    return None


@transaction.atomic
def kinds_set(*, receiver: Receiver, wanted: Iterable[str]) -> PendingChange | None:
    """Say which kinds of codes a receiver wants under its own; of an open one a second person agrees. Gives
    the change that waits, or None. Needs sync.edit.
    """
    current().require("sync.edit")
    receiver = Receiver.objects.select_for_update().get(pk=receiver.pk)
    settings = codemaps.with_kinds(receiver, wanted)
    if not receiver.is_on or settings == receiver.settings:
        codemaps.kinds_set(receiver=receiver, wanted=settings["mapped"])
        return None
    return _ask(receiver, _values(receiver) | {"settings": settings})


def receiver_approved(change: PendingChange) -> None:
    """Put in force what the second person has seen, if the receiver still is as she saw it."""
    receiver = Receiver.objects.select_for_update().filter(pk=change.object_id).first()
    if receiver is None or _values(receiver) != change.args["seen"]:
        raise Refused("Thiết lập nơi nhận đã đổi từ lúc xin. Người xin cần gửi lại yêu cầu.")
    was_on = receiver.is_on
    for name, value in change.args["wanted"].items():
        setattr(receiver, name, value)
    receiver.save()
    if receiver.settings.get("mapped") != change.args["seen"]["settings"].get("mapped"):
        codemaps.send_again(receiver)
    action = "sync.receiver_saved" if was_on else "sync.receiver_on"
    changed = [name for name, value in change.args["wanted"].items() if value != change.args["seen"][name]]
    audit.record(
        action, object_id=receiver.pk, data={"receiver": receiver.code, "changed": ", ".join(changed)}
    )


def _ask(receiver: Receiver, wanted: dict[str, Any]) -> PendingChange:
    seen = _values(receiver)
    return approvals.ask(
        CHANGE,
        object_id=receiver.pk,
        title=f"Bật nơi nhận {receiver.name}"
        if not seen["is_on"]
        else f"Đổi thiết lập nơi nhận {receiver.name}",
        # All that decides where records go, changed or not: the address is what the second person must see.
        lines=[
            (str(field.verbose_name), _word(seen[field.name]), _word(wanted[field.name]))
            for field in Receiver._meta.fields
            if field.name in GUARDED
        ],
        args={"seen": seen, "wanted": wanted},
    )


def _values(receiver: Receiver) -> dict[str, Any]:
    return {name: getattr(receiver, name) for name in GUARDED}


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "có" if value else "không"
    if isinstance(value, dict):
        return "; ".join(f"{key}: {value[key]}" for key in sorted(value))
    return str(value)
