"""What the plays of several people at one screen share."""

from collections.abc import Callable
from typing import Any

import pytest

from apps.accounts.models import User
from tests.factories.accounts import client_of


@pytest.fixture
def as_user(page: Any, live_server: Any) -> Callable[[User], Any]:
    """`as_user(user)`: the browser is hers from now on."""

    def sign_in(user: User) -> Any:
        client = client_of(user)
        page.context.clear_cookies()
        cookie = {"name": "tramyte", "value": client.cookies["tramyte"].value, "url": live_server.url}
        page.context.add_cookies([cookie])
        page.goto(live_server.url)
        return page

    return sign_in
