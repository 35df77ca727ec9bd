"""What higher rooms know about an account and the door must ask: has she left, must she show a code?"""

from collections.abc import Callable

from django.conf import settings

from apps.accounts.models import User

# Each answers with the sentence to show when the account may not go on, else with ''.
leaving: list[Callable[[User], str]] = []


def left(user: User) -> str:
    """Why an account opens nothing any more although its password is right, or ''."""
    return next((why for ask in leaving if (why := ask(user))), "")


# Each answers whether an account may not do without a second factor.
needing_code: list[Callable[[User], bool]] = []


def needs_code(user: User) -> bool:
    """Whether the account must have a second factor. The demo's accounts are open to everybody on purpose;
    TRAMYTE_DEMO is refused in production (config/settings.py).
    """
    return not settings.DEMO and any(ask(user) for ask in needing_code)
