import pytest
from django.db import DatabaseError, connection


@pytest.mark.django_db
def test_it_works(client):
    response = client.get("/khoe")
    assert (response.status_code, response.content.decode()) == (200, "tốt\n")


@pytest.mark.django_db
def test_without_database_it_says_so(client, monkeypatch):
    def broken(*args):
        raise DatabaseError

    monkeypatch.setattr(connection, "cursor", broken)
    assert client.get("/khoe").status_code == 503
