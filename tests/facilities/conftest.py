"""The world of a reform."""

from typing import Any

import pytest

from apps.facilities.models import (
    Reform,
)
from tests.factories.reform import World


@pytest.fixture
def world(db: None) -> World:
    return World()


@pytest.fixture
def merged(world: World, django_capture_on_commit_callbacks: Any) -> Any:
    """`merged()` plans, asks, approves and runs the reform of both stations."""

    def run(**more: Any) -> Reform:
        return world.approve(django_capture_on_commit_callbacks, world.planned(**more))

    return run
