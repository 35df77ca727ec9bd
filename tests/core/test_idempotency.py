"""The table in core/idempotency.py, row by row."""

import threading
import uuid

import pytest
from django.db import connection
from django.http import HttpResponse, HttpResponseRedirect
from django.test import RequestFactory

from apps.core.idempotency import idempotent, saved
from apps.core.models import Parameter, SubmittedForm


class Somebody:
    is_authenticated = True

    def __init__(self):
        self.pk = uuid.uuid4()

    def get_short_name(self):
        return "Lan"


LAN = Somebody()


@idempotent
def save(request):
    if request.POST.get("wrong"):
        return HttpResponse("sai")
    Parameter.objects.create(key="saved", value=1, unit=str(uuid.uuid4()), source="t", valid_from=request.day)
    if request.POST.get("part"):
        return saved(HttpResponse("đã lưu"))
    return HttpResponseRedirect("/done/")


def post(key, *, user=LAN, path="/save/", day="2020-01-01", **data):
    request = RequestFactory().post(path, {"form_key": str(key), **data})
    request.user = user
    request.day = day
    return save(request)


def count():
    return Parameter.objects.filter(key="saved").count()


def test_a_repeat_gets_the_same_answer_and_saves_once(db):
    key = uuid.uuid4()
    first, second = post(key), post(key, day="2021-01-01")
    assert (first.status_code, first.url) == (second.status_code, second.url) == (302, "/done/")
    assert count() == 1


def test_a_form_with_an_error_may_be_sent_again_with_its_key(db):
    key = uuid.uuid4()
    assert post(key, wrong="1").status_code == 200
    assert post(key).url == "/done/"
    assert count() == 1


def test_a_part_of_a_page_saves_once_too(db):
    key = uuid.uuid4()
    assert post(key, part="1").status_code == 200
    again = post(key, part="1", day="2021-01-01")
    assert (again.status_code, again["HX-Refresh"]) == (204, "true")
    assert count() == 1


def test_a_view_that_fails_leaves_its_key_free(db):
    key = uuid.uuid4()
    post(uuid.uuid4())
    with pytest.raises(Exception, match="parameter_once"):
        post(key)
    assert not SubmittedForm.objects.filter(key=key).exists()


@pytest.mark.parametrize("key", ["", "x", "\x00", "1" * 400])
def test_no_key_is_a_bad_request(db, key):
    assert post(key).status_code == 400
    assert count() == 0


@pytest.mark.parametrize("change", [{"user": Somebody()}, {"path": "/other/"}])
def test_a_key_of_another_user_or_address_is_a_conflict(db, change):
    key = uuid.uuid4()
    post(key)
    assert post(key, day="2021-01-01", **change).status_code == 409
    assert count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_at_the_same_time_save_once():
    key, answers = uuid.uuid4(), []
    start = threading.Barrier(2)

    def one(day):
        start.wait()
        answers.append(post(key, day=day).url)
        connection.close()

    threads = [threading.Thread(target=one, args=(f"2020-01-0{n}",)) for n in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == ["/done/", "/done/"]
    assert count() == 1
