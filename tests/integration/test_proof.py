"""The record is proved against whoever has the database, or the key too, but not the file outside."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import FrameType

import pytest
from flask import Flask
from sqlalchemy import func, select
from support.attacks import Attack, findings
from support.world import BUREAU, LIBRARY, case_row, complete, open_filing, tiny_world

from app import clock, scheduler
from app.config import PROJECT
from app.errors import Invalid, Refused
from app.extensions import atomic, db, settings
from app.models import Act, Case, History, ProofRoot
from app.operations.evidence import proof, verify
from app.operations.evidence._roots import Root, parse
from app.operations.road import _history
from app.operations.trials.worlds import Built
from app.operations.uploads import files
from app.queries import proofs

pytestmark = pytest.mark.corrupts

FILLED = {"grade": "senior", "summary": "近五年工作扎实。"}
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _own_root_file(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(app, monkeypatch, roots_folder=tmp_path)


@pytest.fixture
def world(app: Flask) -> Built:
    return tiny_world(senior=2, junior=2)


@pytest.fixture
def case_id(world: Built) -> int:
    """A case with two rows that a root covers, beside others."""
    found, other = open_filing(world), open_filing(world, "李二")
    for each in (other, found):
        complete(each, "fill", FILLED, world.actors[LIBRARY], "2021-06-11 10:00")
    record()
    assert findings() == []
    return found


def use(app: Flask, monkeypatch: pytest.MonkeyPatch, **changed: object) -> None:
    monkeypatch.setitem(app.extensions, "settings", replace(app.extensions["settings"], **changed))


def record(hours: int = 0) -> Root | None:
    """The root of the hour that lies so many hours ahead."""
    with atomic():
        return proof.record(clock.now() + hours * HOUR)


def record_and_fall() -> None:
    with atomic():
        proof.record(clock.now() + HOUR)
        raise RuntimeError("killed")


def sentences() -> list[str]:
    return [finding.what for finding in findings()]


def goes_on(world: Built, case_id: int) -> None:
    complete(case_id, "first_review", {"decision": "approve"}, world.actors[BUREAU], "2021-06-12 10:00")


def seq_of(case_id: int) -> int:
    """How many rows of a case the newest root covers."""
    found = proofs.inclusion(case_id)
    assert found is not None
    seq: int = found["seq"]
    return seq


def sign_anew(attack: Attack, case_id: int, name: str = "别人") -> None:
    """Rewrites a case's first row and signs the whole chain again, as who has database and key can."""
    names = [column.name for column in History.__table__.c]
    rows = db.session.execute(
        select(*History.__table__.c).where(History.case_id == case_id).order_by(History.seq)
    )
    chain = [dict(zip(names, row, strict=True)) for row in rows]
    db.session.rollback()
    chain[0]["actor_name"], previous = name, _history.GENESIS
    for row in chain:
        row["previous"] = previous
        previous = row["mac"] = _history.link(row, settings().history_key)
        attack(
            "UPDATE history SET actor_name = %(actor_name)s, previous = %(previous)s, mac = %(mac)s"
            " WHERE case_id = %(case_id)s AND seq = %(seq)s",
            **{key: row[key] for key in ("actor_name", "previous", "mac", "case_id", "seq")},
        )
    attack('UPDATE "case" SET head = %(head)s WHERE id = %(id)s', head=previous, id=case_id)


def remove(attack: Attack, case_id: int) -> None:
    """As if the case had never been; nothing in the database is left of it."""
    attack("DELETE FROM task_value USING task t WHERE t.id = task_id AND t.case_id = %(id)s", id=case_id)
    for table in ("task", "history_payload", "history"):
        attack(f"DELETE FROM {table} WHERE case_id = %(id)s", id=case_id)
    attack('DELETE FROM "case" WHERE id = %(id)s', id=case_id)


