"""Committing tests get a fresh database each: the two tests below would see each other's rows otherwise."""

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", [1, 2])
def test_a_committed_row_is_gone_for_the_next_test(turn):
    assert Session.objects.count() == 0
    Session.objects.create(session_key="x", session_data="", expire_date=timezone.now())
