"""What the room of the logs offers to the house."""

from typing import Any

from django.urls import reverse

from apps.core import registry
from apps.core.registry import MenuItem, ReadScreen, RecordPanel, Section
from apps.core.scope import Scope
from apps.oversight import exports


def _person(scope: Scope, person: Any) -> dict[str, Any]:
    return {"url": reverse("oversight:person", args=[person.pk])}


registry.sections.add(Section("looks", "Lượt xem hồ sơ", 890))
registry.menu.add(
    MenuItem("oversight", "Nhật ký", "oversight:acts", "audit.view", 900, "paper", registry.RUNNING)
)
registry.record_panels.add(
    RecordPanel(
        "looks",
        "person",
        "Ai đã xem hồ sơ này",
        "looks.view",
        "oversight/person_panel.html",
        _person,
        order=990,
    )
)
registry.readlog_screens.add(
    ReadScreen("audit.acts", "Nhật ký thao tác"),
    ReadScreen("audit.act", "Một dòng nhật ký thao tác"),
    ReadScreen("audit.looks", "Nhật ký xem"),
    ReadScreen("audit.look", "Một dòng nhật ký xem"),
    ReadScreen("audit.person", "Ai đã xem hồ sơ này"),
    ReadScreen("audit.export", "Xuất nhật ký ra Excel"),
)
registry.exports.add(*exports.KINDS.values())
