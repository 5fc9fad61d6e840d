"""What is read from a diagram, and what a stranger's file can't do."""

from __future__ import annotations

import pytest
from diagrams import chain, document, element, flow, load, message, nodes, process, properties, service, timer

from app.engine import check_definitions, load_definitions
from app.errors import SchemeInvalid

LANES = """<bpmn:laneSet id="ls"><bpmn:lane id="l1" name="区县人力社保局">
<bpmn:flowNodeRef>a</bpmn:flowNodeRef><bpmn:flowNodeRef>p</bpmn:flowNodeRef></bpmn:lane></bpmn:laneSet>"""
GOOD = document(process(nodes(s="startEvent", a="userTask") + chain("s", "a")))


def test_an_element_is_read_with_its_lane_properties_and_clauses() -> None:
    given = properties(
        clauses="CQ-12, CQ-13", formJsonSchemaFilename="review.json", role="bureau", status="待审核"
    )
    inner = nodes(is_="startEvent", b="userTask", ie="endEvent") + chain("is_", "b", "ie")
    text = (
        LANES
        + nodes(s="startEvent", e="endEvent")
        + element("subProcess", "p", inner)
        + chain("s", "a", "p", "e")
    )
    elements = load(text + element("userTask", "a", "", given)).processes["main"].elements
    a, b = elements["a"], elements["b"]
    assert (a.kind, a.name, a.lane, a.parent) == ("userTask", "a", "区县人力社保局", None)
    assert (a.clauses, a.form, a.role) == (("CQ-12", "CQ-13"), "review.json", "bureau")
    assert (b.parent, b.lane, b.role) == ("p", "区县人力社保局", "区县人力社保局")


def test_a_flow_is_read_with_its_condition_and_clauses() -> None:
    extension = f"<bpmn:extensionElements>{properties(clauses='CQ-01')}</bpmn:extensionElements>"
    text = nodes(s="startEvent", g="exclusiveGateway", a="userTask") + chain("s", "g")
    text += flow("g", "a", "x > 1", id="f").replace("<bpmn:condition", extension + "<bpmn:condition", 1)
    found = load(text).processes["main"].flows["f"]
    assert (found.source, found.target, found.condition, found.clauses) == ("g", "a", "x > 1", ("CQ-01",))


def test_a_process_tells_what_it_needs() -> None:
    inner = process(nodes(is_="startEvent") + element("endEvent", "ie"), "inner")
    text = element("startEvent", "m", message("ping")) + service("v", "reserve_place", grade="g")
    text += element("callActivity", "c", calledElement="inner") + element(
        "userTask", "a", "", properties(role="r")
    )
    text += element("intermediateCatchEvent", "t", timer('named_date("exam")')) + chain(
        "m", "v", "c", "a", "t"
    )
    found = load(text, inner.replace("</bpmn:process>", chain("is_", "ie") + "</bpmn:process>")).processes[
        "main"
    ]
    assert (found.called, found.capabilities, found.roles) == ({"inner"}, {"reserve_place"}, {"r"})
    assert (found.start, found.start_messages) == (None, {"ping": "m"})
    assert {(used.element, used.expression.source) for used in found.expressions} == {
        ("v", "g"),
        ("t", 'named_date("exam")'),
    }


def test_all_problems_of_all_files_are_told() -> None:
    with pytest.raises(SchemeInvalid) as caught:
        load_definitions({"a.bpmn": b"<x", "b.bpmn": b"<x/>", "c.bpmn": GOOD, "d.dmn": b"<y"})
    assert {problem.file for problem in caught.value.problems} == {"a.bpmn", "b.bpmn", "d.dmn"}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not xml",
        b'<!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>',
        b'<!DOCTYPE x SYSTEM "http://example.org/x.dtd"><x/>',
        b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><x>&f;</x>',
        '<!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>'.encode("utf-16"),
        b"<x>" * 100_000,
        b"<a>" + b" " * 5_000_000 + b"</a>",
        b"\xff\xfe\x00",
    ],
)
def test_a_strangers_file_is_refused_and_nothing_is_fetched(data: bytes) -> None:
    problems = check_definitions({"a.bpmn": data})
    assert [problem.severity for problem in problems] == ["error"]


def test_files_of_other_kinds_are_left_alone() -> None:
    assert (
        check_definitions({"scheme.yaml": b"x", "a.bpmn": GOOD, "form.json": b"{"})[0].severity == "warning"
    )


def test_comments_and_processing_instructions_change_nothing() -> None:
    noisy = GOOD.replace(b"<bpmn:userTask", b"<!-- x --><?pi y?><bpmn:userTask")
    assert load_definitions({"a.bpmn": noisy}).processes["main"].elements.keys() == {"s", "a"}
