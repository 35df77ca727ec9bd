"""Who asks, where a proxy stands in front: the address that the nearest trusted machine has seen.

Lockout, rate limits and the sign-in log go by REMOTE_ADDR. Behind a proxy that is the proxy's own, so one who
guesses would lock all out; so the address is taken from X-Forwarded-For, read from its end, as far as the
machines of TRAMYTE_TRUSTED_PROXIES have written it. What stands before that anybody may have written.
"""

import ipaddress
from collections.abc import Callable, Sequence

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
LOCAL_SOCKET = "unix"  # a proxy on this machine that speaks through a socket has no address


def networks(words: Sequence[str]) -> list[Network | str]:
    """'10.0.0.0/8', '127.0.0.1', 'unix'. Raises ImproperlyConfigured for what is no address."""
    try:
        return [word if word == LOCAL_SOCKET else ipaddress.ip_network(word) for word in words]
    except ValueError as wrong:
        raise ImproperlyConfigured(f"TRAMYTE_TRUSTED_PROXIES: {wrong}") from wrong


def client_address(peer: str, forwarded: str, trusted: Sequence[Network | str]) -> str:
    """The address of whoever asks: `peer` itself, unless it is trusted; then what it and those before it say.

    An entry that is no address ends the reading: the last machine that could be believed is then the answer.
    """
    address = peer
    for entry in reversed([part.strip() for part in forwarded.split(",") if part.strip()]):
        if not _is_trusted(address, trusted):
            break
        try:
            address = str(ipaddress.ip_address(entry))
        except ValueError:
            break
    return address


def _is_trusted(address: str, trusted: Sequence[Network | str]) -> bool:
    if not address:
        return LOCAL_SOCKET in trusted
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None) or found
    return any(not isinstance(each, str) and mapped in each for each in trusted)


class ClientAddress:
    """The outermost middleware: everything behind it reads REMOTE_ADDR and need not know of proxies."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.trusted = networks(settings.TRUSTED_PROXIES)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "")
        if self.trusted and forwarded:
            peer = request.META.get("REMOTE_ADDR", "")
            request.META["REMOTE_ADDR"] = client_address(peer, forwarded, self.trusted)
        return self.get_response(request)
