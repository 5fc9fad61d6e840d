"""ID numbers at rest: encrypted, and findable by a keyed index alone (decision 10)."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.errors import DomainError
from app.extensions import settings

HEAD, TAIL = 6, 4
"""Characters kept in clear for the masks of lists: the division of the first registration, and the end."""
NONCE_BYTES = 12


class Unreadable(DomainError):
    """证件号码无法解密：密钥与加密时的不一致，请管理员核对 ID_NUMBER_KEY。"""

    status = 500
    code = "id_number_unreadable"


@dataclass(frozen=True, slots=True)
class Sealed:
    """An ID number as its row keeps it."""

    cipher: bytes
    key_id: str
    index: bytes
    head: str
    tail: str


def seal(number: str) -> Sealed:
    """Encrypts a clean number: AES-256-GCM, bound to its index, so that no two rows can swap theirs."""
    key, index = settings().id_number_key, index_of(number)
    nonce = secrets.token_bytes(NONCE_BYTES)
    cipher = nonce + AESGCM(key).encrypt(nonce, number.encode(), index)
    return Sealed(cipher, _key_id(key), index, number[:HEAD], number[-TAIL:])


def unseal(cipher: bytes, key_id: str, index: bytes) -> str:
    """The number. Raises Unreadable where the key is another one or the row was tampered with."""
    key = settings().id_number_key
    if key_id != _key_id(key):
        raise Unreadable
    try:
        return AESGCM(key).decrypt(cipher[:NONCE_BYTES], cipher[NONCE_BYTES:], index).decode()
    except InvalidTag as error:
        raise Unreadable from error


def index_of(number: str) -> bytes:
    """The blind index: HMAC-SHA-256 (RFC 2104) with a key of its own; equal numbers have equal indexes."""
    return hmac.new(settings().id_index_key, number.encode(), hashlib.sha256).digest()


def _key_id(key: bytes) -> str:
    """Names the key without giving it away."""
    return hashlib.sha256(b"id number key id" + key).hexdigest()[:8]
