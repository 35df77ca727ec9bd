import uuid

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.test import RequestFactory

from apps.core.access import developers_only, needs, public, signed_in
from apps.core.scope import OutsideScope, Scope, current, enter, system
from tests.core.test_idempotency import LAN

NURSE = Scope(uuid.uuid4(), "lan", "Trạm", rights=frozenset({"visits.view"}))


def answer(request):
    return HttpResponse("ok")


def ask(view, user=LAN, **headers):
    request = RequestFactory().get("/kham/", headers=headers)
    request.user = user
    return view(request)


def test_whoever_holds_the_right_gets_in_and_nothing_is_cached():
    with enter(NURSE):
        response = ask(needs("visits.view")(answer))
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]


def test_whoever_does_not_hold_it_is_refused():
    with enter(NURSE), pytest.raises(PermissionDenied):
        ask(needs("visits.approve")(answer))


def test_a_stranger_is_asked_to_sign_in_and_comes_back():
    response = ask(needs("visits.view")(answer), AnonymousUser())
    assert response.status_code == 302
    assert response.url.endswith("?next=/kham/")


def test_a_part_of_a_page_hears_401():
    assert ask(signed_in(answer), AnonymousUser(), **{"HX-Request": "true"}).status_code == 401


def test_developers_pages_do_not_exist_where_people_work(settings):
    settings.DEMO = settings.DEBUG = settings.TESTING = False
    with pytest.raises(Http404):
        ask(developers_only(answer))


@pytest.mark.parametrize("mark", [public, signed_in, developers_only, needs("visits.view")])
def test_every_mark_can_be_read_by_the_walk(mark):
    assert mark(answer).access


def test_outside_a_scope_asking_raises():
    with pytest.raises(OutsideScope):
        current()


def test_a_scope_ends_where_it_ends():
    with system("thử"), enter(NURSE):
        assert current() is NURSE
    with pytest.raises(OutsideScope):
        current()


def test_system_work_needs_a_reason():
    with pytest.raises(ValueError), system(""):
        pass
