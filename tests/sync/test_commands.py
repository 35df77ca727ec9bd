"""The commands of sync."""

import pytest
from django.core.management import CommandError, call_command

from apps.sync.models import OutboxRow, Receiver
from apps.sync.receivers import adapter_for
from tests.factories.encounters import a_finished_visit, a_practitioner, catalogues
from tests.factories.patients import a_person, a_station
from tests.factories.sync import visit


@pytest.mark.django_db
def test_the_demo_gets_its_receiver_once(capsys):
    for port in (8001, 8003):
        call_command("demo_receiver", url=f"http://127.0.0.1:{port}/fhir")
    receiver = Receiver.objects.get()
    assert (receiver.base_url, receiver.is_on) == ("http://127.0.0.1:8003/fhir", True)
    call_command("demo_receiver", url="http://127.0.0.1:8003", manner="qd831")
    second = Receiver.objects.get(code="demo-831")
    assert (second.base_url, second.is_on) == ("http://127.0.0.1:8003", True)
    assert adapter_for(second).verifies


@pytest.mark.django_db
def test_what_somebody_has_chosen_for_the_demos_receiver_stays():
    call_command("demo_receiver", url="http://127.0.0.1:8001")
    chosen = {"is_on": False, "settings": {"notes": False}, "name": "Kho thử", "allow_private": False}
    Receiver.objects.update(**chosen)
    call_command("demo_receiver", url="http://127.0.0.1:8003")
    kept = Receiver.objects.get()
    assert {name: getattr(kept, name) for name in chosen} == chosen
    assert kept.base_url == "http://127.0.0.1:8003/fhir", "only the port is followed"
    Receiver.objects.update(base_url="https://kho.example.vn/fhir")
    call_command("demo_receiver", url="http://127.0.0.1:8003")
    assert Receiver.objects.get().base_url == "https://kho.example.vn/fhir"


@pytest.mark.django_db
@pytest.mark.parametrize("manner", ["eprescription", "check_up"])
def test_the_demo_gets_the_national_systems_when_it_is_asked(manner):
    call_command("demo_receiver", "--url", "http://127.0.0.1:8003", "--manner", manner)
    receiver = Receiver.objects.get()
    assert (receiver.kind, receiver.base_url, receiver.is_on) == (manner, "http://127.0.0.1:8003", True)
    assert not adapter_for(receiver).verifies


@pytest.mark.django_db
def test_a_real_installation_has_no_demo_receiver(settings):
    settings.TESTING = settings.DEMO = False
    with pytest.raises(CommandError):
        call_command("demo_receiver", url="http://127.0.0.1:8001/fhir")


@pytest.mark.django_db
def test_the_worker_sends_what_waits_and_stops(book, receiver, liar, capsys):
    book.save(visit())
    call_command("sync_worker", once=True, parallel=1)
    assert "stored: 1" in capsys.readouterr().out
    assert OutboxRow.unscoped.get().state == "accepted"


@pytest.mark.django_db
def test_the_demos_worker_finds_its_receiver(settings, monkeypatch, liar):
    settings.DEMO = True
    monkeypatch.setenv("TRAMYTE_DEMO_RECEIVER", liar.base_url.removesuffix("/fhir"))
    call_command("sync_worker", once=True, parallel=1)
    assert Receiver.objects.get().base_url == liar.base_url


@pytest.mark.django_db
def test_the_demos_new_receiver_hears_of_today_once(settings, monkeypatch, liar):
    catalogues()
    station = a_station()
    a_finished_visit(a_person(station), a_practitioner(station))
    settings.DEMO = True
    monkeypatch.setenv("TRAMYTE_DEMO_RECEIVER", liar.base_url.removesuffix("/fhir"))
    liar.faults.add("422", expression="Encounter.reasonCode", text="Lý do đến khám quá ngắn")
    for _ in range(2):
        call_command("sync_worker", once=True, parallel=1)
    row = OutboxRow.unscoped.get()
    assert (row.state, row.reason) == ("rejected", "Lý do đến khám quá ngắn")
