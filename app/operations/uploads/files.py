"""Uploads: told apart by content, images drawn anew, kept under their digest, attached to cases."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import unicodedata
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy import bindparam, func, or_, select, update
from sqlalchemy.dialects.postgresql import ARRAY, TEXT
from sqlalchemy.dialects.postgresql import insert as upsert

from app.errors import Invalid, NotFound, Refused
from app.extensions import db, settings
from app.models import Account, Act, Attachment, Case, IdempotencyKey, Person
from app.operations._administration import record
from app.operations._prepared import Prepared
from app.operations.actors import APPLICANT, SYSTEM, Actor
from app.operations.uploads._disk import flush_folder, write_whole
from app.operations.uploads._file_types import MEDIA_TYPES, checked, thumbnail
from app.operations.uploads._scanner import demand_clean

MAX_BYTES = 10 * 1024 * 1024
QUOTA_BYTES = 5 * 1024**3
"""For one organisation: some 500 files of the largest size."""
APPLICANT_BYTES = 200 * 1024**2
"""For one applicant, so that nobody uses up the space of all their colleagues."""
UPLOAD = "upload:"
"""Before the keys of uploads, which share a table with those of the API."""
ORPHAN_AGE = timedelta(days=1)
LONGEST_TITLE = 100
CLEANING = 0x66696C6573  # names the advisory lock
CLEANED = "files.cleaned"


def store(
    stream: BinaryIO,
    title: str,
    *,
    actor: Actor,
    now: datetime,
    accept: Collection[str] = (),
    max_bytes: int = MAX_BYTES,
    once: str = "",
) -> Attachment:
    """Keeps an upload; the bytes lie on the disk before the row is written.

    What comes a second time under the same key `once`, as from a phone that lost its network before the
    answer, is the upload of the first time.

    `accept` are kinds (pdf, jpg, png; none: any of them), judged by content, whatever the name says.
    Images are drawn anew, so that nothing else in them survives. Form fields hold the row's `name`.
    An applicant's are their unit's too, which may submit what they filled in. Raises Invalid with the field
    `file`, Refused when the organisation's space or the applicant's is used up, and Busy when the scanner
    gives no verdict: nothing is kept then.
    """
    if actor.account_id is None:
        raise Refused("没有登录的账号，不能上传文件。")
    if once and (known := _known(actor.account_id, once, now)) is not None:
        return known
    kind, content = _taken(stream, accept, max_bytes)
    db.session.execute(select(func.pg_advisory_xact_lock_shared(CLEANING)))
    organisation_id = _acts_for(actor)
    _check_quota(organisation_id, actor, len(content))
    facts = {"title": clean_title(title, kind), "media_type": MEDIA_TYPES[kind], "uploaded_at": now}
    attachment = _insert(content, organisation_id=organisation_id, uploaded_by=actor.account_id, **facts)
    if once:
        _remember(attachment, once)
    return attachment


def _known(account_id: int, once: str, now: datetime) -> Attachment | None:
    """What was uploaded under the key; else the key is claimed, and a rival with it waits for this one."""
    claim = {"account_id": account_id, "key": UPLOAD + once, "created_at": now}
    claimed = upsert(IdempotencyKey).values(**claim, request_digest=b"", status=201, body={})
    db.session.execute(claimed.on_conflict_do_nothing())
    key = db.session.get_one(IdempotencyKey, (account_id, UPLOAD + once), populate_existing=True)
    return db.session.scalar(select(Attachment).where(Attachment.name == key.body.get("name", "")))


def _insert(content: bytes, **facts: Any) -> Attachment:
    """The bytes on the disk, and their row."""
    name = secrets.token_urlsafe(24)
    attachment = Attachment(name=name, digest=_keep(content), size=len(content), **facts)
    db.session.add(attachment)
    db.session.flush()
    return attachment


def _remember(attachment: Attachment, once: str) -> None:
    """The key claimed for it answers with this upload from now on."""
    mine = (IdempotencyKey.account_id == attachment.uploaded_by, IdempotencyKey.key == UPLOAD + once)
    db.session.execute(update(IdempotencyKey).where(*mine).values(body={"name": attachment.name}))


def _taken(stream: BinaryIO, accept: Collection[str], max_bytes: int) -> tuple[str, bytes]:
    """The kind and the bytes to keep of an upload, scanned where there is a scanner."""
    content = stream.read(max_bytes + 1)
    if len(content) > max_bytes:
        raise Invalid(
            {"file": [f"文件太大，最大 {max_bytes // 1024 // 1024 or 1} MB；请压缩或降低扫描分辨率。"]}
        )
    if scanner := settings().scanner:
        demand_clean(content, scanner)
    return checked(content, accept or tuple(MEDIA_TYPES))


def attach(names: Collection[str], case_id: int, actor: Actor) -> None:
    """Makes uploads part of a case: the actor's organisation's own, not part of another case.

    What the unit uploaded for an applicant is named in the draft that both fill in, and nowhere else; what
    the case's person uploaded is submitted by whoever does the task, a department or a new unit, too.
    Raises Invalid, alike for those of others and those that never were.
    """
    wanted = set(names)
    by = {"organisation": _acts_for(actor), "account": actor.account_id}
    attached = _ATTACH.run({"case": case_id, "names": list(wanted), **by}).rowcount
    if attached != len(wanted):
        raise Invalid({"file": ["附件不存在或已用于其他办件，请重新上传。"]})


def path_of(attachment: Attachment) -> Path:
    """Where the bytes lie; who may see them is for `queries.visibility` to say. Raises NotFound."""
    path = _path(attachment.digest)
    if not path.is_file():
        raise NotFound(f"附件“{attachment.title}”的文件不在存储里，请联系管理员从备份恢复。")
    return path


def thumbnail_of(attachment: Attachment) -> bytes:
    """A picture small enough for a page, as JPEG. Raises NotFound for what is no picture, Busy."""
    kind = next((kind for kind, media in MEDIA_TYPES.items() if media == attachment.media_type), "")
    return thumbnail(path_of(attachment), kind)


def keep_for_a_day(content: bytes) -> str:
    """Keeps what no row of uploads names until the clean-up takes it, a day later or two; its digest."""
    return _keep(content)


def path_for_a_day(digest: str) -> Path:
    """Where it lies. Raises NotFound once it is gone."""
    path = _path(digest)
    if not path.is_file():
        raise NotFound("文件已过期，请重新导出。")
    return path


def discard(name: str, actor: Actor) -> None:
    """Takes back an upload that is part of no case yet; the clean-up takes the bytes. Raises NotFound."""
    mine = (
        Attachment.uploaded_by == actor.account_id
        if actor.has(APPLICANT)
        else Attachment.organisation_id == actor.organisation_id
    )
    unused = (Attachment.name == name, Attachment.case_id.is_(None))
    attachment = db.session.scalar(select(Attachment).where(mine, *unused))
    if attachment is None:
        raise NotFound
    db.session.delete(attachment)


Transaction = Callable[[], AbstractContextManager[Any]]


def clean_up_daily(now: datetime, transaction: Transaction) -> int | None:
    """`clean_up` by one of all nodes once a day; None when it was done already."""
    with transaction():
        db.session.execute(select(func.pg_advisory_xact_lock(CLEANING)))
        done = select(Act.at).where(Act.kind == CLEANED).order_by(Act.id.desc()).limit(1)
        before = db.session.scalar(done)
        if before and now - before < timedelta(days=1):
            return None
        record(CLEANED, "uploads", SYSTEM, now)
    return clean_up(now, transaction)


def clean_up(now: datetime, transaction: Transaction) -> int:
    """Removes files that no row names and that are older than a day; answers how many."""
    removed = 0
    oldest = (now - ORPHAN_AGE).timestamp()
    for folder in settings().upload_folder.glob("[0-9a-f][0-9a-f]"):
        old = {path.name: path for path in folder.glob("??/*") if path.stat().st_mtime < oldest}
        if old:
            with transaction():
                removed += _remove_unknown(old)
    return removed


def _remove_unknown(files: Mapping[str, Path]) -> int:
    # Waits for uploads whose rows are not committed yet; new ones wait for the clean-up.
    db.session.execute(select(func.pg_advisory_xact_lock(CLEANING)))
    known = set(db.session.scalars(select(Attachment.digest).where(Attachment.digest.in_(files))))
    unknown = files.keys() - known
    for digest in unknown:
        files[digest].unlink()
    return len(unknown)


def clean_title(title: str, kind: str) -> str:
    """A user's file name made harmless: no folders, no control or direction characters, the true ending."""
    folded = unicodedata.normalize("NFC", title.replace("\\", "/")).rsplit("/", 1)[-1]
    spaced = " ".join(folded.split())
    plain = "".join(character for character in spaced if unicodedata.category(character)[0] != "C")
    stem = re.sub(r'[<>:"|?*]', "", plain).strip(" .")
    stem = re.sub(r"\.(pdf|jpe?g|png)$", "", stem, flags=re.IGNORECASE).strip(" .")[:LONGEST_TITLE]
    return f"{stem or '附件'}.{kind}"


