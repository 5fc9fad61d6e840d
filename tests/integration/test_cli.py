"""The commands: what they say and leave behind; one sentence and exit code 1 for every refusal."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml
from click.testing import Result
from flask import Flask
from sqlalchemy import func, select, update
from support.second_factor import bind
from support.world import (
    BUREAU,
    PUBLISHED,
    SCHEME,
    case_row,
    make_world,
    open_filing,
    publish_tiny,
    tiny_files,
)

from app import clock
from app.config import PROJECT
from app.content.instants import parse_local_instant as at
from app.extensions import atomic, db
from app.models import Account, Act, Case, DatabaseMark, Deployment, Holiday, Organisation, Region, Task
from app.operations import deployments
from app.operations.access import accounts, second_factor
from app.operations.actors import SYSTEM
from app.operations.dates import clock as clocks
from app.operations.dates import workdays

TINY = PROJECT / "tests" / "support" / "tiny"


@pytest.fixture
def scheme_folder(tmp_path: Path) -> Path:
    """A copy of the tiny scheme that a test may change."""
    shutil.copytree(TINY, tmp_path / "tiny")
    return tmp_path / "tiny" / "bpmn" / SCHEME


def run(app: Flask, *words: object) -> Result:
    return app.test_cli_runner().invoke(args=[str(word) for word in words])


def refused(app: Flask, sentence: str, *words: object) -> Result:
    """A command that has to fail with this sentence, and not with a traceback."""
    result = run(app, *words)
    assert result.exit_code == 1, result.output
    assert isinstance(result.exception, SystemExit)
    assert f"错误：{sentence}" in result.output
    return result


def change(file: Path, before: str, after: str) -> None:
    text = file.read_text()
    assert before in text
    file.write_text(text.replace(before, after))


class TestScheme:
    def test_check_of_a_good_one(self, app: Flask, scheme_folder: Path) -> None:
        result = run(app, "scheme", "check", scheme_folder)
        assert result.exit_code == 0
        assert "检查通过" in result.output

    def test_check_tells_file_and_place(self, app: Flask, scheme_folder: Path) -> None:
        change(scheme_folder / "filing.bpmn", 'targetRef="more_levels"', 'targetRef="nowhere"')
        result = refused(app, "方案有错误", "scheme", "check", scheme_folder)
        assert f"bpmn/{SCHEME}/filing.bpmn" in result.output

    def test_a_folder_that_is_no_scheme(self, app: Flask, tmp_path: Path) -> None:
        (tmp_path / "bpmn" / "empty-1").mkdir(parents=True)
        refused(app, "方案存在问题", "scheme", "check", tmp_path / "bpmn" / "empty-1")

    def test_its_scenarios_and_what_they_leave_out(self, app: Flask, scheme_folder: Path) -> None:
        result = run(app, "scheme", "test", scheme_folder)
        assert result.exit_code == 0, result.output
        assert "✓ 高级工经两级审核，超过五个工作日提醒单位（two_levels.yaml）" in result.output
        assert "场景 3 个，符合 3 个" in result.output
        assert "filing：初审结果？ → 填写申报表（退回）" in result.output
        assert "filing：未能参加考试（missed）" in result.output
        assert db.session.scalar(select(func.count()).select_from(Case)) == 0

    def test_a_scenario_that_does_not_hold(self, app: Flask, scheme_folder: Path) -> None:
        change(scheme_folder / "scenarios" / "two_levels.yaml", "outcome: passed", "outcome: failed")
        result = refused(app, "有 1 个场景不符。", "scheme", "test", scheme_folder)
        assert "✗ 高级工经两级审核" in result.output
        assert "第 4 步：结果应为 failed，实际是 passed" in result.output

    def test_a_mistake_in_a_scenario_is_told_with_its_step(self, app: Flask, scheme_folder: Path) -> None:
        change(scheme_folder / "scenarios" / "two_levels.yaml", "by: 吴审", "by: 无名氏")
        result = refused(app, "方案存在问题", "scheme", "test", scheme_folder)
        assert "two_levels.yaml：第 4 步：“无名氏”不在世界里" in result.output

    def test_one_scenario_alone(self, app: Flask, scheme_folder: Path) -> None:
        result = run(app, "scheme", "test", scheme_folder, "--only", "roster.yaml")
        assert "场景 1 个，符合 1 个" in result.output
        assert "没有场景走到" not in result.output
        refused(app, "没有这个场景文件：x.yaml。", "scheme", "test", scheme_folder, "--only", "x.yaml")

    def test_clauses_with_their_homes(self, app: Flask, scheme_folder: Path) -> None:
        result = run(app, "scheme", "clauses", scheme_folder)
        assert result.exit_code == 0
        lines = result.output.splitlines()
        place = lines.index("TY-04  技师和高级工由省考核办终审，初级工由区人社局终审")
        told = lines[place + 1 : lines.index("TY-05  终审满五个工作日未办的，提醒申报单位")]
        homes = {line.split()[0] for line in told}
        assert {"环节“终审”", "决策行“审核层级第", "角色“省考核办”", "字段“审核结论”"} <= homes
        assert "条款 7 条，没有落实的 0 条" in result.output

    def test_a_complete_scheme_may_leave_no_clause_out(self, app: Flask, scheme_folder: Path) -> None:
        clauses = scheme_folder / "clauses.yaml"
        known = yaml.safe_load(clauses.read_text())
        known["TY-08"] = {"kind": "doc", "article": "八", "text": "发证"}
        clauses.write_text(yaml.safe_dump(known, allow_unicode=True))
        open_one = run(app, "scheme", "clauses", scheme_folder)
        assert open_one.exit_code == 0
        assert "没有落实的 1 条" in open_one.output
        change(scheme_folder / "scheme.yaml", "year: 2021\n", "year: 2021\ncomplete: true\n")
        refused(app, "方案声明完整，这些条款却没有落实：TY-08。", "scheme", "clauses", scheme_folder)

    def test_publishing_into_a_rehearsal_starts_its_clock(self, app: Flask, scheme_folder: Path) -> None:
        with atomic():
            clocks.mark_database(True, clock.now())
        assert run(app, "scheme", "publish", scheme_folder).exit_code == 0
        assert run(app, "scheme", "publish", scheme_folder).exit_code == 0
        assert db.session.scalar(select(func.count()).select_from(Deployment)) == 1
        now = clocks.scheme_now(SCHEME, clock.now())
        assert at("2021-06-01 09:00") <= now < at("2021-06-01 09:10")
        assert deployments.current(SCHEME, now)

    def test_a_real_database_in_use_is_not_published_into(self, app: Flask, scheme_folder: Path) -> None:
        with atomic():
            clocks.mark_database(False, clock.now())
        make_world()
        refused(app, "正式库已投入使用", "scheme", "publish", scheme_folder)


class TestClock:
    def test_show_and_move_fires_what_comes_due(self, app: Flask) -> None:
        publish_tiny()
        with atomic():
            clocks.open_clock(SCHEME, at("2021-06-20 09:00"), SYSTEM, clock.now())
        case_id = open_filing(make_world())
        assert f"{SCHEME}  2021-06-20 09:00" in run(app, "clock", "show").output
        early = run(app, "clock", "move", SCHEME, "2021-06-30 23:59:58")
        assert "触发定时 0 个" in early.output
        late = run(app, "clock", "move", SCHEME, "2021-07-01 00:00")
        assert "触发定时 1 个，异常 0 个" in late.output
        assert case_row(case_id).outcome == "lapsed"

    def test_refusals(self, app: Flask) -> None:
        publish_tiny()
        with atomic():
            clocks.open_clock(SCHEME, at("2021-06-20 09:00"), SYSTEM, clock.now())
        refused(app, "演练时钟只能向前拨", "clock", "move", SCHEME, "2021-06-01")
        refused(app, "没有发布过方案“nix”。", "clock", "move", "nix", "2021-07-01")
        refused(app, "“morgen”不是时刻", "clock", "move", SCHEME, "morgen")

    def test_a_real_clock_is_nobodys_to_move(self, app: Flask) -> None:
        with atomic():
            clocks.mark_database(False, clock.now())
            deployments.publish(tiny_files(), SYSTEM, PUBLISHED)
        refused(app, "这是正式库，时钟不能调整", "clock", "move", SCHEME, "2030-01-01")


class TestOperators:
    def test_bootstrap_makes_the_first_administrator_once(self, app: Flask) -> None:
        made = run(app, "bootstrap", "--office", "云岭省考核办公室", "--region", "500000", "--login", "boss")
        assert made.exit_code == 0, made.output
        assert db.session.scalar(select(DatabaseMark.rehearsal)) is True
        assert db.session.scalar(select(Region.name).where(Region.code == "410000")) == "河南省"
        account = db.session.scalars(select(Account)).one()
        assert (account.login, account.must_change_password) == ("boss", True)
        password = made.output.split("初始密码 ")[1].split("（")[0]
        with atomic():
            assert accounts.sign_in("boss", password, "127.0.0.1", clock.now())
        refused(app, "已经有系统管理员账号", "bootstrap", "--office", "第二办公室", "--region", "500000")
        assert db.session.scalar(select(func.count()).select_from(Organisation)) == 1
        assert run(app, "bootstrap").exit_code == 0

    def test_bootstrap_never_turns_a_real_database_into_a_rehearsal(self, app: Flask) -> None:
        with atomic():
            clocks.mark_database(False, clock.now())
        refused(app, "该数据库建立时标记为正式库，不能改作演练库", "bootstrap")

    def test_a_lost_password(self, app: Flask) -> None:
        world = make_world()
        with atomic():
            accounts.allot(
                world.organisations[BUREAU], "reviewer", "周审", {"operator"}, actor=SYSTEM, now=clock.now()
            )
        told = run(app, "account", "reset-password", "Reviewer")
        password = told.output.split("新密码是 ")[1].split("（")[0]
        with atomic():
            assert accounts.sign_in("reviewer", password, "127.0.0.1", clock.now())
        assert db.session.scalar(select(Act.actor_name).where(Act.kind == "account.reset")) == "系统"
        refused(app, "没有登录名为“nobody”的账号。", "account", "reset-password", "nobody")

    def test_a_lost_device(self, app: Flask) -> None:
        account_id = make_world().actors[BUREAU].account_id or 0
        with atomic() as session:
            session.get_one(Account, account_id).login = "reviewer"
        refused(app, "该账号没有绑定验证器。", "account", "reset-second-factor", "reviewer")
        bind(account_id)
        assert "已解除绑定" in run(app, "account", "reset-second-factor", "Reviewer").output
        assert not second_factor.bound(account_id)
        refused(app, "没有登录名为“nobody”的账号。", "account", "reset-second-factor", "nobody")

    def test_holidays(self, app: Flask) -> None:
        days = ("--off", "2040-01-02", "--work", "2040-01-07", "--ground", "国办发明电〔2039〕1号")
        assert "第 1 版" in run(app, "holidays", "set", *days).output
        calendar, version = workdays.load()
        assert version == 1
        assert [calendar.is_workday(at(day).date()) for day in ("2040-01-03", "2040-01-08")] == [False, True]
        year = ("--off", "2041-01-01", "--ground", "国办发明电〔2040〕1号")
        assert "已公布 2041 年" in run(app, "holidays", "year", "2041", *year).output
        refused(app, "2040-01-02 既写了放假又写了上班。", "holidays", "set", *days, "--work", "2040-01-02")
        refused(app, "请至少填写一天。", "holidays", "set", "--ground", "文号")
        assert db.session.scalar(select(func.max(Holiday.version))) == 2

    @pytest.mark.corrupts
    def test_verify_finds_what_was_altered(self, app: Flask) -> None:
        publish_tiny()
        case_id = open_filing(make_world())
        assert "核验通过" in run(app, "verify").output
        with atomic():
            db.session.execute(update(Task).where(Task.case_id == case_id).values(state="cancelled"))
        result = refused(app, "共发现 1 个问题。", "verify")
        assert f"办件 {case_id}：待办事项（令牌" in result.output

    def test_help_is_in_the_readers_language(self, app: Flask) -> None:
        assert "向前拨" in run(app, "clock", "--help").output
        assert "列出没有走到的环节和流向" in run(app, "scheme", "test", "--help").output
