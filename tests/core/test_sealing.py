"""The chain over the logs: what was rewritten behind the software's back is found and named."""

import datetime as dt
import io
import threading
import uuid
from collections.abc import Iterator

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from apps.core import audit, readlog, registry, sealing, seals
from apps.core.models import AuditEntry, LogSeal, Parameter, ReadEntry
from apps.core.scope import Scope, enter, system

NURSE = Scope(uuid.uuid4(), "lan", "Trạm Hòa Bình", workplace_id=uuid.uuid4())


@pytest.fixture
def written(db: None) -> list[AuditEntry]:
    with enter(NURSE):
        readlog.record("search", [uuid.uuid4()])
        return [audit.record("parameter.changed", data={"key": f"k{n}", "n": n}) for n in range(6)]


def rewrite(statement: str, *values: object, table: str = "core_auditentry") -> None:
    """As a superuser would, who sets the trigger aside."""
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
        cursor.execute(statement, values)
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER ALL")


def broken(log: str = "audit", **options: str) -> list[tuple[int | None, str]]:
    return [(found.number, found.sentence) for found in sealing.verify(log, **options)]


def seq(entry: AuditEntry) -> int:
    return AuditEntry.objects.values_list("seq", flat=True).get(pk=entry.pk)


def test_it_works(written: list[AuditEntry]) -> None:
    first, look = sealing.seal_all()
    assert (first.log, first.number, first.count, look.log, look.count) == ("audit", 1, 6, "read", 1)
    assert sealing.seal_all() == []
    with enter(NURSE):
        audit.record("parameter.changed")
    assert sealing.unsealed("audit") == 1
    (second,) = sealing.seal_all()
    assert (second.number, second.count, second.previous) == (2, 1, first.hash)
    assert second.from_seq == first.to_seq + 1
    assert broken() == broken("read") == []
    assert broken(kept_hash=first.hash) == []


def test_a_changed_row_is_named(written: list[AuditEntry]) -> None:
    sealing.seal_all()
    rewrite("UPDATE core_auditentry SET username = 'nobody' WHERE id = %s", written[3].pk)
    assert broken() == [(1, f"dòng {seq(written[3])} đã bị sửa")]


@pytest.mark.parametrize(
    "change",
    [
        "action = 'x'",
        "at = at + interval '1 microsecond'",
        "user_id = NULL",
        "person_id = gen_random_uuid()",
        "facility_id = gen_random_uuid()",
        "object_id = gen_random_uuid()",
        "workplace_id = NULL",
        """data = '{"key": "k3", "n": "3"}'""",
    ],
)
def test_no_column_can_be_changed_unseen(written: list[AuditEntry], change: str) -> None:
    sealing.seal_all()
    rewrite(f"UPDATE core_auditentry SET {change} WHERE id = %s", written[3].pk)
    assert len(broken()) == 1


def test_every_column_of_a_log_is_sealed() -> None:
    for (name, form), columns in seals.COLUMNS.items():
        if form == seals.FORM:
            kept = {field.name for field in sealing.MODELS[name]._meta.concrete_fields}
            assert set(columns) == kept, "a new column needs a new FORM in core/seals.py"


def test_a_row_taken_out_is_missed(written: list[AuditEntry]) -> None:
    sealing.seal_all()
    rewrite("DELETE FROM core_auditentry WHERE id = %s", written[2].pk)
    assert broken() == [(1, f"thiếu 1 dòng, dòng thiếu đầu tiên trước dòng {seq(written[3])}")]


def test_a_row_slipped_in_is_found(written: list[AuditEntry]) -> None:
    rewrite("DELETE FROM core_auditentry WHERE id = %s", written[2].pk)
    sealing.seal_all()
    gap = seq(written[1]) + 1
    AuditEntry.objects.create(seq=gap, action="parameter.changed", username="lan")
    assert broken() == [(1, f"thừa 1 dòng, từ dòng {gap}")]


def test_a_row_before_the_first_seal_is_found(written: list[AuditEntry]) -> None:
    sealing.seal_all()
    AuditEntry.objects.create(seq=-5, action="parameter.changed", username="lan")
    assert broken() == [(None, "có 1 dòng nằm trước niêm phong đầu tiên")]


def test_a_look_that_was_hidden_is_found(written: list[AuditEntry]) -> None:
    sealing.seal_all()
    rewrite("UPDATE core_readentry SET person_ids = '{}'", table="core_readentry")
    assert [number for number, _ in broken("read")] == [1]


def test_a_rewritten_seal_breaks_the_chain(written: list[AuditEntry]) -> None:
    (first, _look) = sealing.seal_all()
    with enter(NURSE):
        audit.record("parameter.changed")
    sealing.seal_all()
    rewrite("UPDATE core_auditentry SET username = 'x' WHERE id = %s", written[0].pk)
    now = seals.covered(sealing._rows("audit", seals.FORM, first.from_seq, first.to_seq))
    rewrite("UPDATE core_logseal SET digest = %s WHERE id = %s", now.digest, first.pk, table="core_logseal")
    assert broken() == [(1, "mã của chính niêm phong không khớp")]
    first.refresh_from_db()
    forged = sealing._hash(first)
    rewrite("UPDATE core_logseal SET hash = %s WHERE id = %s", forged, first.pk, table="core_logseal")
    assert broken() == [(2, "không nối với niêm phong trước")]