class TestTheHourlyRoot:
    def test_stands_in_a_row_and_in_a_chained_line(self, case_id: int, world: Built) -> None:
        goes_on(world, case_id)
        record(1)
        first, second = (parse(line) for line in proof.root_file().lines())
        assert first is not None
        assert second is not None
        assert (second.number, second.previous) == (2, first.digest())
        assert (first.previous, first.root != second.root) == (_history.GENESIS, True)
        assert second.mac == second.keyed(settings().history_key)
        rows = db.session.scalars(select(ProofRoot).order_by(ProofRoot.number)).all()
        assert [(row.number, row.root, row.mac) for row in rows] == [
            (root.number, root.root, root.mac) for root in (first, second)
        ]
        assert second.cases == db.session.scalar(select(func.count()).select_from(Case))

    def test_is_made_once_an_hour_by_the_clock(self, case_id: int) -> None:
        """Of the real clock, however the schemes' clocks stand; a clock set back adds none."""
        newest = proof.root_file().newest()
        assert newest is not None
        full = newest.at.replace(minute=0, second=0, microsecond=0)
        for instant, made in (
            (full + HOUR - timedelta(microseconds=1), False),
            (full - HOUR, False),
            (full + HOUR, True),
            (full + HOUR, False),
            (full + 9 * HOUR, True),
        ):
            with atomic():
                assert (proof.record(instant) is not None) == made

    def test_covers_what_was_written_since_and_the_cases_that_are_new(
        self, case_id: int, world: Built
    ) -> None:
        goes_on(world, case_id)
        newer = open_filing(world, "王三")
        assert proofs.inclusion(newer) is None
        record(1)
        assert seq_of(newer) == 1
        assert seq_of(case_id) == case_row(case_id).seq == 3
        db.session.rollback()
        assert findings() == []

    def test_is_made_by_one_node(self, case_id: int) -> None:
        with db.engine.begin() as another:
            another.execute(select(func.pg_advisory_xact_lock(proof.PROVING)))
            assert record(1) is None
        assert record(1) is not None

    def test_is_made_once_by_many_nodes_at_once(self, app: Flask, case_id: int) -> None:
        def node(_: int) -> int | None:
            with app.app_context():
                root = record(1)
                return root.number if root else None

        with ThreadPoolExecutor(6) as nodes:
            made = [number for number in nodes.map(node, range(6)) if number]
        assert made == [2]
        assert findings() == []

    def test_over_no_case_at_all(self, app: Flask) -> None:
        root = record()
        assert root is not None
        assert root.cases == 0
        assert record(1) is not None
        assert findings() == []


class TestAFallOfTheMachine:
    """Killed at any write, the record goes on at the next hour as if nothing had been; verify is clean."""

    def test_between_leaves_and_line(self, case_id: int, tmp_path: Path) -> None:
        (tmp_path / "leaves-2").write_bytes(b"half of it")
        (tmp_path / ".draft-x").write_bytes(b"half of it")
        assert findings() == []
        assert record(1) is not None
        assert {path.name for path in tmp_path.iterdir()} == {"roots.jsonl", "leaves-1", "leaves-2"}
        assert findings() == []

    @pytest.mark.parametrize("written", [1, 100, -1])
    def test_within_the_line(self, case_id: int, tmp_path: Path, written: int) -> None:
        file = tmp_path / "roots.jsonl"
        whole = file.read_bytes()
        file.write_bytes(whole + whole[:written])
        assert findings() == []
        root = record(1)
        assert root is not None
        assert root.number == 2
        assert findings() == []

    def test_between_line_and_commit(self, case_id: int) -> None:
        with pytest.raises(RuntimeError, match="killed"):
            record_and_fall()
        assert len(list(proof.root_file().lines())) == 2
        assert findings() == []
        assert record(2) is not None
        assert db.session.scalar(select(func.count()).select_from(ProofRoot)) == 3
        assert findings() == []

    def test_at_any_call_into_the_system(self, case_id: int, tmp_path: Path) -> None:
        points = 0
        while killed_at(points + 1, hour=points + 1):
            points += 1
            assert findings() == []
        assert points > 12
        roots = [parse(line) for line in proof.root_file().lines()]
        assert [root.number for root in roots if root] == list(range(1, len(roots) + 1))
        assert findings() == []


