"""A hostile scheme cannot be published, and does no harm while it is looked at (threats 1, 3 and 4)."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import func, select
from support.waits import (
    WAITS,
    call,
    date,
    document,
    duration,
    end,
    ends_at,
    flows,
    open_wait,
    process,
    properties,
    publish_waits,
    sub_process,
    task,
    throws,
    waits_files,
)
from support.world import PUBLISHED, at, make_world

from app.content import check_scheme
from app.errors import EngineError, SchemeInvalid
from app.extensions import atomic, db
from app.models import Case, Deployment, DeploymentFile
from app.operations import deployments
from app.operations.actors import SYSTEM
from app.operations.capabilities import declarations

Files = dict[str, bytes]
NESTED = f"bpmn/{WAITS}/nested.bpmn"
SECONDS = 15
"""Within these a hostile scheme is refused; the child that looks at it has 2 of CPU."""


def drawing(text: str, *more: str) -> Files:
    """The scheme with this in the place of one of its processes."""
    return {**waits_files(), NESTED: document(text, *more)}


def table(expression: str = "text", entry: str = "-", output: str = "1") -> bytes:
    return (
        '<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="d" namespace="t">'
        '<decision id="rule" name="rule"><decisionTable id="t" hitPolicy="FIRST">'
        f'<input id="i"><inputExpression id="ie" typeRef="string"><text><![CDATA[{expression}]]></text>'
        '</inputExpression></input><output id="o" name="found"/>'
        f'<rule id="r"><inputEntry id="c"><text><![CDATA[{entry}]]></text></inputEntry>'
        f'<outputEntry id="v"><text><![CDATA[{output}]]></text></outputEntry></rule>'
        "</decisionTable></decision></definitions>"
    ).encode()


def deciding(dmn: bytes) -> Files:
    rule = '<bpmn:businessRuleTask id="rules" name="规则"><bpmn:extensionElements>'
    rule += "<spiffworkflow:calledDecisionId>rule</spiffworkflow:calledDecisionId>"
    rule += "</bpmn:extensionElements></bpmn:businessRuleTask>"
    drawn = drawing(process("nested", task("inner") + rule, "inner", "rules"))
    return {**drawn, f"bpmn/{WAITS}/rule.dmn": dmn}


def with_task(inside: str = "", extension: str = "") -> str:
    """A process whose user task holds something more."""
    told = task("inner")
    told = told.replace("</bpmn:extensionElements>", f"{extension}</bpmn:extensionElements>")
    return process("nested", told.replace("</bpmn:userTask>", f"{inside}</bpmn:userTask>"), "inner")


def choosing(code: str) -> str:
    """A process with a condition on a flow."""
    gateway = '<bpmn:exclusiveGateway id="which" name="哪边？" default="no"/>'
    condition = f"<bpmn:conditionExpression><![CDATA[{code}]]></bpmn:conditionExpression>"
    chosen = f'<bpmn:sequenceFlow id="yes" sourceRef="which" targetRef="good">{condition}</bpmn:sequenceFlow>'
    other = '<bpmn:sequenceFlow id="no" sourceRef="which" targetRef="bad"/>'
    inside = task("inner") + gateway + chosen + other + end("good") + end("bad")
    return process("nested", inside, "inner", "which", last=False)


def multi(inside: str) -> str:
    return with_task(
        f"<bpmn:multiInstanceLoopCharacteristics>{inside}</bpmn:multiInstanceLoopCharacteristics>"
    )


def service(value: str) -> str:
    operator = (
        '<spiffworkflow:serviceTaskOperator id="notify"><spiffworkflow:parameters>'
        f'<spiffworkflow:parameter id="text" type="any" value="{value}"/>'
        "</spiffworkflow:parameters></spiffworkflow:serviceTaskOperator>"
    )
    inside = f"<bpmn:extensionElements>{operator}</bpmn:extensionElements>"
    return process("nested", f'<bpmn:serviceTask id="asks" name="问">{inside}</bpmn:serviceTask>', "asks")


def calling(**given: str) -> str:
    told = call("around", "part").replace("/>", f">{properties(**given)}</bpmn:callActivity>")
    return process("nested", told)


def script(code: str) -> str:
    inside = f'<bpmn:scriptTask id="runs" name="脚本"><bpmn:script><![CDATA[{code}]]></bpmn:script>'
    return process("nested", f"{inside}</bpmn:scriptTask>", "runs")


def ending(moment: str) -> str:
    return process("nested", task("inner") + ends_at("inner", moment, "late"), "inner")


def cycle(text: str) -> str:
    return f"<bpmn:timeCycle>{text}</bpmn:timeCycle>"


def sending(sent: str) -> str:
    return process("nested", task("inner") + sent, "inner", "sends")


def looped(code: str) -> str:
    condition = f"<bpmn:loopCondition><![CDATA[{code}]]></bpmn:loopCondition>"
    characteristics = "<bpmn:standardLoopCharacteristics>{}</bpmn:standardLoopCharacteristics>"
    return with_task(characteristics.format(condition))


def cut_short(code: str) -> str:
    condition = f"<bpmn:completionCondition><![CDATA[{code}]]></bpmn:completionCondition>"
    return multi(f"<bpmn:loopCardinality>2</bpmn:loopCardinality>{condition}")


def counted(code: str) -> str:
    return multi(f"<bpmn:loopCardinality><![CDATA[{code}]]></bpmn:loopCardinality>")


def scripted(tag: str, code: str) -> str:
    return with_task(extension=f"<spiffworkflow:{tag}><![CDATA[{code}]]></spiffworkflow:{tag}>")


def correlated(code: str) -> str:
    return sending(throws("answer").replace('value="ticket"', f'value="{quoted(code)}"'))


Hook = tuple[str | None, Callable[[str], Files]]
"""What may stand there (None: nothing, the hook itself is refused), and the scheme with something there."""

HOOKS: dict[str, Hook] = {
    "a script task": (None, lambda code: drawing(script(code))),
    "a script before a task": (None, lambda code: drawing(scripted("preScript", code))),
    "a script after a task": (None, lambda code: drawing(scripted("postScript", code))),
    "a timer's cycle": (
        None,
        lambda code: drawing(ending(f"<bpmn:timeCycle>{cdata(code)}</bpmn:timeCycle>")),
    ),
    "a condition": ('text == "x"', lambda code: drawing(choosing(code))),
    "a timer's date": ('named_date("closes")', lambda code: drawing(ending(date(cdata(code))))),
    "a timer's duration": ("PT1H", lambda code: drawing(ending(duration(cdata(code))))),
    "a message's payload": (
        '{"person": {"id": unit.id}}',
        lambda code: drawing(sending(throws("begin", cdata(code)))),
    ),
    "a correlation": ("text", lambda code: drawing(correlated(code))),
    "the number of instances": ("2", lambda code: drawing(counted(code))),
    "the end of the instances": ("numberOfCompletedInstances == 1", lambda code: drawing(cut_short(code))),
    "the condition of a loop": ('text == "x"', lambda code: drawing(looped(code))),
    "a service task's parameter": ("unit.name", lambda code: drawing(service(quoted(code)))),
    "what a call hands in": ("unit.name", lambda code: drawing(calling(inputs=f"x={quoted(code)}"))),
    "what a call hands out": ("y", lambda code: drawing(calling(outputs=f"{quoted(code)}=text"))),
    "a form's mapping": (
        "text",
        lambda code: drawing(process("nested", task("inner", outputs=quoted(code)), "inner")),
    ),
    "a table's input": ("text", lambda code: deciding(table(expression=code))),
    "a table's cell": ('"x"', lambda code: deciding(table(entry=code))),
    "a table's output": ('"x"', lambda code: deciding(table(output=code))),
}

ATTACKS = (
    '__import__("pathlib").Path("{canary}").touch()',
    "[c for c in ().__class__.__base__.__subclasses__() if c.__name__ == 'Popen'][0](['touch', '{canary}'])",
)


def cdata(code: str) -> str:
    return f"<![CDATA[{code}]]>"


def quoted(code: str) -> str:
    return code.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")


def refused(files: Mapping[str, bytes]) -> SchemeInvalid:
    """The refusal to publish, soon, with nothing written."""
    begun = time.monotonic()
    with pytest.raises(SchemeInvalid) as refusal, atomic():
        deployments.publish(files, SYSTEM, PUBLISHED)
    assert time.monotonic() - begun < SECONDS
    assert db.session.scalar(select(func.count()).select_from(Deployment)) == 0
    assert db.session.scalar(select(func.count()).select_from(DeploymentFile)) == 0
    return refusal.value


@pytest.mark.usefixtures("app")
class TestCodeInAHook:
    """Each hook of the stock engine, and of ours, with code in it."""

    @pytest.fixture
    def canary(self, tmp_path: Path) -> Path:
        return tmp_path / "canary"

    @pytest.mark.parametrize("number", range(len(HOOKS)), ids=list(HOOKS))
    def test_is_refused_and_not_run(self, canary: Path, number: int) -> None:
        _, made = list(HOOKS.values())[number]
        attack = ATTACKS[number % len(ATTACKS)]
        refusal = refused(made(attack.replace("{canary}", str(canary))))
        told = {problem.file for problem in refusal.problems if problem.severity == "error"}
        assert told <= {NESTED, f"bpmn/{WAITS}/rule.dmn"}
        assert not canary.exists()

    @pytest.mark.parametrize("hook", [name for name, (sound, _) in HOOKS.items() if sound])
    def test_the_same_drawing_with_what_may_stand_there_has_no_error(self, hook: str) -> None:
        sound, made = HOOKS[hook]
        problems = check_scheme(made(sound or ""), capabilities=declarations())
        assert [problem for problem in problems if problem.severity == "error"] == []


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
ENTITIES = {
    "a document type": '<!DOCTYPE d SYSTEM "file:///etc/passwd">',
    "an outer entity": '<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
    "a parameter entity": '<!DOCTYPE d [<!ENTITY % x SYSTEM "http://127.0.0.1:1/x"> %x;]>',
    "a bomb": f'<!DOCTYPE d [<!ENTITY l0 "ha">{LAUGHS}]>',
}


@pytest.mark.usefixtures("app")
class TestMarkup:
    @pytest.mark.parametrize("declaration", ENTITIES.values(), ids=ENTITIES.keys())
    @pytest.mark.parametrize("kind", ["bpmn", "dmn"])
    def test_declarations_are_refused(self, declaration: str, kind: str) -> None:
        prologue = f"<?xml version='1.0'?>{declaration}".encode()
        files = deciding(table())
        path = NESTED if kind == "bpmn" else f"bpmn/{WAITS}/rule.dmn"
        refusal = refused({**files, path: prologue + files[path]})
        assert any("DOCTYPE" in problem.message for problem in refusal.problems)

    @pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
    def test_declarations_are_found_in_other_encodings(self, encoding: str) -> None:
        text = f'<?xml version="1.0" encoding="{encoding}"?>{ENTITIES["an outer entity"]}<d>&x;</d>'
        assert refused({**waits_files(), NESTED: text.encode(encoding)}).problems


def nested_deeply(depth: int) -> str:
    inside = task("inner")
    for number in range(depth):
        inside = sub_process(f"around{number}", inside).replace("inner", "inner", 1)
    return process("nested", inside, f"around{depth - 1}")


def in_circles() -> str:
    gateways = "".join(
        f'<bpmn:exclusiveGateway id="{name}" name="{name}"{more}/>'
        for name, more in (("in", ""), ("back", ' default="back_to_in"'))
    )
    never = "<bpmn:conditionExpression>1 == 2</bpmn:conditionExpression>"
    out = f'<bpmn:sequenceFlow id="out" sourceRef="back" targetRef="done">{never}</bpmn:sequenceFlow>'
    inside = gateways + flows("in", "back", "in") + out + end("done")
    return process("nested", inside, "in", last=False)


BOMBS = {
    "a process that calls itself": drawing(process("nested", call("around", "nested"))),
    "two that call each other": drawing(
        process("nested", call("around", "other")), process("other", call("around", "nested"))
    ),
    "a file of five megabytes": drawing(
        process("nested", f"<!--{'x' * 5_000_000}-->" + task("inner"), "inner")
    ),
    "twenty thousand tasks": drawing(
        process("nested", "".join(task(f"t{n}") for n in range(20_000)), *(f"t{n}" for n in range(20_000)))
    ),
    "a condition of a megabyte": drawing(choosing("1 + " * 250_000 + "1")),
    "a condition nested ten thousand deep": drawing(choosing("(" * 10_000 + "1" + ")" * 10_000)),
    "a table of half a million cells": deciding(
        table().replace(b"</rule>", b"</rule>" + b'<rule id="x"><inputEntry/><outputEntry/></rule>' * 250_000)
    ),
    "anchors that double": {
        **waits_files(),
        f"bpmn/{WAITS}/clauses.yaml": (
            "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 40))
        ).encode(),
    },
    "YAML of a megabyte": {**waits_files(), f"bpmn/{WAITS}/clauses.yaml": b"x: y\n" * 200_000},
    "YAML nested ten thousand deep": {**waits_files(), f"bpmn/{WAITS}/clauses.yaml": b"[" * 10_000},
    "a YAML tag that makes objects": {
        **waits_files(),
        f"bpmn/{WAITS}/clauses.yaml": b'x: !!python/object/apply:os.system ["touch /tmp/canary"]',
    },
    "a form nested ten thousand deep": {
        **waits_files(),
        f"forms/{WAITS}/note.json": b'{"properties":' * 10_000 + b"{}" + b"}" * 10_000,
    },
    "a pattern that takes for ever": {
        **waits_files(),
        f"forms/{WAITS}/note.json": (
            b'{"type": "object", "title": "x", "properties": {"text": {"type": "string", "title": "x",'
            b' "pattern": "(a+)+$"}}}'
        ),
    },
    "a form that is no text": {**waits_files(), f"forms/{WAITS}/note.json": b"\xff\xfe\x00" * 1000},
}


@pytest.mark.usefixtures("app")
class TestBombs:
    @pytest.mark.parametrize("files", BOMBS.values(), ids=BOMBS.keys())
    def test_are_refused_soon(self, files: dict[str, bytes]) -> None:
        assert refused(files).problems

    def test_a_circle_in_which_nothing_waits_is_refused_at_the_latest_when_it_runs(self) -> None:
        try:
            with atomic():
                deployments.publish(drawing(in_circles()), SYSTEM, PUBLISHED)
        except SchemeInvalid:
            return
        self.start_is_refused("nested")

    def test_three_million_instances_never_start(self) -> None:
        many = multi("<bpmn:loopCardinality>3000000</bpmn:loopCardinality>")
        try:
            with atomic():
                deployments.publish(drawing(many), SYSTEM, PUBLISHED)
        except SchemeInvalid:
            return
        self.start_is_refused("nested")

    def start_is_refused(self, name: str) -> None:
        world = make_world()
        begun = time.monotonic()
        with pytest.raises(EngineError):
            open_wait(world, name, at("2021-06-10 09:00"))
        assert time.monotonic() - begun < SECONDS
        assert db.session.scalar(select(func.count()).select_from(Case)) == 0


class TestTheCommand:
    """What a stranger's folder can do to who publishes it: nothing but be refused in sentences."""

    def folder(self, root: Path, files: Mapping[str, bytes]) -> Path:
        for path, content in files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(content)
        return root / "bpmn" / WAITS

    def run(self, app: Flask, command: str, folder: Path) -> Result:
        return app.test_cli_runner().invoke(args=["scheme", command, str(folder)])

    @pytest.mark.parametrize("command", ["publish", "check", "test"])
    def test_refuses_a_hostile_folder_in_sentences(self, app: Flask, tmp_path: Path, command: str) -> None:
        hostile = {
            **waits_files(),
            NESTED: document(choosing("__import__('os')")),
            f"bpmn/{WAITS}/called.bpmn": b"<!DOCTYPE x>" + waits_files()[f"bpmn/{WAITS}/called.bpmn"],
        }
        told = self.run(app, command, self.folder(tmp_path, hostile))
        assert told.exit_code == 1
        assert isinstance(told.exception, SystemExit)
        assert "Traceback" not in told.output
        assert "DOCTYPE" in told.output
        assert db.session.scalar(select(func.count()).select_from(Deployment)) == 0

    def test_reads_no_file_of_three_megabytes(self, app: Flask, tmp_path: Path) -> None:
        big = {**waits_files(), f"bpmn/{WAITS}/big.bpmn": b"x" * 3_000_000}
        told = self.run(app, "publish", self.folder(tmp_path, big))
        assert "太大" in told.output

    def test_reads_nothing_outside_the_folder(self, app: Flask, tmp_path: Path) -> None:
        """A link in a stranger's folder would publish whatever the operator can read."""
        (tmp_path / "secret").write_text("秘密")
        folder = self.folder(tmp_path / "scheme", waits_files())
        (folder / "clauses2.yaml").symlink_to(tmp_path / "secret")
        self.run(app, "publish", folder)
        stored = db.session.scalars(select(DeploymentFile.content)).all()
        assert not any("秘密".encode() in content for content in stored)


def test_a_published_scheme_can_be_started(app: Flask) -> None:
    """The scheme that all of these are made from is sound."""
    publish_waits()
    assert open_wait(make_world(), "nested", at("2021-06-10 09:00"))
