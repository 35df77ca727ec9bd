"""Signing what leaves: SHA-256 with RSA (PKCS #1 v1.5), with the key of the installation or of a station.

The key is a PEM text in the secret store (certificates.secret), under the name that the setting `sign` tells;
a station's own has the station's code behind that name. `<name>_PASSWORD` opens it.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from apps.sync.receivers import certificates


def wanted(settings: Mapping[str, Any]) -> str:
    """The setting `sign`; '' where nothing is signed. Raises ValueError."""
    name = settings.get("sign", "")
    if name and (not isinstance(name, str) or not certificates.NAME.fullmatch(name)):
        raise ValueError("Thiết lập sign là tên biến bắt đầu bằng TRAMYTE_RECEIVER_.")
    return str(name)


def signature(content: bytes, name: str, unit: str) -> str:
    """Base64 of the signature over `content`, by the key of a station, else of all. Raises ValueError with a
    sentence where there is no key, or none that can be used.
    """
    for each in (f"{name}_{unit}", name) if unit else (name,):
        if pem := certificates.secret(each):
            return b64encode(_key(each, pem).sign(content, padding.PKCS1v15(), hashes.SHA256())).decode()
    raise ValueError(f"chưa đặt khóa ký trong biến {name}.")


def _key(name: str, pem: str) -> rsa.RSAPrivateKey:
    password = certificates.secret(f"{name}_PASSWORD")
    try:
        key = load_pem_private_key(pem.encode(), password.encode() if password else None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as wrong:
        raise ValueError(f"không đọc được khóa ký trong biến {name}.") from wrong
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ValueError(f"khóa ký trong biến {name} không phải khóa RSA.")
    return key