def killed_at(point: int, hour: int) -> bool:
    """Makes a root in a process that is killed at its nth call of what writes; whether it got so far."""
    db.session.remove()
    child = os.fork()
    if not child:
        db.engine.dispose(close=False)
        sys.setprofile(killer(point))
        try:
            record(hour)
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


SYSTEM_CALLS = ("open", "write", "flush", "fsync", "truncate", "replace", "unlink", "close")


def killer(point: int) -> Callable[[FrameType, str, object], None]:
    left = point

    def count(_: FrameType, event: str, called: object) -> None:
        nonlocal left
        if event == "c_call" and getattr(called, "__name__", "") in SYSTEM_CALLS:
            left -= 1
            if not left:
                os.kill(os.getpid(), signal.SIGKILL)

    return count


class TestWhoHasTheDatabaseAndTheKey:
    """Whatever such a person does to what a root covers is found, and in which case it was done."""

    @pytest.fixture(params=[False, True], ids=["at once", "after another root"])
    def later(self, request: pytest.FixtureRequest) -> Callable[[], list[verify.Finding]]:
        """The findings, also when the scheduler has gone on in the meantime: nothing is laundered."""

        def found() -> list[verify.Finding]:
            if request.param:
                record(1)
            return findings()

        return found

    def test_a_rewritten_chain(self, case_id: int, attack: Attack, later) -> None:
        sign_anew(attack, case_id)
        assert [finding.case_id for finding in later()] == [case_id]
        assert "第 2 条记录与" in findings()[0].what

    def test_a_rewritten_chain_that_has_gone_on(
        self, case_id: int, world: Built, attack: Attack, later
    ) -> None:
        sign_anew(attack, case_id)
        goes_on(world, case_id)
        assert [finding.case_id for finding in later()] == [case_id]

    def test_a_cut_tail_with_the_head_set_back(
        self, case_id: int, world: Built, attack: Attack, later
    ) -> None:
        """The state before was kept elsewhere: database and chain are whole again."""
        before = case_row(case_id)
        state = {
            name: getattr(before, name) for name in ("seq", "head", "engine_state", "status", "updated_at")
        }
        db.session.rollback()
        goes_on(world, case_id)
        record(1)
        set_back(attack, case_id, state)
        found = {finding.what for finding in findings() if finding.case_id == case_id}
        assert any("存证时有第 3 条记录，现在没有了" in what for what in found)
        assert not any("链头" in what or "重放" in what for what in found)

    def test_a_removed_case(self, case_id: int, attack: Attack, later) -> None:
        remove(attack, case_id)
        assert [finding.case_id for finding in later()] == [case_id]
        assert "现在没有了" in findings()[0].what

    def test_a_root_of_ones_own_is_no_root(self, case_id: int, attack: Attack, later) -> None:
        sign_anew(attack, case_id)
        newest = proof.root_file().newest()
        assert newest is not None
        forged = replace(newest, number=2, previous=newest.digest(), root=bytes(32))
        attack(
            "INSERT INTO proof_root VALUES (2, %(at)s, %(n)s, %(root)s, %(previous)s, NULL, %(id)s, %(mac)s)",
            at=forged.at,
            n=forged.cases,
            root=forged.root,
            previous=forged.previous,
            id=forged.key_id,
            mac=forged.keyed(settings().history_key),
        )
        assert "数据库登记的第 2 次存证不在存证文件里" in sentences()
        assert case_id in {finding.case_id for finding in findings()}

    def test_a_root_row_that_was_changed(self, case_id: int, attack: Attack) -> None:
        attack("UPDATE proof_root SET root = '\\x00'")
        assert sentences() == ["数据库登记的第 1 次存证与存证文件不符"]

    def test_root_rows_that_were_removed(self, case_id: int, attack: Attack) -> None:
        record(1)
        record(2)
        attack("DELETE FROM proof_root WHERE number < 3")
        assert sentences() == ["存证文件里有 2 次存证在数据库里没有登记，第 1 次起"]


