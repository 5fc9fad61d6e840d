"""The stock engine's opinion where it is known to be sound, and a proof of each difference where it is not.

docs/engine-differences.md lists the differences; each test here is the proof of one of them.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from generator import HEAD, diagrams
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_judge import Engine
from token_game import Game

ONE_TOKEN = frozenset({"task", "sequence", "split", "loop", "sub", "call", "exclusiveGateway"})
NO_CHOICE = frozenset({"task", "sequence", "split", "sub", "call", "parallelGateway"})
Walk = list[tuple[str, dict[str, Any]]]


class Stock:
    """A process that runs the stock engine, and nothing of ours."""

    def __init__(self) -> None:
        program = str(Path(__file__).with_name("stock.py"))
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        self.process = subprocess.Popen([sys.executable, program], text=True, **pipes)

    def play(self, document: bytes, walk: Walk, **variables: Any) -> dict[str, Any]:
        request = {"document": document.decode(), "variables": {"v": 0, **variables}, "walk": walk}
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


@pytest.fixture(scope="module")
def stock() -> Iterator[Stock]:
    found = Stock()
    yield found
    found.process.stdin.close()
    found.process.wait(10)


def walked(document: bytes, data: st.DataObject) -> tuple[Walk, list[list[str]], bool]:
    engine = Engine(document)
    walk: Walk = []
    opened = [sorted(wait[1] for wait, _, _ in engine.open)]
    while engine.open and len(walk) < 15:
        wait, _, _ = data.draw(st.sampled_from(engine.open))
        given = {"v": data.draw(st.integers(0, 2))}
        engine.end(wait, given)
        walk.append((wait[1], given))
        opened.append(sorted(wait[1] for wait, _, _ in engine.open))
    return walk, opened, engine.over


@given(diagrams(ONE_TOKEN) | diagrams(NO_CHOICE), st.data())
@settings(suppress_health_check=list(HealthCheck), max_examples=settings().max_examples // 2)
def test_where_one_token_runs_or_nothing_is_chosen_both_engines_agree(
    stock: Stock, document: bytes, data: st.DataObject
) -> None:
    walk, opened, over = walked(document, data)
    answer = stock.play(document, walk)
    assert answer["open"] == opened
    assert answer["over"] is over


def diagram(text: str) -> bytes:
    """``s>f f>a x[v=1]>b``; by its first letter s is a start, e an end, f and j fork and join, x a choice."""
    kinds = {"s": "startEvent", "e": "endEvent", "f": "parallelGateway", "j": "parallelGateway"}
    kinds |= {"x": "exclusiveGateway", "o": "inclusiveGateway"}
    names, parts = [], []
    for number, arrow in enumerate(text.split()):
        source, target = arrow.split(">")
        source, _, condition = source.partition("[")
        names += [source, target]
        inside = condition.rstrip("]").replace("=", " == ")
        inside = f"<bpmn:conditionExpression>{inside}</bpmn:conditionExpression>" if condition else ""
        ends = f'id="flow{number}" sourceRef="{source}" targetRef="{target}"'
        parts.append(f"<bpmn:sequenceFlow {ends}>{inside}</bpmn:sequenceFlow>")
    for name in dict.fromkeys(names):
        kind = kinds.get(name[0], "userTask")
        default = next(
            (f"flow{n}" for n, arrow in enumerate(text.split()) if arrow.startswith(f"{name}>")), ""
        )
        extra = f' default="{default}"' if kind in ("exclusiveGateway", "inclusiveGateway") else ""
        parts.append(f'<bpmn:{kind} id="{name}"{extra}/>')
    process = f'<bpmn:process id="main" isExecutable="true">{"".join(parts)}</bpmn:process>'
    return f"{HEAD}{process}</bpmn:definitions>".encode()


def ours(document: bytes, walk: Walk) -> list[list[str]]:
    """What is open after each step: by the engine, and by the independent token game, which must agree."""
    engine, game = Engine(document), Game(document, "main", {"v": 0})
    opened = [sorted(wait[1] for wait, _, _ in engine.open)]
    for element, variables in walk:
        wait = next(wait for wait, _, _ in engine.open if wait[1] == element)
        engine.end(wait, variables)
        game.end(wait, variables)
        opened.append(sorted(wait[1] for wait, _, _ in engine.open))
        assert opened[-1] == sorted(wait[1] for wait in game.waits())
    return opened


REWORK = diagram("s>xm xm>f f>a f>b a>j b>j j>c c>x x[v=1]>xm x>e")


def test_difference_1_a_parallel_join_in_a_rework_loop(stock: Stock) -> None:
    """Stock: arrivals of the round before count; the join fires before the second branch is done."""
    rounds: Walk = [("a", {}), ("b", {}), ("c", {"v": 1})] * 2 + [("b", {}), ("a", {})]
    assert ours(REWORK, rounds)[-2:] == [["a"], ["c"]]
    assert stock.play(REWORK, rounds)["open"] != ours(REWORK, rounds)


def test_difference_2_variables_of_parallel_branches(stock: Stock) -> None:
    """Stock: the branch that ends last brings back what the variable was when the branches parted."""
    document = diagram("s>f f>a f>b a>j b>j j>x x[v=1]>c x>h c>e h>e")
    walk: Walk = [("a", {"v": 1}), ("b", {})]
    assert ours(document, walk)[-1] == ["c"]
    assert stock.play(document, walk)["open"][-1] == ["h"]


def test_difference_3_a_long_case(stock: Stock) -> None:
    """Stock: at a depth of 1000 tokens nothing moves any more, and the case calls itself completed."""
    document = diagram("s>x x>a a>xn xn[v=1]>x xn>e")
    walk: Walk = [("a", {"v": 1})] * 400
    assert ours(document, walk)[-1] == ["a"]
    answer = stock.play(document, walk)
    assert "error" in answer or answer["open"][-1] != ["a"]


def test_difference_4_several_flows_out_of_a_task(stock: Stock) -> None:
    """Stock: refused; the standard makes them a parallel split."""
    document = diagram("s>a a>b a>c b>e c>e")
    assert ours(document, [("a", {})])[-1] == ["b", "c"]
    assert "error" in stock.play(document, [])


def test_difference_5_a_called_process_behind_a_join_that_fills_at_once(stock: Stock) -> None:
    """Stock: where two flows go straight from a fork to its join, the call behind it fails."""
    inner = diagram("si>b b>ei").removesuffix(b"</bpmn:definitions>")
    called = (
        inner[inner.index(b"<bpmn:process") :]
        .replace(b"flow", b"inner")
        .replace(b'id="main"', b'id="called"')
    )
    document = diagram("s>f f>j f>j j>a a>e").replace(
        b'<bpmn:userTask id="a"/>', b'<bpmn:callActivity id="a" calledElement="called"/>'
    )
    document = document.replace(b"</bpmn:definitions>", called + b"</bpmn:definitions>")
    assert ours(document, [("b", {})])[0] == ["b"]
    assert stock.play(document, [])["error"].startswith("TaskNotFound")
