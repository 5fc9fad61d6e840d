"""What a supervisor sees and retries by the API is what the pages show."""

from __future__ import annotations

from support.api import Caller, caller, problem
from support.pages import Stage
from support.world import BUREAU, LIBRARY, OFFICE, SCHEME, open_filing

from app.extensions import atomic
from app.models import Incident


def watcher(stage: Stage, name: str = OFFICE) -> Caller:
    stage.give(name, "supervisor")
    return caller(stage, name)


def test_where_cases_stand_and_for_how_long(stage: Stage) -> None:
    open_filing(stage.world, when="2021-06-07 09:00")
    told = watcher(stage).get("/monitor", scheme=SCHEME)
    assert told["statuses"] == [{"process": "filing", "status": "待提交", "count": 1}]
    (load,) = told["offices"]
    assert (load["office"], load["count"], load["ages"]) == (LIBRARY, 1, [0, 1, 0, 0])
    problem(watcher(stage)("GET", "/monitor?scheme=none-2021"), 404, "not_found")


def test_an_incident_is_seen_and_retried_once_and_logged(stage: Stage) -> None:
    case_id = open_filing(stage.world)
    with atomic() as session:
        deadlines = [{"element": "until", "due_at": "2021-07-01T00:00:00+08:00"}]
        told = {"case_id": case_id, "kind": "message", "element": "x", "message": "样例"}
        session.add(Incident(**told, deadlines=deadlines, opened_at=stage.now()))
    supervisor = watcher(stage, BUREAU)
    (found,) = supervisor.get("/incidents")
    assert (found["case_id"], found["unit"], found["message"]) == (case_id, LIBRARY, "样例")
    assert found["deadlines"][0]["due_at"] == "2021-07-01T00:00:00+08:00"
    supervisor.done("POST", f"/incidents/{found['id']}/retry")
    assert supervisor.get("/incidents") == []
    problem(supervisor("POST", f"/incidents/{found['id']}/retry"), 404, "not_found")