def set_back(attack: Attack, case_id: int, state: dict[str, object]) -> None:
    attack("DELETE FROM history_payload WHERE case_id = %(id)s AND seq > %(seq)s", id=case_id, **state)
    attack("DELETE FROM history WHERE case_id = %(id)s AND seq > %(seq)s", id=case_id, **state)
    attack(
        'UPDATE "case" SET seq = %(seq)s, head = %(head)s, engine_state = %(engine_state)s,'
        " status = %(status)s, updated_at = %(updated_at)s WHERE id = %(id)s",
        id=case_id,
        **state,
    )


class TestTheFileOutside:
    def test_every_sign_of_a_line_counts(self, case_id: int, tmp_path: Path) -> None:
        record(1)
        file = tmp_path / "roots.jsonl"
        whole = file.read_bytes()
        for place in range(0, len(whole) - 1, 19):
            changed = bytearray(whole)
            changed[place] ^= 1
            file.write_bytes(bytes(changed))
            assert sentences(), changed
        file.write_bytes(whole)
        assert findings() == []

    def test_a_line_removed_from_the_middle(self, case_id: int, tmp_path: Path) -> None:
        record(1)
        record(2)
        file = tmp_path / "roots.jsonl"
        lines = file.read_bytes().splitlines(keepends=True)
        file.write_bytes(lines[0] + lines[2])
        assert "存证文件第 2 行与前一行不相衔接" in sentences()

    def test_a_lost_file_is_told_and_never_begun_anew_by_itself(self, case_id: int, tmp_path: Path) -> None:
        (tmp_path / "roots.jsonl").unlink()
        assert any("却不见了" in sentence for sentence in sentences())
        with pytest.raises(Refused, match="flask proof begin"):
            record(1)

    @pytest.mark.parametrize("damage", ["lost", "cut", "changed"])
    def test_damaged_leaves_are_told_and_nothing_builds_on_them(
        self, case_id: int, tmp_path: Path, damage: str
    ) -> None:
        leaves = tmp_path / "leaves-1"
        content = leaves.read_bytes()
        leaves.unlink()
        if damage != "lost":
            leaves.write_bytes(content[:-1] if damage == "cut" else content[:-1] + b"\0")
        assert any("叶子文件不见了或被改动过" in sentence for sentence in sentences())
        with pytest.raises(Refused, match="叶子文件"):
            record(1)

    def test_it_is_begun_anew_on_a_ground_after_a_restore(self, case_id: int, attack: Attack) -> None:
        remove(attack, case_id)
        with atomic():
            root = proof.begin("恢复 6 月 10 日的备份，见值班记录", clock.now())
        assert (root.number, root.ground) == (2, "恢复 6 月 10 日的备份，见值班记录")
        assert findings() == []
        assert record(1) is not None
        assert findings() == []
        for ground in ("  ", "很长" * 2000):
            with pytest.raises(Invalid), atomic():
                proof.begin(ground, clock.now())

    def test_what_the_restored_database_lacks_is_registered_then(self, case_id: int, attack: Attack) -> None:
        record(1)
        attack("DELETE FROM proof_root WHERE number = 2")
        with atomic():
            assert proof.begin("恢复昨天的备份", clock.now()).number == 3
        assert findings() == []

    def test_a_lost_one_is_begun_anew_after_the_last_number(self, case_id: int, tmp_path: Path) -> None:
        record(1)
        for file in tmp_path.iterdir():
            file.unlink()
        with atomic():
            assert proof.begin("磁盘损坏", clock.now()).number == 3
        assert findings() == []


