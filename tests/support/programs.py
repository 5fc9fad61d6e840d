"""The year's people as programs: each calls the API with a token."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import Any

from app.operations.trials.made_up import content_of
from support import year
from support.api import Caller, caller
from support.pages import Stage


class Program:
    """Everybody who takes part, each with a token."""

    def __init__(self, stage: Stage) -> None:
        self.anybody = Caller(stage.app)
        names = (year.BUREAU, year.OFFICE, year.EXAMINERS, year.TRAINERS)
        self.callers: dict[str | None, Caller] = {name: caller(stage, name) for name in names}
        self.people: dict[str, int] = {}

    @property
    def unit(self) -> Caller:
        return self.callers[None]

    def register(self) -> None:
        assert year.UNIT["region"] in {region["code"] for region in self.anybody.done("GET", "/regions")}
        self.anybody.done("POST", "/units", year.UNIT)
        self.callers[None] = self.anybody.sign_in(year.UNIT["login"])
        departments = {one["name"]: one["id"] for one in self.unit.done("GET", "/departments")}
        superior = departments[year.DEPARTMENT]
        self.unit.done("PUT", "/units/current/profile", {"superior": superior, **year.PROFILE})

    def add_person(self, name: str, id_number: str) -> None:
        added = self.unit.done("POST", "/people", {"name": name, "id_number": id_number}, key=name)
        self.people[name] = added["id"]

    def move_clock(self, to: str) -> None:
        told = {"to": f"{to}:00+08:00"}
        moved = self.callers[year.OFFICE].done("PUT", f"/clocks/{year.SCHEME}", told)
        assert moved["parked"] == 0

    def start(self, who: str | None, process: str) -> None:
        self.callers[who].done("POST", "/cases", {"scheme": year.SCHEME, "process": process})

    def complete(self, who: str | None, task: str, of: str | None, values: Mapping[str, Any]) -> None:
        operator = self.callers[who]
        found = self._task(operator, task, of)
        sent = {"values": self._entered(operator, found["form"], values)}
        operator.done("POST", f"/tasks/{found['id']}/completion", sent, key=f"{found['id']}")

    def draft(self, task: str, of: str, values: Mapping[str, Any]) -> None:
        found = self._task(self.unit, task, of)
        self.unit.done("PUT", f"/tasks/{found['id']}/draft", {"values": values})
        assert self.unit.get(f"/tasks/{found['id']}")["typed"] == values

    def status(self, of: str) -> str:
        status: str = self._case(of)["status"]
        return status

    def certificate(self, of: str) -> str:
        (issued,) = self.unit.get(f"/cases/{self._case(of)['id']}")["certificates"]
        number: str = issued["number"]
        return number

    def verified(self, number: str) -> str:
        (found,) = self.anybody.done("GET", f"/certificates/{number}")["certificates"]
        assert found["state"] == "valid"
        return str(found)

    def _case(self, of: str) -> Any:
        (case,) = self.unit.get("/cases", scheme=year.SCHEME, process="application", name=of)["items"]
        return case

    def _task(self, operator: Caller, name: str, of: str | None) -> Any:
        waiting = operator.get("/tasks", **({"name": of} if of else {}))["items"]
        (found,) = [row for row in waiting if (row["name"], row["person"]) == (name, of)]
        return operator.get(f"/tasks/{found['id']}")

    def _entered(self, operator: Caller, form: Any, values: Mapping[str, Any]) -> dict[str, Any]:
        """The values with files sent before and people by their ids, as the form's schema says which are."""
        fields = form["properties"]
        return {name: self._one(operator, fields[name], value) for name, value in values.items()}

    def _one(self, operator: Caller, field: Any, value: Any) -> Any:
        if isinstance(value, list):
            return [self._one(operator, field["items"], item) for item in value]
        if isinstance(value, dict):
            return self._entered(operator, field, value)
        if field.get("format") == "person":
            return self.people[value]
        if field.get("format") == "file":
            upload = BytesIO(content_of(value.rpartition(".")[2])), value
            return operator.done("POST", "/files", data={"file": upload})["name"]
        return value
