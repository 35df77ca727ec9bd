"""The health of an installation: what is looked at, what is said, who sees it."""

import ast
import datetime as dt
import shutil

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from apps.core import audit, doctor, doctor_checks, paper, registry
from apps.core.models import AuditEntry, DoctorFinding, Holiday, Job, NightlyRun, Parameter
from apps.core.registry import DoctorCheck, Registry, Result
from tests.factories.accounts import a_member, client_of
from tests.factories.facilities import a_station
from tests.house.english import SERVERS

NOW = dt.datetime(2026, 11, 22, 2, tzinfo=dt.UTC)
SECOND = dt.timedelta(seconds=1)


@pytest.fixture
def checks(db, monkeypatch):
    known = Registry("checks")
    monkeypatch.setattr(registry, "checks", known)
    return known


@pytest.fixture
def head(db):
    return client_of(a_member("station_head", a_station()))


def test_it_works(checks):
    checks.add(
        DoctorCheck("a", "Một", lambda: Result("ok", "Tốt.")),
        DoctorCheck("b", "Hai", lambda: Result("bad", "Hỏng.", "Sửa.")),
    )
    found = doctor.look()
    assert [(each.check.key, each.result.state) for each in found] == [("b", "bad"), ("a", "ok")]
    assert doctor.worst(found) == "bad"
    assert [(each.title, each.what_to_do) for each in doctor.troubles()] == [("Hai", "Sửa.")]


def test_a_check_that_fails_is_bad_and_stops_no_other(checks):
    checks.add(
        DoctorCheck("a", "Một", lambda: 1 / 0),
        DoctorCheck("b", "Hai", lambda: Result("ok", "Tốt.")),
    )
    assert [each.result.state for each in doctor.examine()] == ["bad", "ok"]


def test_what_is_mended_disappears(checks):
    state = {"b": "bad"}
    checks.add(DoctorCheck("b", "Hai", lambda: Result(state["b"], "Câu.")))
    doctor.look()
    DoctorFinding.objects.create(key="gone", state="bad", sentence="Cũ.", at=NOW)
    state["b"] = "ok"
    doctor.look()
    assert doctor.troubles() == []
    assert list(DoctorFinding.objects.values_list("key", flat=True)) == ["b"]


def test_a_look_too_long_ago_is_itself_trouble(checks):
    checks.add(DoctorCheck("a", "Một", lambda: Result("ok", "Tốt.")))
    doctor.look()
    [trouble] = doctor.troubles(timezone.now() + dt.timedelta(hours=2))
    assert "chưa được kiểm tra" in trouble.sentence


@pytest.mark.parametrize(
    ("database", "newest", "state"),
    [
        (NOW, None, "ok"),
        (NOW + 2 * SECOND, NOW, "ok"),
        (NOW - 6 * SECOND, NOW, "warn"),
        (NOW + 90 * SECOND, NOW, "bad"),
        (NOW, NOW + dt.timedelta(days=1), "bad"),
    ],
)
def test_the_clock(database, newest, state):
    assert doctor_checks.judge_clock(NOW, database, newest).state == state


def test_a_clock_set_back_a_day_is_seen_by_what_was_written(system_scope, db):
    assert doctor_checks.clock().state == "ok"
    audit.record("parameter.changed", data={"key": "x"})
    assert doctor_checks.clock().state == "ok"
    AuditEntry.objects.create(
        action="parameter.changed", username="x", at=timezone.now() + dt.timedelta(days=1)
    )
    assert doctor_checks.clock().state == "bad"


@pytest.mark.parametrize(("free", "state"), [(20, "ok"), (5, "warn"), (1, "bad")])
def test_the_disk(free, state):
    said = doctor_checks.judge_disk(free * doctor_checks.GIGABYTE, 100 * doctor_checks.GIGABYTE)
    assert said.state == state
    assert (state == "ok") == (said.what_to_do == "")


def test_the_disk_of_this_machine_is_read(monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: (100e9, 99e9, 1e9))
    assert doctor_checks.disk().state == "bad"


def test_a_parameter_that_is_gone_or_ends_soon_is_told(db):
    assert doctor_checks.parameters().state == "ok"
    row = Parameter.objects.get(key="visits.page_size")
    row.valid_to = timezone.localdate() + dt.timedelta(days=10)
    row.save()
    assert doctor_checks.parameters().state == "warn"
    row.delete()
    said = doctor_checks.parameters()
    assert (said.state, "visits.page_size" in said.sentence) == ("bad", True)


def test_tables_of_another_version_are_told(db, monkeypatch):
    assert doctor_checks.tables().state == "ok"
    monkeypatch.setattr(doctor_checks.MigrationExecutor, "migration_plan", lambda self, nodes: [1, 2])
    assert "2 bước" in doctor_checks.tables().sentence


