"""A nurse at a station and a provincial administrator, each signed in."""

from typing import Any

import pytest
from django.test import Client

from apps.accounts.models import Role, User
from apps.facilities.models import Facility, Post
from tests.factories.patients import a_commune, a_station

NURSE = ["catalogues.view", "people.view", "visits.view", "visits.enter"]
ADMINISTRATOR = [f"catalogues.{action}" for action in ("view", "enter", "edit", "approve", "export")]


def signed_in(username: str, role: Role, facility: Facility) -> Client:
    user = User.objects.create(username=username, full_name="Trần Thị Mai")
    Post.objects.create(user=user, role=role, facility=facility)
    client = Client()
    client.force_login(user, backend="apps.accounts.backends.AccountBackend")
    return client


@pytest.fixture
def nurse(db: Any) -> Client:
    role = Role.objects.create(code="dieu_duong", name="Điều dưỡng", level="station", rights=NURSE)
    return signed_in("mai", role, a_station())


@pytest.fixture
def administrator(db: Any) -> Client:
    role = Role.objects.create(code="quan_tri", name="Quản trị tỉnh", level="province", rights=ADMINISTRATOR)
    department = Facility.objects.create(
        name="Sở Y tế Quảng Ngãi", kind="department", unit=a_commune().parent
    )
    return signed_in("quantri", role, department)
