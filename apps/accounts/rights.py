"""Rights in words, section by section. A right is '<section>.<action>'; the sections are the rooms'."""

from collections.abc import Collection

from apps.core import registry
from apps.core.registry import Section

ACTION_WORDS = {
    "view": "xem",
    "enter": "nhập mới",
    "edit": "sửa",
    "approve": "duyệt, ký",
    "export": "xuất",
}


def by_section(rights: Collection[str]) -> list[tuple[Section, list[tuple[str, str]]]]:
    """(section, [(right, word)]) in the order of the house; what no room has registered is left out."""
    held = set(rights)
    rows = [
        (section, [(f"{section.key}.{action}", word) for action, word in ACTION_WORDS.items()])
        for section in registry.sections
    ]
    kept = [(section, [pair for pair in pairs if pair[0] in held]) for section, pairs in rows]
    return [(section, pairs) for section, pairs in kept if pairs]


def unknown(rights: Collection[str]) -> set[str]:
    """Rights of rooms that this release does not have yet."""
    known = {section.key for section in registry.sections}
    return {right for right in rights if right.split(".")[0] not in known}


def in_words(rights: Collection[str]) -> str:
    """'Khám bệnh: xem, sửa; Đơn thuốc: xem'."""
    return "; ".join(
        f"{section.title}: {', '.join(word for _, word in pairs)}" for section, pairs in by_section(rights)
    )
