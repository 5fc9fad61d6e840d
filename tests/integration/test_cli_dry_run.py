"""`flask scheme dry-run`, and hostile folders before every command: a sentence within seconds."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from support.capability_kit import fingerprint
from support.world import SCHEME, make_world, open_filing, publish_tiny

from app import create_app
from app.config import PROJECT
from app.engine import sandbox

TINY = PROJECT / "tests" / "support" / "tiny"
NOWHERE = "postgresql+psycopg://nobody@127.0.0.1:1/none"

FILING = """
unit: 西溪区文化馆
person: 赵四
at: "2021-06-20 09:00"
payload: {ground: 骨干}
moves:
  - {complete: 填写申报表, variables: {grade: senior}}
  - {complete: first_review, variables: {decision: approve}}
  - pass: true
"""


@pytest.fixture
def scheme_folder(tmp_path: Path) -> Path:
    """A copy of the tiny scheme that a test may change."""
    shutil.copytree(TINY, tmp_path / "tiny")
    return tmp_path / "tiny" / "bpmn" / SCHEME


@pytest.fixture
def bare_app(worker_app: Flask) -> Flask:
    """The application with a database that is not there."""
    return create_app(replace(worker_app.extensions["settings"], database_url=NOWHERE))


def run(app: Flask, *words: object) -> Result:
    return app.test_cli_runner().invoke(args=["scheme", *map(str, words)])


def lines(result: Result) -> list[str]:
    return [line.strip() for line in result.output.splitlines()]


class TestDryRun:
    def test_it_goes_by_itself_to_an_end_without_a_database(
        self, bare_app: Flask, scheme_folder: Path
    ) -> None:
        result = run(bare_app, "dry-run", scheme_folder, "filing")
        assert result.exit_code == 0, result.output
        told = lines(result)
        assert told[0] == "开始  2021-06-10 09:00:00"
        assert "第 1 步：办理“填写申报表”  2021-06-10 09:00:00" in told
        assert any(line.startswith("“占用岗位名额”要求系统能力 reserve_place：basis=") for line in told)
        assert "在等 待办“初审”" in told
        assert told[-1] == "结束：审核已通过（passed）"

    def test_moves_say_how_it_goes(self, bare_app: Flask, scheme_folder: Path, tmp_path: Path) -> None:
        (tmp_path / "moves.yaml").write_text(FILING)
        result = run(bare_app, "dry-run", scheme_folder, "filing", "--moves", tmp_path / "moves.yaml")
        assert result.exit_code == 0, result.output
        told = lines(result)
        assert told[0] == "开始  2021-06-20 09:00:00"
        assert "“满五个工作日”到期（2021-06-26 00:00:00）" in told
        assert told[-1] == "没有走到结束。"

    @pytest.mark.parametrize(
        ("old", "new", "sentence"),
        [
            ("填写申报表", "终审", "“终审”此时没有在等；这一类在等的：填写申报表"),
            ("西溪区文化馆", "无名单位", "场景的世界里没有单位“无名单位”。"),
            ("赵四", "无名氏", "场景的世界里没有申报人“无名氏”。"),
            ("- pass: true", "- {fire: 考试开始}", "定时“考试开始”的时刻尚未确定，不会触发"),
            ("- pass: true", "- {}", "每一步正好写 complete、receive、fire、pass 中的一个"),
            ("- pass: true", "- {complete: 终审, fire: 终审}", "每一步正好写"),
            (
                "payload: {ground: 骨干}",
                "answers: {reserve_place: 5}",
                "应当是“变量: 值”的形式，或拒绝的代号",
            ),
            ("payload: {ground: 骨干}", "answers: {reserve_place: unheard_of}", "没有被任何边界事件接住"),
        ],
    )
    def test_what_stops_it_is_told(
        self, bare_app: Flask, scheme_folder: Path, tmp_path: Path, old: str, new: str, sentence: str
    ) -> None:
        assert old in FILING
        (tmp_path / "moves.yaml").write_text(FILING.replace(old, new))
        result = run(bare_app, "dry-run", scheme_folder, "filing", "--moves", tmp_path / "moves.yaml")
        assert result.exit_code == 1
        assert isinstance(result.exception, SystemExit)
        assert sentence in result.output

    def test_nothing_is_written(self, app: Flask, scheme_folder: Path) -> None:
        publish_tiny()
        open_filing(make_world())
        before = fingerprint()
        for process in ("filing", "posts", "roster"):
            assert run(app, "dry-run", scheme_folder, process).exit_code == 0
        assert fingerprint() == before

    def test_its_working_days_are_the_statutory_ones(
        self, bare_app: Flask, scheme_folder: Path, tmp_path: Path
    ) -> None:
        """2021-09-18 was a Saturday worked, 19 to 21 September the Mid-Autumn holiday."""
        calendar = scheme_folder / "calendar.yaml"
        calendar.write_text(calendar.read_text().replace("2021-06-30", "2021-12-31"))
        (tmp_path / "moves.yaml").write_text(FILING.replace("2021-06-20", "2021-09-14"))
        result = run(bare_app, "dry-run", scheme_folder, "filing", "--moves", tmp_path / "moves.yaml")
        assert "“满五个工作日”到期（2021-09-23 00:00:00）" in lines(result), result.output


def drawing(inside: str) -> bytes:
    """The process `filing` with these elements, of which `x` is on the way."""
    return (
        '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" id="d"'
        ' targetNamespace="t"><bpmn:process id="filing" isExecutable="true">'
        f'<bpmn:startEvent id="s"/>{inside}<bpmn:endEvent id="e"/>'
        '<bpmn:sequenceFlow id="a" sourceRef="s" targetRef="x"/>'
        '<bpmn:sequenceFlow id="b" sourceRef="x" targetRef="e"/></bpmn:process></bpmn:definitions>'
    ).encode()


TASKS = "".join(f'<bpmn:task id="t{number}"/>' for number in range(60_000))
MANY = "<bpmn:loopCardinality>3000000</bpmn:loopCardinality>"
MANY = f"<bpmn:multiInstanceLoopCharacteristics>{MANY}</bpmn:multiInstanceLoopCharacteristics>"

HOSTILE: Mapping[str, tuple[bytes, str]] = {
    "too large": (drawing(f'<bpmn:task id="x"/>{TASKS}'), "检查没能在限定的时间和内存内完成"),
    "entities": (b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><x>&b;</x>', "DOCTYPE"),
    "self-calling": (drawing('<bpmn:callActivity id="x" calledElement="filing"/>'), "循环调用"),
    "three million": (drawing(f'<bpmn:userTask id="x">{MANY}</bpmn:userTask>'), ""),
    "deep": (b"<a>" * 500_000, "不是完好的 XML"),
}


class TestHostile:
    @pytest.mark.parametrize("name", HOSTILE)
    def test_every_command_ends_with_a_sentence_within_seconds(
        self, app: Flask, scheme_folder: Path, name: str
    ) -> None:
        content, sentence = HOSTILE[name]
        (scheme_folder / "filing.bpmn").write_bytes(content)
        before = fingerprint()
        for command, *rest in (["check"], ["publish"], ["test"], ["dry-run", "filing"]):
            begun = time.monotonic()
            result = run(app, command, scheme_folder, *rest)
            assert time.monotonic() - begun < sandbox.WAIT_SECONDS
            assert (command, result.exit_code) == (command, 1), result.output
            assert isinstance(result.exception, SystemExit)
            assert "错误：" in result.output
            assert sentence in result.output
        assert fingerprint() == before
