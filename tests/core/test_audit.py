import uuid

import pytest
from django.db import DatabaseError, connection, transaction

from apps.core import audit, readlog
from apps.core.models import AuditEntry, ReadEntry
from apps.core.scope import OutsideScope, Scope, enter

NURSE = Scope(uuid.uuid4(), "lan", "Trạm Hòa Bình", workplace_id=uuid.uuid4())


def test_an_act_is_kept_with_who_and_where(db):
    person = uuid.uuid4()
    with enter(NURSE):
        entry = audit.record("parameter.changed", person_id=person, data={"key": "x"})
    kept = AuditEntry.objects.get()
    assert (kept.user_id, kept.username, kept.workplace_id, kept.person_id) == (
        NURSE.user_id,
        "lan",
        NURSE.workplace_id,
        person,
    )
    assert audit.sentence(entry) == "lan đã đổi tham số x"


def test_a_sentence_survives_missing_data(db):
    with enter(NURSE):
        assert audit.sentence(audit.record("parameter.changed")) == "lan đã đổi tham số …"


def test_an_act_without_a_sentence_is_a_programming_error(db):
    with pytest.raises(KeyError):
        audit.record("nobody.knows")


def test_a_look_is_kept_with_ids_only(db):
    people = [uuid.uuid4(), uuid.uuid4()]
    with enter(NURSE):
        readlog.record("search", people)
    assert ReadEntry.objects.get().person_ids == people


def test_a_look_outside_a_scope_is_refused(db):
    with pytest.raises(OutsideScope):
        readlog.record("search", [])


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE core_auditentry SET username = 'x'",
        "DELETE FROM core_auditentry",
        "TRUNCATE core_auditentry",
        "UPDATE core_readentry SET screen = 'x'",
        "DELETE FROM core_readentry",
        "TRUNCATE core_readentry",
    ],
)
def test_the_books_cannot_be_changed(db, statement):
    with enter(NURSE):
        audit.record("parameter.changed")
        readlog.record("search", [])
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        connection.cursor().execute(statement)
