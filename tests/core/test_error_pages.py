"""What the pages of a refusal tell: only what can be done from there."""

import pytest
from django.urls import reverse

from tests.factories.accounts import a_member, client_of
from tests.factories.patients import a_station

pytestmark = pytest.mark.django_db


def test_a_page_that_is_not_there_leads_to_the_work_of_today():
    answer = client_of(a_member("nurse", a_station())).get("/khong-co-trang-nay/")
    assert answer.status_code == 404
    assert "Về trang việc hôm nay" in answer.content.decode()


def test_a_refused_page_lets_the_workplace_be_changed():
    answer = client_of(a_member("village_worker", a_station())).get(reverse("patients:create"))
    assert answer.status_code == 403
    assert reverse("accounts:workplace") in answer.content.decode()
