"""Behind a proxy the lockout is of one machine, not of all; and nobody names an address of her own."""

import pytest
from axes.models import AccessAttempt
from django.core.exceptions import ImproperlyConfigured
from django.test import Client, override_settings

from apps.accounts.models import SignInEvent
from config.proxies import client_address, networks
from tests.factories.accounts import PASSWORD, a_user

TRUSTED = networks(["10.0.0.0/8", "127.0.0.1", "2001:db8::/32"])


@pytest.mark.parametrize(
    ("peer", "forwarded", "who"),
    [
        ("203.0.113.9", "198.51.100.1", "203.0.113.9"),  # nobody trusted said it
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "6.6.6.6, 198.51.100.1", "198.51.100.1"),  # what she wrote herself stands before
        ("10.0.0.1", "198.51.100.1, 10.0.0.2", "198.51.100.1"),
        ("10.0.0.1", "6.6.6.6, 198.51.100.1, 10.0.0.2", "198.51.100.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "khong-phai-dia-chi", "10.0.0.1"),
        ("10.0.0.1", "6.6.6.6, rác, 10.0.0.2", "10.0.0.2"),
        ("10.0.0.1", " ,, ", "10.0.0.1"),
        ("::ffff:10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("2001:db8::1", "2001:db9::7", "2001:db9::7"),
        ("", "198.51.100.1", ""),
        ("linh tinh", "198.51.100.1", "linh tinh"),
    ],
)
def test_who_asks(peer: str, forwarded: str, who: str) -> None:
    assert client_address(peer, forwarded, TRUSTED) == who


def test_a_socket_has_no_address() -> None:
    assert client_address("", "198.51.100.1", networks(["unix"])) == "198.51.100.1"


def test_a_wrong_setting_is_refused_at_the_start() -> None:
    with pytest.raises(ImproperlyConfigured):
        networks(["may-chu"])


def guess(address: str, typed: str = "sai", proxy: str = "10.0.0.1") -> int:
    with override_settings(TRUSTED_PROXIES=["10.0.0.0/8"]):
        return (
            Client()
            .post(
                "/dang-nhap/",
                {"username": "hoa.nt", "password": typed},
                REMOTE_ADDR=proxy,
                headers={"X-Forwarded-For": address},
            )
            .status_code
        )


@pytest.mark.django_db
def test_who_guesses_locks_out_herself_alone() -> None:
    a_user("hoa.nt")
    tries = [guess("198.51.100.66") for _ in range(6)]
    assert tries[-1] == 429
    assert guess("198.51.100.1", PASSWORD) == 302, "the nurse at her own machine goes on working"
    assert set(AccessAttempt.objects.values_list("ip_address", flat=True)) == {"198.51.100.66"}
    assert SignInEvent.objects.filter(kind="success").get().address == "198.51.100.1"


@pytest.mark.django_db
def test_a_written_address_escapes_no_lockout() -> None:
    a_user("hoa.nt")
    tries = [guess(f"192.0.2.{number}", proxy="203.0.113.9") for number in range(6)]
    assert tries[-1] == 429, "an untrusted machine names no other"
