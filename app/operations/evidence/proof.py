"""The record proved: an hourly root over all heads, kept outside the database (decision 10)."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import groupby, islice

from sqlalchemy import BigInteger, Integer, TableValuedAlias, func, insert, literal, select
from sqlalchemy.dialects.postgresql import ARRAY

from app.engine.civil import civil
from app.errors import Invalid, Refused
from app.extensions import db, settings
from app.models import Case, History, ProofRoot
from app.operations._administration import ground_of
from app.operations.evidence._leaves import Leaf, Tree, tree_of
from app.operations.evidence._roots import Root, RootFile, broken_lines, of_row, parse
from app.operations.road._history import GENESIS

log = logging.getLogger(__name__)

OVERLAP = timedelta(hours=1)
"""How long before the newest root a row may have been stamped that was committed after it: far too much."""

LONGEST_GROUND = 500
AT_ONCE = 1000
PROVING = 0x726F6F74  # names the advisory lock


# The hourly root


def record(now: datetime) -> Root | None:
    """Adds the root of this hour; None when it stands already or another node is at it.

    Goes on from the leaves outside the database, link by link: a chain that was rewritten becomes part of no
    root. `now` is real time. Raises Refused when the record outside is lost or damaged.
    """
    if not db.session.scalar(select(func.pg_try_advisory_xact_lock(PROVING))):
        return None
    file = root_file()
    newest = file.newest()
    if newest is None:
        if file.path.exists() or _newest_registered():
            raise Refused(
                "存证文件不见了或末行无法识别，存证已停；请恢复该文件，或用 flask proof begin 重新开始。"
            )
        return _add(None, tree_of(_heads()), now)
    _register(file)
    if now < newest.at.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1):
        return None
    tree = file.tree(newest)
    if tree is None:
        raise Refused(
            "存证文件旁的叶子文件不见了或已损坏，存证已停；请恢复它，或用 flask proof begin 重新开始。"
        )
    return _add(newest, tree.extended(_gone_on(tree, newest.at - OVERLAP)), now)


def begin(ground: str, now: datetime) -> Root:
    """Begins the record anew from what the database holds now, as after a restore, on a ground that stays.

    What was proved before is no longer compared with the database. Raises Refused where the last line of the
    file can't be read.
    """
    ground = ground_of(ground)
    if len(ground) > LONGEST_GROUND:
        raise Invalid({"ground": [f"依据请不超过 {LONGEST_GROUND} 个字。"]})
    db.session.execute(select(func.pg_advisory_xact_lock(PROVING)))
    file = root_file()
    before = file.newest()
    if before is None:
        if file.path.exists():
            raise Refused("存证文件的末行无法识别；请先把它移到别处保存，再重新开始。")
        before = _newest_registered()
    return _add(before, tree_of(_heads()), now, ground)


def root_file() -> RootFile:
    return RootFile(settings().roots_folder)


def _add(before: Root | None, tree: Tree, now: datetime, ground: str | None = None) -> Root:
    unsigned = Root(
        number=before.number + 1 if before else 1,
        at=now,
        cases=len(tree),
        root=tree.root(),
        previous=before.digest() if before else GENESIS,
        ground=ground,
        key_id=settings().history_key_id,
    )
    root = replace(unsigned, mac=unsigned.keyed(settings().history_key))
    file = root_file()
    file.append(root, tree)
    _register(file)
    return root


def _register(file: RootFile) -> None:
    """Copies lines to the database that it lacks, as after a fall between file and commit."""
    newest = _newest_registered()
    upto = newest.number if newest else 0
    roots = (parse(line) for line in file.lines())
    missing = [root for root in roots if root and root.number > upto]
    if missing:
        names = [column.name for column in ProofRoot.__table__.c]
        db.session.execute(
            insert(ProofRoot), [{name: getattr(root, name) for name in names} for root in missing]
        )


def _newest_registered() -> Root | None:
    row = db.session.scalar(select(ProofRoot).order_by(ProofRoot.number.desc()).limit(1))
    return of_row(row) if row else None


def _heads() -> Iterator[Leaf]:
    heads = select(Case.id, Case.seq, Case.head).order_by(Case.id).execution_options(yield_per=AT_ONCE)
    return (Leaf._make(row) for row in db.session.execute(heads))


def _gone_on(tree: Tree, since: datetime) -> Iterator[Leaf]:
    """The new leaves of the cases with rows written since then."""
    newest = select(History.case_id, func.max(History.seq)).where(History.recorded_at >= since)
    moved = []
    for case_id, seq in db.session.execute(newest.group_by(History.case_id)):
        index = tree.find(case_id)
        leaf = Leaf(case_id, 0, GENESIS) if index is None else tree.leaf(index)
        if leaf.seq < seq:
            moved.append(leaf)
    for some in _batches(moved):
        yield from _linked({leaf.case_id: leaf for leaf in some})


def _linked(leaves: Mapping[int, Leaf]) -> Iterator[Leaf]:
    """Each leaf taken on along the rows that follow it, as far as they do."""
    known = _as_table(leaves.values())
    rows = (
        select(History.case_id, History.seq, History.previous, History.mac)
        .join(known, (History.case_id == known.c.case_id) & (History.seq > known.c.seq))
        .order_by(History.case_id, History.seq)
    )
    for case_id, following in groupby(db.session.execute(rows), key=lambda row: row.case_id):
        leaf = leaves[case_id]
        for row in following:
            if (row.seq, row.previous) != (leaf.seq + 1, leaf.head):
                log.error(
                    "case %d: row %d does not follow what was proved; run flask verify", case_id, row.seq
                )
                break
            leaf = Leaf(case_id, row.seq, row.mac)
        if leaf.seq:
            yield leaf


def _as_table(leaves: Iterable[Leaf]) -> TableValuedAlias:
    case_ids, seqs, _ = zip(*leaves, strict=True)
    return (
        func.unnest(literal(list(case_ids), ARRAY(BigInteger)), literal(list(seqs), ARRAY(Integer)))
        .table_valued("case_id", "seq")
        .render_derived()
    )


def _batches(leaves: Iterable[Leaf]) -> Iterator[list[Leaf]]:
    rest = iter(leaves)
    while some := list(islice(rest, AT_ONCE)):
        yield some


# What `flask verify` asks


def findings() -> Iterator[tuple[int | None, str]]:
    """Where the database, the root file and the leaves beside it disagree; the case, where it is one."""
    db.session.execute(select(func.pg_advisory_xact_lock_shared(PROVING)))
    file, registered = root_file(), {row.number: of_row(row) for row in db.session.scalars(select(ProofRoot))}
    lines = list(file.lines())
    if not lines:
        if registered:
            yield None, f"数据库登记过 {len(registered)} 次存证，存证文件 {file.path} 却不见了"
        return
    yield from ((None, sentence) for sentence in broken_lines(lines, settings().history_keys))
    newest = file.newest()
    if newest is None:
        return
    told = {root.number: root for root in map(parse, lines) if root}
    yield from ((None, sentence) for sentence in _register_findings(told, registered))
    tree = file.tree(newest)
    if tree is None or not tree.is_whole():
        yield None, f"第 {newest.number} 次存证的叶子文件不见了或被改动过，无法逐件核对"
    else:
        yield from _case_findings(tree, newest)


def _register_findings(told: Mapping[int, Root], registered: Mapping[int, Root]) -> Iterator[str]:
    """Roots of before the file was begun are not asked for; the newest are registered with the next."""
    for number in sorted(registered.keys() - told.keys()):
        if number > min(told):
            yield f"数据库登记的第 {number} 次存证不在存证文件里"
    for number in sorted(registered.keys() & told.keys()):
        if registered[number] != told[number]:
            yield f"数据库登记的第 {number} 次存证与存证文件不符"
    upto = max(registered, default=0)
    if missing := [number for number in told if number < upto and number not in registered]:
        yield f"存证文件里有 {len(missing)} 次存证在数据库里没有登记，第 {min(missing)} 次起"


def _case_findings(tree: Tree, root: Root) -> Iterator[tuple[int, str]]:
    when = shown(root.at)
    for some in _batches(tree):
        known = _as_table(some)
        rows = select(History.case_id, History.mac).join(
            known, (History.case_id == known.c.case_id) & (History.seq == known.c.seq)
        )
        heads = {case_id: mac for case_id, mac in db.session.execute(rows)}
        for leaf in some:
            if leaf.case_id not in heads:
                yield leaf.case_id, f"{when} 存证时有第 {leaf.seq} 条记录，现在没有了"
            elif heads[leaf.case_id] != leaf.head:
                yield leaf.case_id, f"第 {leaf.seq} 条记录与 {when} 的存证不符，记录被改写过"


def shown(instant: datetime) -> str:
    return f"{civil(instant):%Y-%m-%d %H:%M}"
