"""TLS both ways over loopback, with an authority that is made here and thrown away."""

import datetime as dt
import ipaddress
import ssl
from types import SimpleNamespace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from apps.sync.models import Receiver
from apps.sync.receivers import adapter_for, certificates, http
from tests.receiver.server import Receiver as Liar

NAME = "TRAMYTE_RECEIVER_THU"


def made(folder, name, issuer=None, password=None):
    """A certificate and its key in two files; without an issuer an authority of its own."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
    )
    signed = builder.sign(issuer.key if issuer else key, hashes.SHA256())
    sealed = (
        serialization.BestAvailableEncryption(password.encode()) if password else serialization.NoEncryption()
    )
    certificate, private = folder / f"{name}.pem", folder / f"{name}.key"
    certificate.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, sealed)
    )
    return SimpleNamespace(subject=subject, key=key, certificate=str(certificate), private=str(private))


@pytest.fixture
def authority(tmp_path):
    return made(tmp_path, "authority")


@pytest.fixture
def listening(tmp_path, authority):
    """A receiver behind TLS; `asks()` lets it ask senders for a certificate of the authority."""
    server = made(tmp_path, "server", authority)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(server.certificate, server.private)
    liar = Liar()
    liar.server.socket = context.wrap_socket(liar.server.socket, server_side=True)

    def asks():
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(authority.certificate)

    with liar:
        url = liar.base_url.replace("http:", "https:")
        yield SimpleNamespace(url=url, asks=asks)


def post(url, **settings):
    receiver = Receiver(base_url=url, allow_private=True, settings=settings)
    return http.post(receiver, b"{}", "1", "application/fhir+json")


def shows(monkeypatch, who, password=""):
    monkeypatch.setenv(f"{NAME}_CERT_FILE", who.certificate)
    monkeypatch.setenv(f"{NAME}_KEY_FILE", who.private)
    monkeypatch.setenv(f"{NAME}_KEY_PASSWORD", password)


def test_only_a_trusted_certificate_is_spoken_to(listening, authority, monkeypatch):
    assert post(listening.url).error == "connection"
    monkeypatch.setenv(certificates.OWN_CA, authority.certificate)
    assert (post(listening.url).error, post(listening.url).status) == ("", 400)


def test_a_receiver_that_asks_who_we_are_is_shown_our_certificate(
    listening, authority, tmp_path, monkeypatch
):
    monkeypatch.setenv(certificates.OWN_CA, authority.certificate)
    listening.asks()
    assert post(listening.url).error == "connection"  # we showed none
    shows(monkeypatch, made(tmp_path, "stranger"))
    assert post(listening.url, certificate=NAME).error == "connection"
    shows(monkeypatch, made(tmp_path, "station", authority, password="kín"), "kín")
    assert post(listening.url, certificate=NAME).status == 400  # read, and no Bundle


def test_a_renewed_certificate_is_taken_without_a_restart(listening, authority, tmp_path, monkeypatch):
    monkeypatch.setenv(certificates.OWN_CA, authority.certificate)
    listening.asks()
    shows(monkeypatch, made(tmp_path, "station"))
    assert post(listening.url, certificate=NAME).error == "connection"
    made(tmp_path, "station", authority)  # the same files
    assert post(listening.url, certificate=NAME).status == 400


@pytest.mark.parametrize(
    ("spoiled", "word"),
    [
        ("none", "chưa đặt biến"),
        ("missing", "không có tệp"),
        ("password", "không khớp"),
        ("text", "không đọc được"),
    ],
)
def test_certificates_that_cannot_be_read_stop_the_receiver(tmp_path, authority, monkeypatch, spoiled, word):
    own = made(tmp_path, "station", authority, password="kín")
    if spoiled != "none":
        shows(monkeypatch, own, "sai" if spoiled == "password" else "kín")
    if spoiled == "missing":
        monkeypatch.setenv(f"{NAME}_KEY_FILE", str(tmp_path / "none"))
    if spoiled == "text":
        (tmp_path / "station.pem").write_text("chữ")
    found = post("https://127.0.0.1:9/fhir", certificate=NAME)
    assert found.error == "address"  # which pauses it, with this sentence
    assert word in found.body.decode()
    assert str(tmp_path) not in found.body.decode() and "kín" not in found.body.decode()


def test_a_setting_that_names_no_variable_is_refused():
    for said in ("/etc/passwd", "PATH", 7):
        with pytest.raises(ValueError, match="certificate"):
            adapter_for(Receiver(kind="fhir", settings={"certificate": said}))


def test_a_secret_may_stand_in_a_file(tmp_path, monkeypatch):
    assert certificates.secret(NAME) == ""
    (tmp_path / "secret").write_text("mật\n")
    monkeypatch.setenv(f"{NAME}_FILE", str(tmp_path / "secret"))
    assert certificates.secret(NAME) == "mật"
    monkeypatch.setenv(NAME, "hơn")
    assert certificates.secret(NAME) == "hơn"
    monkeypatch.delenv(NAME)
    monkeypatch.setenv(f"{NAME}_FILE", str(tmp_path / "none"))
    with pytest.raises(ValueError, match="_FILE"):
        certificates.secret(NAME)
