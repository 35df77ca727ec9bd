"""The commands of sync, and TLS."""

import datetime as dt
import ipaddress
import ssl

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.core.management import CommandError, call_command

from apps.sync.models import OutboxRow, Receiver
from apps.sync.receivers import adapter_for, http
from tests.factories.encounters import a_finished_visit, a_practitioner, catalogues
from tests.factories.patients import a_person, a_station
from tests.factories.sync import visit
from tests.receiver.server import Receiver as Liar


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


@pytest.fixture
def certificate(tmp_path):
    """A certificate of our own for 127.0.0.1 and its key, in two files."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "thu")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (tmp_path / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (tmp_path / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return tmp_path / "cert.pem", tmp_path / "key.pem"


@pytest.mark.parametrize(("trusted", "error"), [(False, "connection"), (True, "")])
def test_only_a_trusted_certificate_is_spoken_to(certificate, monkeypatch, trusted, error):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    liar = Liar()
    liar.server.socket = context.wrap_socket(liar.server.socket, server_side=True)
    if trusted:
        monkeypatch.setenv("TRAMYTE_RECEIVER_CA_FILE", str(certificate[0]))
    monkeypatch.setattr(http._clients, "client", None, raising=False)
    with liar:
        url = liar.base_url.replace("http:", "https:")
        found = http.post(Receiver(base_url=url, allow_private=True), b"{}", "1", "application/fhir+json")
    monkeypatch.setattr(http._clients, "client", None, raising=False)
    assert found.error == error
    if trusted:
        assert found.status == 400
