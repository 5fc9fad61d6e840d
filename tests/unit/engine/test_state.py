"""A case's state as bytes: canonical, closed to forgery, and only plain data in it."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta, timezone
from types import MappingProxyType
from typing import Any

import pytest
import zstandard
from diagrams import NOW, Walk, boundary, chain, context, element, flow, load, nodes, timer
from hypothesis import given
from hypothesis import strategies as st

from app.engine import Instance, NotPlain, StateInvalid
from app.engine.civil import Duration

TASK = nodes(s="startEvent", a="userTask", e="endEvent") + chain("s", "a", "e")
DEFINITIONS = load(TASK)

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8"))
    | st.sampled_from(["$date", '"$', "$$instant"])
    | st.dates()
    | st.datetimes(timezones=st.just(UTC))
)
keys = st.sampled_from(["$date", "$instant", "$", "$$date", "typename", "日期"]) | st.text(
    st.characters(codec="utf-8")
)
plain = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3)
)


def typed(value: Any) -> Any:
    """The value with its types: 1, 1.0 and True are three things."""
    if isinstance(value, dict):
        return {key: typed(item) for key, item in value.items()}
    return [typed(item) for item in value] if isinstance(value, list) else (type(value), value)


def stored(variables: dict[str, Any]) -> dict[str, Any]:
    dumped = Instance.start(DEFINITIONS, "main", variables, context()).dump()
    return Instance.load(DEFINITIONS, dumped).snapshot().variables


@given(st.dictionaries(keys, plain, max_size=4))
def test_every_plain_value_comes_back_as_it_was_and_in_the_same_bytes(variables: dict[str, Any]) -> None:
    instance = Instance.start(DEFINITIONS, "main", variables, context())
    dumped = instance.dump()
    again = Instance.load(DEFINITIONS, dumped)
    assert typed(again.snapshot().variables) == typed(variables)
    assert again.dump() == dumped


@pytest.mark.parametrize(
    "forged", [{"$date": "2021-01-01"}, {"$instant": "x"}, {"typename": "timedelta", "x": 1}]
)
def test_data_can_not_pass_for_a_tag_or_a_type(forged: dict[str, Any]) -> None:
    assert stored({"field": forged, "day": date(2021, 1, 1)}) == {"field": forged, "day": date(2021, 1, 1)}


def test_an_instant_is_kept_in_utc() -> None:
    local = datetime(2021, 7, 24, tzinfo=timezone(timedelta(hours=8)))
    found = stored({"at": local})["at"]
    assert (found, found.tzinfo) == (local, UTC)


@pytest.mark.parametrize(
    "value",
    [
        object(),
        {1, 2},
        {1: "x"},
        math.nan,
        math.inf,
        2**63,
        b"x",
        "\ud800",
        {"\ud800": 1},
        datetime(2021, 1, 1),  # noqa: DTZ001 - without a zone on purpose
        Duration(1),
        type("Text", (str,), {})("x"),
    ],
)
def test_what_is_not_plain_is_refused_with_the_variables_name(value: Any) -> None:
    with pytest.raises(NotPlain, match="“档案”") as caught:
        Instance.start(DEFINITIONS, "main", {"档案": [value]}, context())
    assert caught.value.details["variable"] == "档案"


def test_what_expressions_take_from_the_schemes_own_data_is_kept_as_lists_and_mappings() -> None:
    own = MappingProxyType({"grades": ("junior", "senior")})
    assert stored({"x": own}) == {"x": {"grades": ["junior", "senior"]}}


def test_data_that_is_too_deep_is_refused() -> None:
    deep: list[Any] = []
    for _ in range(60):
        deep = [deep]
    with pytest.raises(NotPlain, match="层次"):
        Instance.start(DEFINITIONS, "main", {"x": deep}, context())


def test_the_engine_keeps_copies() -> None:
    mine = {"rows": [1]}
    walk = Walk(TASK, {"x": mine})
    mine["rows"].append(2)
    assert walk.instance.snapshot().variables == {"x": {"rows": [1]}}


def test_the_same_state_by_another_way_has_the_same_bytes() -> None:
    one = Instance.start(DEFINITIONS, "main", {"x": 1, "y": {"b": 1, "a": 2}}, context())
    two = Instance.start(DEFINITIONS, "main", {"y": {"a": 2, "b": 1}, "x": 1}, context(NOW + timedelta(1)))
    assert one.dump() == two.dump()


class TestRefused:
    DUMP = Instance.start(DEFINITIONS, "main", {}, context()).dump()

    @pytest.mark.parametrize(
        "state", [b"", b"\x00", b"\x02" + DUMP[1:], DUMP[:1], DUMP[:-3], b'{"spec": {}}']
    )
    def test_anything_that_this_version_did_not_write(self, state: bytes) -> None:
        with pytest.raises(StateInvalid):
            Instance.load(DEFINITIONS, state)

    def test_a_state_of_another_process(self) -> None:
        with pytest.raises(StateInvalid):
            Instance.load(load(f'<bpmn:process id="other">{TASK}</bpmn:process>'), self.DUMP)

    def test_a_token_on_an_element_that_is_gone(self) -> None:
        changed = load(nodes(s="startEvent", b="userTask", e="endEvent") + chain("s", "b", "e"))
        with pytest.raises(StateInvalid):
            Instance.load(changed, self.DUMP)

    @pytest.mark.parametrize("inside", [b"[]", b"{}", b"null", b'{"process": 1}', b"not json"])
    def test_bytes_that_are_no_state(self, inside: bytes) -> None:
        with pytest.raises(StateInvalid):
            Instance.load(DEFINITIONS, b"\x01" + zstandard.compress(inside))


def test_a_state_is_small_and_holds_nothing_that_is_over() -> None:
    text = nodes(s="startEvent", a="userTask", b="userTask") + chain("s", "a", "b", "a")
    text += boundary("t", "a", timer("P3D", "timeDuration")) + element("endEvent", "late") + flow("t", "late")
    walk = Walk(text).complete("a", note="x").complete("b")
    size = len(walk.instance.dump())
    for _ in range(100):
        walk.complete("a", note="x").complete("b")
    assert len(walk.instance.dump()) <= size + 8
    assert size < 400
