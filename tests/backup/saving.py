"""The other side of test_killed.py: saves people until the database dies; prints who was saved."""

import datetime as dt
import os
from itertools import count

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from apps.core.scope import enter  # noqa: E402 - Django first
from apps.patients.services import PersonData, person_create  # noqa: E402
from tests.factories.patients import a_station, scope_at  # noqa: E402

if __name__ == "__main__":
    station = a_station()
    with enter(scope_at(station)):
        for number in count():
            born = dt.date(1950, 1, 1) + dt.timedelta(days=number)
            person = person_create(data=PersonData("Nguyễn Văn Giả", "male", born), another=True)
            print(person.pk, flush=True)