def test_a_chain_rewritten_to_its_end_is_found_by_the_hash_kept_outside(written: list[AuditEntry]) -> None:
    kept = sealing.seal_all()[0].hash
    rewrite("DELETE FROM core_logseal", table="core_logseal")
    rewrite("UPDATE core_auditentry SET username = 'x' WHERE id = %s", written[0].pk)
    sealing.seal_all()
    assert broken() == []
    assert broken(kept_hash=kept) == [(None, "không có niêm phong nào mang mã đã giữ bên ngoài")]


def test_a_seal_taken_out_is_missed(written: list[AuditEntry]) -> None:
    for _ in range(3):
        with enter(NURSE):
            audit.record("parameter.changed")
        sealing.seal_all()
    rewrite("DELETE FROM core_logseal WHERE log = 'audit' AND number = 2", table="core_logseal")
    assert (2, "thiếu niêm phong này") in broken()


@pytest.mark.parametrize("statement", ["UPDATE core_logseal SET count = 0", "DELETE FROM core_logseal"])
def test_seals_cannot_be_changed(written: list[AuditEntry], statement: str) -> None:
    sealing.seal_all()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        connection.cursor().execute(statement)


def test_many_rows_make_several_seals(written: list[AuditEntry], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "MOST", 2)
    assert [link.count for link in sealing.seal("audit")] == [2, 2, 2]
    assert broken() == []