class TestKeys:
    """A key that is changed every year signs from then on; older rows and roots need the older ones."""

    def test_chains_roots_and_codes_outlive_three_keys(
        self, app: Flask, world: Built, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        case_id, codes = open_filing(world), []
        library, bureau = world.actors[LIBRARY], world.actors[BUREAU]
        steps = [
            lambda: complete(case_id, "fill", FILLED, library, "2021-06-11 10:00"),
            lambda: complete(
                case_id, "first_review", {"decision": "return", "opinion": "补充"}, bureau, "2021-06-12 10:00"
            ),
            lambda: complete(case_id, "fill", FILLED, library, "2021-06-13 10:00"),
        ]
        for hour, step in enumerate(steps):
            newer = {f"key-{hour}": bytes([hour]) * 32}
            use(app, monkeypatch, history_keys={**newer, **settings().history_keys})
            step()
            record(hour)
            codes.append(proofs.code_of(case_row(case_id)))
            db.session.rollback()
        assert findings() == []
        used = select(History.key_id).where(History.case_id == case_id).order_by(History.seq)
        assert db.session.scalars(used).all()[1:] == ["key-0", "key-1", "key-2"]
        roots = [parse(line) for line in proof.root_file().lines()]
        assert [root.key_id for root in roots if root] == ["key-0", "key-1", "key-2"]
        assert [proofs.check(code).verdict for code in codes] == ["intact"] * 3
        db.session.rollback()

        known = dict(settings().history_keys)
        use(app, monkeypatch, history_keys={name: known[name] for name in known if name != "key-1"})
        assert any("存证文件第 2 行所用的密钥 key-1 不在手边" in what for what in sentences())
        use(app, monkeypatch, history_keys=known | {"key-1": b"w" * 32})
        assert "存证文件第 2 行被改动过" in sentences()


class TestCheckCodes:
    def test_a_state_is_found_also_when_the_case_has_gone_on(self, case_id: int, world: Built) -> None:
        code = proofs.code_of(case_row(case_id))
        db.session.rollback()
        now = proofs.check(code)
        assert (now.verdict, now.seq, now.later) == ("intact", 2, 0)
        assert now.proved_at is not None
        goes_on(world, case_id)
        later = proofs.check(code)
        assert (later.verdict, later.seq, later.later) == ("intact", 2, 1)
        assert "与给出时一致，其后又有 1 条记录" in later.told
        newer = proofs.check(proofs.code_of(case_row(case_id)))
        assert (newer.verdict, newer.proved_at) == ("intact", None)
        assert "尚待下一次存证" in newer.told

    def test_a_rewritten_chain_knows_no_older_code(self, case_id: int, attack: Attack) -> None:
        code = proofs.code_of(case_row(case_id))
        sign_anew(attack, case_id)
        assert proofs.check(code).verdict == "unknown"
        forged = proofs.check(proofs.code_of(case_row(case_id)))
        assert (forged.verdict, "不能作准" in forged.told) == ("damaged", True)

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE history SET actor_name = '别人' WHERE case_id = %(id)s AND seq = 1",
            "UPDATE history SET actor_name = '别人' WHERE case_id = %(id)s AND seq = 2",
            "UPDATE \"case\" SET head = '\\x00' WHERE id = %(id)s",
        ],
    )
    def test_a_damaged_record_is_no_match(self, case_id: int, attack: Attack, statement: str) -> None:
        code = proofs.code_of(case_row(case_id))
        db.session.rollback()
        attack(statement, id=case_id)
        assert proofs.check(code).verdict == "damaged"

    def test_a_removed_case_is_unknown(self, case_id: int, attack: Attack) -> None:
        code = proofs.code_of(case_row(case_id))
        db.session.rollback()
        remove(attack, case_id)
        assert proofs.check(code).verdict == "unknown"