def test_a_year_without_its_days_off_is_told(db, monkeypatch):
    def said_on(day):
        monkeypatch.setattr(doctor_checks.timezone, "localdate", lambda: day)
        return doctor_checks.holidays()

    Holiday.objects.all().delete()
    assert said_on(dt.date(2026, 10, 5)).state == "bad"
    Holiday.objects.create(on=dt.date(2026, 2, 17), name="Tết Nguyên đán", source="thử")
    assert said_on(dt.date(2026, 10, 5)).state == "ok"
    said = said_on(dt.date(2026, 11, 5))
    assert (said.state, "2027" in said.sentence) == ("warn", True)


def test_papers_have_the_letters_of_vietnamese(monkeypatch):
    assert paper.missing_letters() == []
    monkeypatch.setattr(paper, "LETTERS", "ằ\ue000")
    assert paper.missing_letters() == ["\ue000"]


def test_a_night_that_was_missed_or_failed_is_told(db):
    today = timezone.localdate()
    assert doctor_checks.night().state == "warn"
    run = NightlyRun.objects.create(
        key="core.forms", on=today, state="done", started_at=timezone.now(), tries=1
    )
    assert doctor_checks.night().state == "ok"
    NightlyRun.objects.filter(pk=run.pk).update(state="failed")
    assert "Xóa khóa biểu mẫu cũ" in doctor_checks.night().sentence
    NightlyRun.objects.filter(pk=run.pk).update(on=today - dt.timedelta(days=5), state="done")
    assert doctor_checks.night().state == "warn"


def test_jobs_that_nobody_takes_are_told(db):
    Job.objects.create(kind="x", title="Nhập")
    assert doctor_checks.worker().state == "ok"
    Job.objects.update(created_at=timezone.now() - dt.timedelta(hours=1))
    assert doctor_checks.worker().state == "bad"


@pytest.mark.parametrize(("state", "code"), [("ok", 0), ("warn", 1), ("bad", 2)])
def test_the_command_tells_what_to_do_and_ends_with_its_code(checks, capsys, state, code):
    checks.add(DoctorCheck("a", "Ổ đĩa", lambda: Result(state, "Còn ít.", "Dọn bớt.")))
    with pytest.raises(SystemExit) as ended:
        call_command("doctor")
    assert ended.value.code == code
    told = capsys.readouterr().out
    assert "Ổ đĩa: Còn ít." in told
    assert "Dọn bớt." in told


def test_commands_are_for_the_server_and_words_for_the_head(head, checks, capsys):
    checks.add(DoctorCheck("a", "Ổ đĩa", lambda: Result("bad", "Còn ít.", "Nhờ dọn.", "manage.py clear")))
    with pytest.raises(SystemExit):
        call_command("doctor")
    assert "manage.py clear" in capsys.readouterr().out
    for address in (reverse("core:health"), "/"):
        page = head.get(address).content.decode()
        assert "Nhờ dọn." in page
        assert "manage.py" not in page


def test_no_check_tells_a_command_in_the_words_for_the_head(settings):
    """Every sentence of the source: a check that is well here must speak plainly elsewhere too."""
    found = []
    for path in sorted((settings.BASE_DIR / "apps").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Result":
                said = [part.value for arg in node.args[1:3] for part in ast.walk(arg) if _is_text(part)]
                found += [f"{path.name}: {text}" for text in said if SERVERS.search(text)]
    assert not found


def _is_text(node):
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def test_the_head_sees_what_to_do_on_her_page_and_at_home(head, checks):
    checks.add(DoctorCheck("a", "Ổ đĩa", lambda: Result("bad", "Còn ít.", "Dọn bớt.")))
    page = head.get(reverse("core:health"))
    answer = head.post(reverse("core:look_again"), {"form_key": page.context["form_key"]}, follow=True)
    assert "Dọn bớt." in answer.content.decode()
    assert "Dọn bớt." in head.get("/").content.decode()


def test_the_home_page_says_nothing_when_all_is_well(head, checks):
    checks.add(DoctorCheck("a", "Ổ đĩa", lambda: Result("ok", "Còn nhiều.")))
    doctor.look()
    assert "Máy chủ cần xử lý" not in head.get("/").content.decode()


@pytest.mark.parametrize("name", ["health", "golive"])
def test_a_nurse_sees_neither_page(db, name):
    nurse = client_of(a_member("nurse", a_station()))
    assert nurse.get(reverse(f"core:{name}")).status_code == 403


@pytest.mark.parametrize("size", ["A4", "A5", "80mm"])
def test_a_printer_is_tried_with_rulers(head, size):
    answer = head.get(reverse("core:printer_test", args=[size]))
    assert answer["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF")


def test_there_is_no_other_sheet(head):
    assert head.get(reverse("core:printer_test", args=["A3"])).status_code == 404
