"""What every page's frame needs. Costs no query: the request has its user and scope already."""

from collections import Counter
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from apps.core import registry
from apps.core.pages.guide import help_url
from apps.core.scope import active

FLAT = 9  # so many items stand beside each other on a screen of 1366 pixels


def shell(request: HttpRequest) -> dict[str, Any]:
    """help_url, menu, workplace, demo (the mark's word), training, user_label for templates/base.html."""
    scope = active()
    items = []
    if scope is not None:
        for item in registry.menu:
            if item.right is None or scope.can(item.right):
                url = reverse(item.url_name)
                fits = request.path == url or (url != "/" and request.path.startswith(url))
                items.append({"title": item.title, "url": url, "active": fits, "group": item.group})
    user = getattr(request, "user", None)
    own = [item for item in registry.user_menu if item.right is None or (scope and scope.can(item.right))]
    matched = request.resolver_match
    return {
        "help_url": help_url(matched.view_name if matched else ""),
        "menu": _folded(items),
        "user_menu": [{"title": item.title, "url": reverse(item.url_name)} for item in own],
        "workplace": scope.label if scope else "",
        "demo": settings.MARK,
        "training": settings.TRAINING,
        "user_label": user.get_short_name() if user is not None and user.is_authenticated else "",
        "can_search": scope is not None and scope.can("people.view"),
    }


def _folded(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The menu as it is drawn: short ones flat, long ones with each group of several under one name, in the
    place of its first item. Of several items that fit an address the longest is where one is.
    """
    here = max((item for item in items if item["active"]), key=lambda item: len(item["url"]), default=None)
    for item in items:
        item["active"] = item is here
    if len(items) <= FLAT:
        return items
    sizes = Counter(item["group"] for item in items)
    drawn: dict[str, dict[str, Any]] = {}
    for item in items:
        group = item["group"]
        if not group or sizes[group] == 1:
            drawn[item["url"]] = item
            continue
        folded = drawn.setdefault(group, {"title": group, "lines": [], "active": False})
        folded["lines"].append(item)
        folded["active"] = folded["active"] or item["active"]
    return list(drawn.values())
