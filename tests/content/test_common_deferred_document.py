"""容缺后补 (bpmn/common/deferred_document.bpmn): one instant decides, whatever the case around it does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from support.tables import EveryDay

from app.config import PROJECT
from app.engine import Context, Instance, load_definitions

PART = PROJECT / "bpmn" / "common" / "deferred_document.bpmn"
DUE = datetime(2025, 6, 30, 16, tzinfo=UTC)
"""24:00 of 30 June."""
MAY = datetime(2025, 5, 6, 1, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)
CALLER = """<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" id="d" targetNamespace="t"
 xmlns:spiffworkflow="http://spiffworkflow.org/bpmn/schema/1.0/core">
 <error id="broken" errorCode="pledge_broken"/>
 <process id="caller" isExecutable="true">
  <startEvent id="begin"/><sequenceFlow id="f0" sourceRef="begin" targetRef="whole"/>
  <subProcess id="whole">
   <startEvent id="in"/><sequenceFlow id="f1" sourceRef="in" targetRef="split"/>
   <parallelGateway id="split"/>
   <sequenceFlow id="f2" sourceRef="split" targetRef="owed"/>
   <sequenceFlow id="f3" sourceRef="split" targetRef="site"/>
   <callActivity id="owed" name="owed" calledElement="deferred_document">
    <extensionElements><spiffworkflow:properties>
     <spiffworkflow:property name="inputs" value="pledged"/>
    </spiffworkflow:properties></extensionElements>
   </callActivity>
   <userTask id="site" name="site"/><userTask id="panel" name="panel"/>
   <sequenceFlow id="f4" sourceRef="site" targetRef="panel"/>
   <sequenceFlow id="f5" sourceRef="owed" targetRef="join"/>
   <sequenceFlow id="f6" sourceRef="panel" targetRef="join"/>
   <parallelGateway id="join"/><sequenceFlow id="f7" sourceRef="join" targetRef="out"/><endEvent id="out"/>
  </subProcess>
  <boundaryEvent id="caught" attachedToRef="whole">
   <errorEventDefinition id="e" errorRef="broken"/>
  </boundaryEvent>
  <sequenceFlow id="f8" sourceRef="caught" targetRef="failed"/><endEvent id="failed"/>
  <sequenceFlow id="f9" sourceRef="whole" targetRef="certified"/><endEvent id="certified"/>
 </process>
</definitions>"""


class Walk:
    """A case with a pledge, in a scheme that does nothing but wait beside it."""

    def __init__(self, due: datetime | None = DUE) -> None:
        self.due = due
        definitions = load_definitions({"caller.bpmn": CALLER.encode(), PART.name: Path(PART).read_bytes()})
        self.case = Instance.start(definitions, "caller", {"pledged": "2024年度考核"}, self._at(MAY))

    def _at(self, now: datetime) -> Context:
        return Context(now, {"pledge_due": self.due}, EveryDay(), {})

    def complete(self, element: str, now: datetime = MAY, **variables: Any) -> Walk:
        (wait,) = (wait for wait in self.case.snapshot().tasks if wait.element == element)
        self.case.complete(wait.token, variables, self._at(now))
        return self

    def upload(self, now: datetime = MAY) -> Walk:
        return self.complete("upload", now, deferred_filed_on="2025-05-01")

    def check(self, decision: str, now: datetime = MAY) -> Walk:
        return self.complete("check_upload", now, deferred_decision=decision, deferred_opinion="缺章")

    def midnight(self) -> Walk:
        (timer,) = self.case.snapshot().timers
        self.case.fire(timer.token, self._at(DUE))
        return self

    @property
    def open(self) -> set[str]:
        return {wait.element for wait in self.case.snapshot().tasks}

    @property
    def outcome(self) -> str | None:
        found = self.case.snapshot().outcome
        return found.element if found else None


@pytest.mark.parametrize("done", [(), ("site",)])
def test_nothing_uploaded_by_midnight_ends_the_case_wherever_it_is(done: tuple[str, ...]) -> None:
    walk = Walk()
    for element in done:
        walk.complete(element)
    assert walk.case.snapshot().timers[0].due_at == DUE
    assert walk.midnight().outcome == "failed"
    assert walk.open == set()


def test_the_case_goes_on_beside_it_and_both_come_together_before_the_certificate() -> None:
    walk = Walk().complete("site").complete("panel")
    assert walk.open == {"upload"}
    assert walk.upload().check("approve").outcome == "certified"


@pytest.mark.parametrize("decision", ["approve", "reject"])
def test_uploaded_in_time_counts_though_it_is_reviewed_later(decision: str) -> None:
    walk = Walk().upload(DUE - MOMENT)
    assert not walk.case.snapshot().timers
    walk.check(decision, DUE + timedelta(days=3))
    if decision == "approve":
        assert walk.complete("site").complete("panel").outcome == "certified"
    else:
        assert walk.outcome == "failed"


def test_refused_before_the_deadline_it_may_be_uploaded_again_and_the_deadline_stays() -> None:
    walk = Walk().upload().check("reject", DUE - MOMENT)
    assert walk.open == {"upload", "site"}
    assert walk.case.snapshot().timers[0].due_at == DUE
    assert walk.midnight().outcome == "failed"


def test_refused_at_the_very_instant_there_is_no_second_upload() -> None:
    assert Walk().upload().check("reject", DUE).outcome == "failed"


def test_a_deadline_that_nobody_knows_yet_fails_nobody() -> None:
    walk = Walk(None)
    assert walk.case.snapshot().timers[0].due_at is None
    assert walk.upload().check("reject", DUE + timedelta(days=99)).open == {"upload", "site"}