_FILE = Attachment.__table__.c
_PERSONS = (
    select(Account.id)
    .join(Case, Case.person_id == Account.person_id)
    .where(Case.id == bindparam("case"), Account.organisation_id.is_(None))
)
_OWN = or_(
    _FILE.organisation_id == bindparam("organisation"),
    _FILE.uploaded_by == bindparam("account"),
    _FILE.uploaded_by.in_(_PERSONS),
)
_USABLE = (
    select(_FILE.id)
    .where(
        _FILE.name == func.any(bindparam("names", type_=ARRAY(TEXT))),
        or_(_FILE.case_id == bindparam("case"), _OWN & _FILE.case_id.is_(None)),
    )
    .order_by(_FILE.id)
    .with_for_update()
)
_ATTACH = Prepared(
    update(Attachment.__table__).where(_FILE.id.in_(_USABLE)).values({_FILE.case_id: bindparam("case")})
)


def _acts_for(actor: Actor) -> int | None:
    """Whose space uploads take: the organisation's, for an applicant the unit's."""
    if not actor.has(APPLICANT):
        return actor.organisation_id
    return db.session.scalar(select(Person.unit_id).where(Person.id == actor.person_id))


def _check_quota(organisation_id: int | None, actor: Actor, size: int) -> None:
    used = select(func.coalesce(func.sum(Attachment.size), 0))
    if actor.has(APPLICANT):
        own = db.session.scalars(used.where(Attachment.uploaded_by == actor.account_id)).one()
        if own + size > APPLICANT_BYTES:
            raise Refused("您上传的附件合计已超过 200 MB，请压缩后再上传，或联系单位。")
    total = db.session.scalars(used.where(Attachment.organisation_id == organisation_id)).one()
    if total + size > QUOTA_BYTES:
        raise Refused("本单位的附件空间已用完，请删除不用的附件，或联系管理员。")


def _keep(content: bytes) -> str:
    """Writes the bytes where they are not yet; their digest. Their day begins anew where they are."""
    digest = hashlib.sha256(content).hexdigest()
    path = _path(digest)
    with suppress(FileNotFoundError):
        os.utime(path)
        return digest
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_whole(path, content)
    for folder in (path.parent.parent, path.parent.parent.parent):
        flush_folder(folder)
    return digest


def _path(digest: str) -> Path:
    return settings().upload_folder / digest[:2] / digest[2:4] / digest
