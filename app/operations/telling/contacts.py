"""How an account wants to be told 通知方式: its addresses, encrypted, and the kinds of notices for each."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert as upsert

from app.errors import Conflict, DomainError, Invalid, NotFound
from app.extensions import db, settings
from app.models import Contact, Post
from app.operations._administration import record
from app.operations.actors import Actor
from app.operations.dates.clock import is_rehearsal
from app.operations.telling import notices
from app.operations.telling._channels import MAIL, SMS, channels, sandbox_folder
from app.operations.telling._sandbox_post import letters

KINDS = (notices.CASE, notices.TASK, notices.REMINDER, notices.COPY)
TEST = "test"
TESTS_A_DAY = 5
LONGEST = 100
NONCE_BYTES = 12
_FORMS = {
    MAIL: (
        re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+"),
        "请填写邮箱，如 name@example.cn。",
    ),
    SMS: (re.compile(r"1[3-9][0-9]{9}"), "请填写 11 位手机号码。"),
}


class Unreadable(DomainError):
    """收件地址无法解密：密钥与保存时的不一致，请重新填写，并告知管理员核对 ID_NUMBER_KEY。"""

    status = 500
    code = "contact_unreadable"


@dataclass(frozen=True, slots=True)
class Chosen:
    """A channel that there is, with the account's own address there and what it is told by it."""

    channel: str
    address: str
    kinds: Sequence[str]


def offered() -> Mapping[str, object]:
    """The channels that there are, by name."""
    return channels(settings(), rehearsal=is_rehearsal())


def of_account(account_id: int) -> list[Chosen]:
    """What the account has chosen on each channel that there is; nothing is an empty address."""
    rows = db.session.scalars(select(Contact).where(Contact.account_id == account_id))
    known = {row.channel: row for row in rows}
    return [
        Chosen(name, address_of(known[name]), tuple(known[name].kinds))
        if name in known
        else Chosen(name, "", ())
        for name in offered()
    ]


def choose(channel: str, address: str, kinds: Collection[str], actor: Actor, now: datetime) -> None:
    """Sets an account's own address on a channel and what it is told there; an empty one is forgotten.

    The log tells that it was changed, and not the address. Raises NotFound for no such channel, Invalid.
    """
    if channel not in offered() or actor.account_id is None:
        raise NotFound
    kept = sorted(set(kinds).intersection(KINDS))
    given = address.strip()
    if not given:
        mine = (Contact.account_id == actor.account_id, Contact.channel == channel)
        db.session.execute(delete(Contact).where(*mine))
        kept = []
    else:
        _write(actor.account_id, channel, _checked(channel, given), kept, now)
    record("contact.changed", actor.account_id, actor, now, detail={"channel": channel, "kinds": kept})


def try_out(channel: str, actor: Actor, now: datetime) -> None:
    """Sends a letter that says nothing to one's own address. Raises Conflict without one, or too often."""
    mine = (Post.account_id == actor.account_id, Post.channel == channel, Post.kind == TEST)
    lately = select(func.count()).where(*mine, Post.made_at > now - timedelta(days=1))
    if db.session.get(Contact, (actor.account_id, channel)) is None:
        raise Conflict("请先保存收件地址。")
    if (db.session.scalar(lately) or 0) >= TESTS_A_DAY:
        raise Conflict(f"一天最多测试 {TESTS_A_DAY} 次。")
    key = f"{TEST}:{actor.account_id}:{channel}:{secrets.token_hex(8)}"
    row = {"account_id": actor.account_id, "channel": channel, "kind": TEST, "state": "waiting"}
    db.session.add(Post(key=key, **row, tries=0, next_at=now, made_at=now))
    db.session.flush()


def rehearsed(account_id: int | None) -> list[dict[str, str]]:
    """The newest letters that went to the sandbox, to an account's addresses or (None) to anybody's."""
    found = letters(sandbox_folder(settings()))
    if account_id is None:
        return list(found)
    own = {one.address for one in of_account(account_id)}
    return [letter for letter in found if letter["address"] in own]


def address_of(contact: Contact) -> str:
    """The address. Raises Unreadable where the key is another one or the row was tampered with."""
    if contact.key_id != _key_id():
        raise Unreadable
    nonce, cipher = contact.address_cipher[:NONCE_BYTES], contact.address_cipher[NONCE_BYTES:]
    try:
        return AESGCM(_key()).decrypt(nonce, cipher, _bound_to(contact.account_id, contact.channel)).decode()
    except InvalidTag as error:
        raise Unreadable from error


def _checked(channel: str, address: str) -> str:
    form, told = _FORMS[channel]
    if len(address) > LONGEST or not form.fullmatch(address):
        raise Invalid({"address": [told]})
    return address


def _write(account_id: int, channel: str, address: str, kinds: Sequence[str], now: datetime) -> None:
    nonce = secrets.token_bytes(NONCE_BYTES)
    sealed = nonce + AESGCM(_key()).encrypt(nonce, address.encode(), _bound_to(account_id, channel))
    row = {"address_cipher": sealed, "key_id": _key_id(), "kinds": list(kinds), "changed_at": now}
    db.session.execute(
        upsert(Contact)
        .values(account_id=account_id, channel=channel, **row)
        .on_conflict_do_update(index_elements=["account_id", "channel"], set_=row)
    )


def _bound_to(account_id: int, channel: str) -> bytes:
    return f"{account_id}:{channel}".encode()


def _key() -> bytes:
    """A key of its own (RFC 5869) from the one that encrypts ID numbers."""
    return HKDF(SHA256(), 32, None, b"contact addresses").derive(settings().id_number_key)


def _key_id() -> str:
    return hashlib.sha256(b"contact key id" + _key()).hexdigest()[:8]