class TestOutsiders:
    """With the proof, the root file and Python alone: no database, no key, no product."""

    def check(self, *arguments: object) -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, "-I", "-S", PROJECT / "tools" / "verify_proof.py", *map(str, arguments)],
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    @pytest.fixture
    def taken(self, case_id: int, tmp_path: Path) -> Path:
        path = tmp_path / "证明.json"
        path.write_text(json.dumps(proofs.inclusion(case_id)))
        db.session.rollback()
        return path

    def test_a_proof_holds_and_goes_on_holding(self, taken: Path, case_id: int, world: Built) -> None:
        roots = proof.root_file().path
        code = proofs.code_of(case_row(case_id))
        db.session.rollback()
        assert self.check(taken, roots, code) == self.check(taken, roots)
        status, told = self.check(taken, roots, code)
        assert (status, f"成立：办件 {case_id} 的第 2 条记录" in told) == (0, True)
        goes_on(world, case_id)
        record(1)
        assert self.check(taken, roots, code)[0] == 0
        assert self.check(taken, roots, proofs.code_of(case_row(case_id))) == (
            1,
            "不成立：校验码不是这份证明里的状态。\n",
        )

    @pytest.mark.parametrize("part", ["case", "seq", "head", "index", "path", "root"])
    def test_a_proof_that_was_touched_does_not(self, taken: Path, part: str) -> None:
        told = json.loads(taken.read_text())
        told[part] = {
            **{"case": told["case"] + 1, "seq": 1, "head": "00" * 32, "index": told["index"] ^ 1},
            **{"path": told["path"][1:], "root": {**told["root"], "root": "00" * 32}},
        }[part]
        taken.write_text(json.dumps(told))
        status, sentence = self.check(taken, proof.root_file().path)
        assert (status, "不成立" in sentence, "Traceback" in sentence) == (1, True, False)

    def test_a_root_file_that_was_touched_does_not(self, taken: Path) -> None:
        record(1)
        path = proof.root_file().path
        path.write_bytes(path.read_bytes().replace(b'"number":1', b'"number":7'))
        assert "不相衔接" in self.check(taken, path)[1]
        path.write_text("{")
        assert "无法读取" in self.check(taken, path)[1]

    def test_another_record_begun_in_its_place_does_not(
        self, taken: Path, case_id: int, attack: Attack, tmp_path: Path
    ) -> None:
        """Who has everything can begin a new record; the proofs handed out before speak against it."""
        sign_anew(attack, case_id)
        proof.root_file().path.unlink()
        attack("DELETE FROM proof_root")
        record()
        assert findings() == []
        assert "与存证文件里的不同" in self.check(taken, proof.root_file().path)[1]


class TestTheCommands:
    def run(self, app: Flask, *words: object) -> tuple[int, str]:
        done = app.test_cli_runner().invoke(args=["proof", *map(str, words)])
        assert done.exit_code == 0 or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, done.output

    def test_show_and_export_what_stands_in_the_file(self, app: Flask, case_id: int) -> None:
        assert self.run(app, "record") == (0, "本小时已经作过存证。\n")
        record(1)
        newest = proof.root_file().newest()
        assert newest is not None
        told = self.run(app, "show")[1]
        assert newest.root.hex() in told.replace(" ", "")
        assert "第 2 次存证" in told
        assert self.run(app, "export")[1].encode() == proof.root_file().path.read_bytes()
        assert self.run(app, "export", "--last", 1)[1] == newest.line().decode() + "\n"

    def test_check_codes_and_proofs(self, app: Flask, case_id: int, attack: Attack) -> None:
        code = proofs.code_of(case_row(case_id))
        db.session.rollback()
        status, told = self.run(app, "check", code.lower())
        assert (status, told.startswith(f"相符：办件 {case_id} 的第 2 条记录")) == (0, True)
        assert json.loads(self.run(app, "case", case_id)[1])["code"] == code
        assert self.run(app, "case", 10**9)[0] == 1
        assert "照原件逐字核对" in self.run(app, "check", code[:-1] + "?")[1]
        sign_anew(attack, case_id)
        status, told = self.run(app, "check", code)
        assert (status, "没有与该校验码相符的记录" in told) == (1, True)

    def test_a_record_that_is_lost_is_told_and_begun_on_a_ground(
        self, app: Flask, case_id: int, tmp_path: Path
    ) -> None:
        (tmp_path / "roots.jsonl").unlink()
        assert self.run(app, "record")[0] == self.run(app, "show")[0] == 1
        assert "第 2 次存证" in self.run(app, "begin", "--ground", "换盘")[1]
        assert app.test_cli_runner().invoke(args=["verify"]).exit_code == 0


class TestTheScheduler:
    def test_keeps_the_roots_and_goes_on_when_they_are_lost(
        self, app: Flask, world: Built, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        keep = scheduler.Sweeper(app, scheduler.keep_house)
        keep()
        keep()
        assert len(list(proof.root_file().lines())) == 1
        assert db.session.scalar(select(func.count()).where(Act.kind == files.CLEANED)) == 1
        db.session.rollback()
        (tmp_path / "roots.jsonl").unlink()
        keep()
        assert "flask proof begin" in caplog.text