def test_a_quiet_day_is_sealed_once(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    assert [link.count for link in sealing.seal("audit")] == [0]
    assert sealing.seal("audit") == []
    tomorrow = timezone.now() + dt.timedelta(days=1)
    monkeypatch.setattr(timezone, "now", lambda: tomorrow)
    assert [link.count for link in sealing.seal("audit")] == [0]
    assert broken() == []


def test_a_clock_that_was_set_back_loses_nothing(written: list[AuditEntry]) -> None:
    sealing.seal_all()
    with enter(NURSE):
        late = audit.record("parameter.changed")
    rewrite("UPDATE core_auditentry SET at = at - interval '3 days' WHERE id = %s", late.pk)
    sealing.seal_all()
    assert broken() == []


@pytest.mark.django_db(transaction=True)
class TestBesideAnOpenTransaction:
    """A row written before midnight and committed long after it."""

    @pytest.fixture
    def writer(self) -> Iterator[tuple[threading.Event, threading.Thread]]:
        wrote, commit = threading.Event(), threading.Event()

        def write() -> None:
            with transaction.atomic(), enter(NURSE):
                audit.record("parameter.changed", data={"key": "muộn"})
                wrote.set()
                commit.wait(20)
            connection.close()

        thread = threading.Thread(target=write)
        thread.start()
        assert wrote.wait(20)
        with enter(NURSE):
            audit.record("parameter.changed", data={"key": "sau"})
        yield commit, thread
        commit.set()
        thread.join()

    def test_it_is_waited_for(self, writer: tuple[threading.Event, threading.Thread]) -> None:
        commit, _ = writer
        threading.Timer(0.3, commit.set).start()
        assert sealing.seal("audit")[0].count == 2
        assert broken() == []

    def test_a_very_long_one_leaves_it_to_the_next_night(
        self, writer: tuple[threading.Event, threading.Thread]
    ) -> None:
        commit, thread = writer
        with pytest.raises(sealing.Busy):
            sealing.seal("audit", patience=0.1)
        assert not LogSeal.objects.exists()
        with enter(NURSE):
            audit.record("parameter.changed")  # nobody was blocked meanwhile
        commit.set()
        thread.join()
        assert sealing.seal("audit")[0].count == 3
        assert broken() == []

    def test_two_sealings_at_once_take_turns(self) -> None:
        with enter(NURSE):
            audit.record("parameter.changed")

        def seal() -> None:
            sealing.seal("audit")
            connection.close()

        both = [threading.Thread(target=seal) for _ in range(2)]
        for thread in both:
            thread.start()
        for thread in both:
            thread.join()
        assert LogSeal.objects.get().count == 1


# --- retention


@pytest.fixture
def years(db: None) -> None:
    for key in sealing.KEPT_YEARS.values():
        Parameter.objects.filter(key=key).update(value=10)


def test_what_is_to_be_kept_is_not_removed(written: list[AuditEntry], years: None) -> None:
    first = sealing.seal("audit")[0]
    assert sealing.removable("audit") == []
    with pytest.raises(ValueError, match="to be kept"):
        sealing.remove(first)


def test_beyond_its_years_a_row_goes_and_its_seal_stays(
    written: list[AuditEntry], years: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = sealing.seal("audit")[0]
    later = timezone.now() + dt.timedelta(days=3653)
    monkeypatch.setattr(timezone, "now", lambda: later)
    assert sealing.removable("audit") == [first]
    with system("test"):
        removal = sealing.remove(first)
    assert (removal.kind, removal.count, removal.digest) == ("removed", 6, first.hash)
    assert [entry.action for entry in AuditEntry.objects.all()] == ["log.removed"]
    assert sealing.removable("audit") == []
    assert broken() == []
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        AuditEntry.objects.all().delete()  # the trigger is back
    AuditEntry.objects.create(seq=first.from_seq, action="x", username="lan")
    assert broken() == [(1, "có 1 dòng ở phần đã xóa")]


def test_rows_removed_before_their_time_are_found(
    written: list[AuditEntry], years: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = sealing.seal("audit")[0]
    monkeypatch.setattr(sealing, "removable", lambda name: [first])
    with system("test"):
        sealing.remove(first)
    assert broken() == [(2, "đã xóa khi chưa đủ 10 năm")]


def test_a_broken_seal_is_evidence_and_is_not_removed(
    written: list[AuditEntry], years: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = sealing.seal("audit")[0]
    rewrite("UPDATE core_auditentry SET username = 'x' WHERE id = %s", written[0].pk)
    monkeypatch.setattr(sealing, "removable", lambda name: [first])
    with pytest.raises(ValueError, match="does not hold"):
        sealing.remove(first)


def test_who_does_not_own_the_table_cannot_set_the_trigger_aside(written: list[AuditEntry]) -> None:
    for statement in (
        "ALTER TABLE core_auditentry DISABLE TRIGGER append_only",
        "DROP TRIGGER append_only ON core_auditentry",
        "ALTER TABLE core_auditentry RENAME TO x",
        "UPDATE core_auditentry SET username = 'x'",
        "TRUNCATE core_auditentry",
    ):
        with pytest.raises(DatabaseError, match=r"must be owner|append-only|permission denied"):
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("CREATE ROLE tramyte_test_app")
                cursor.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON core_auditentry TO tramyte_test_app")
                cursor.execute("SET LOCAL ROLE tramyte_test_app")
                cursor.execute(statement)


# --- the command


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command("audit", *arguments, stdout=out, no_color=True)
    return out.getvalue()


def test_the_command_seals_prints_and_verifies(written: list[AuditEntry]) -> None:
    assert "chưa niêm phong lần nào" in run("seals")
    assert "Nhật ký thao tác · số 1" in run("seal")
    kept = LogSeal.objects.get(log="audit").hash
    assert kept in run("seals")
    assert "Tất cả khớp." in run("verify", "--log", "audit", "--hash", kept)
    assert "Không có dòng mới" in run("seal")
    rewrite("UPDATE core_auditentry SET username = 'x' WHERE id = %s", written[0].pk)
    with pytest.raises(CommandError, match="1 chỗ không khớp"):
        run("verify")


def test_the_command_removes_nothing_unless_told(written: list[AuditEntry], years: None) -> None:
    run("seal")
    assert "0 dòng quá thời hạn lưu" in run("remove")
    assert "đã xóa 0 dòng" in run("remove", "--yes")
    assert AuditEntry.objects.count() == 6


def test_a_hash_without_its_log_is_refused(db: None) -> None:
    with pytest.raises(CommandError, match="--log"):
        run("verify", "--hash", "0" * 64)


# --- the arithmetic

VALUES = st.lists(st.tuples(st.integers(0, 9), st.text(max_size=5)), min_size=1, max_size=8)


def cover(rows: list[tuple[int, str]]) -> seals.Covered:
    at = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)
    return seals.covered([(place, text, at, number) for place, (number, text) in enumerate(rows)])


@given(VALUES, st.data())
def test_any_single_change_is_told_by_its_row(rows: list[tuple[int, str]], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(rows) - 1))
    changed = [*rows]
    changed[place] = (rows[place][0] + 10, rows[place][1])
    before, now = cover(rows), cover(changed)
    assert before.digest != now.digest
    assert seals.first_difference(bytes(before.marks), now) == f"dòng {place} đã bị sửa"


def test_a_row_hash_does_not_hang_on_the_order_of_keys_or_the_time_zone() -> None:
    at = dt.datetime(2026, 11, 22, 7, tzinfo=dt.timezone(dt.timedelta(hours=7)))
    one = seals.row_hash((1, "x", at, {"a": 1, "b": [2]}))
    other = seals.row_hash((1, "x", at.astimezone(dt.UTC), {"b": [2], "a": 1}))
    assert one == other != seals.row_hash((1, "x", at, {"a": "1", "b": [2]}))


def test_reads_are_sealed_in_the_order_of_writing(written: list[AuditEntry]) -> None:
    with enter(NURSE):
        readlog.record("search", [uuid.uuid4(), uuid.uuid4()])
    assert sealing.seal("read")[0].count == 2
    assert list(ReadEntry.objects.order_by("seq").values_list("seq", flat=True)) == sorted(
        ReadEntry.objects.values_list("seq", flat=True)
    )


def test_the_night_seals_both_logs(written: list[AuditEntry]) -> None:
    work = registry.nightly.get("core.seals")
    assert work is not None
    assert work.run(timezone.localdate()) == "Đã niêm phong 7 dòng nhật ký."
    assert work.run(timezone.localdate()) == "Đã niêm phong 0 dòng nhật ký."
