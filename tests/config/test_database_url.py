import pytest
from django.core.exceptions import ImproperlyConfigured

from config import database


def test_it_works():
    found = database.from_url("postgresql://tram:m%40t@db.example:6432/tramyte?sslmode=verify-full")
    assert found == {
        "NAME": "tramyte",
        "USER": "tram",
        "PASSWORD": "m@t",
        "HOST": "db.example",
        "PORT": "6432",
        "OPTIONS": {"sslmode": "verify-full"},
    }


def test_a_socket_folder_is_a_host():
    found = database.from_url("postgresql:///tramyte?host=/var/run/postgresql&user=tram")
    assert (found["HOST"], found["USER"], found["PORT"]) == ("/var/run/postgresql", "tram", "")


@pytest.mark.parametrize("url", ["mysql://u:bimat9@h/n", "postgresql://u:bimat9@h", "bimat9"])
def test_a_wrong_address_is_refused_without_repeating_the_password(url):
    with pytest.raises(ImproperlyConfigured) as refusal:
        database.from_url(url)
    assert "bimat9" not in str(refusal.value)


@pytest.mark.django_db
def test_joins_by_key_are_planned_in_the_order_of_the_statement() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SHOW join_collapse_limit")
        assert cursor.fetchone() == ("4",)
