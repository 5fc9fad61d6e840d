"""Ways back: to which earlier task a case may go from a task, what falls, what stays."""

from __future__ import annotations

from diagrams import Walk, boundary, chain, element, flow, load, nodes, process, timer

from app.engine import WayBack, tasks_before

LINE = nodes(s="startEvent", a="userTask", b="userTask", c="userTask", e="endEvent")
LINE += chain("s", "a", "b", "c", "e")
FORK = nodes(
    s="startEvent", w="userTask", split="parallelGateway", join="parallelGateway", y="userTask", e="endEvent"
) + nodes(a1="userTask", a2="userTask", b1="userTask", b2="userTask")
FORK += chain("s", "w", "split", "a1", "a2", "join", "y", "e") + chain("split", "b1", "b2", "join")
MULTI = "<bpmn:multiInstanceLoopCharacteristics><bpmn:loopCardinality>2</bpmn:loopCardinality>"
MULTI += "</bpmn:multiInstanceLoopCharacteristics>"


class Case(Walk):
    """A walk that remembers which token did which task, as the list of tasks does."""

    def complete(self, element: str, **variables: object) -> Case:
        self.did = {**getattr(self, "did", {}), element: self.token("tasks", element)}
        super().complete(element, **variables)
        return self

    def way(self, here: str, to: str, process_id: str = "main") -> WayBack | None:
        return self.instance.way_back(self.token("tasks", here), self.did[to], (process_id, to))

    def back(self, here: str, to: str, process_id: str = "main") -> Case:
        way = self.way(here, to, process_id)
        assert way is not None
        self.move(way.cancel, way.start)
        return self


def undone(way: WayBack | None) -> set[str]:
    assert way is not None
    return {element for _, element in way.between}


def may(text: str, here: str) -> set[str]:
    definitions = load(text)
    return {task for _, task in tasks_before(definitions, definitions.processes["main"], here)}


def test_in_a_line_every_earlier_task_may_be_gone_back_to() -> None:
    case = Case(LINE).complete("a").complete("b")
    assert undone(case.way("c", "a")) == {"a", "b", "c"}
    assert case.back("c", "a").open == ["a"]
    assert case.complete("a").complete("b").complete("c").outcome == "e"
    assert may(LINE, "c") == {"a", "b"}
    assert may(LINE, "a") == set()


class TestParallelBranches:
    def test_only_the_branch_that_goes_back_falls(self) -> None:
        case = Case(FORK).complete("w").complete("a1").complete("b1")
        assert undone(case.way("a2", "a1")) == {"a1", "a2"}
        assert case.back("a2", "a1").open == ["a1", "b2"]
        for task in ("b2", "a1", "a2", "y"):
            case.complete(task)
        assert case.outcome == "e"

    def test_before_the_fork_all_branches_fall(self) -> None:
        case = Case(FORK).complete("w").complete("b1").complete("b2").complete("a1")
        assert undone(case.way("a2", "w")) == {"w", "split", "a1", "a2", "b1", "b2", "join"}
        assert case.back("a2", "w").open == ["w"]
        for task in ("w", "b1", "b2", "a1", "a2", "y"):
            case.complete(task)
        assert case.outcome == "e"

    def test_another_branch_is_out_of_reach(self) -> None:
        case = Case(FORK).complete("w").complete("b1").complete("a1")
        assert case.way("a2", "b1") is None
        assert may(FORK, "a2") == {"w", "a1"}

    def test_after_the_join_one_branch_is_done_again_and_the_others_stay_done(self) -> None:
        case = Case(FORK)
        for task in ("w", "a1", "b1", "a2", "b2"):
            case.complete(task)
        assert case.back("y", "a2").open == ["a2"]
        assert case.complete("a2").open == ["y"]
        assert case.complete("y").outcome == "e"
        assert may(FORK, "y") == {"w", "a1", "a2", "b1", "b2"}

    def test_a_loop_around_the_fork_opens_no_way_across(self) -> None:
        text = FORK.replace(flow("s", "w"), flow("s", "w") + nodes(again="exclusiveGateway"))
        text = text.replace(flow("y", "e"), flow("y", "again") + flow("again", "e", "v == 0"))
        text += flow("again", "w", "v == 1")
        case = Case(text).complete("w").complete("a1").complete("b1")
        assert case.way("a2", "b1") is None
        case.complete("b2")
        assert case.way("a2", "b2") is None
        case.complete("a2").complete("y", v=1).complete("w").complete("a1")
        assert case.back("a2", "b2").open == ["b2"], "as it stood in the round before"
        assert case.complete("b2").open == ["y"]

    def test_an_inclusive_fork(self) -> None:
        text = FORK.replace("parallelGateway", "inclusiveGateway")
        text = text.replace(flow("split", "a1"), flow("split", "a1", "True"))
        text = text.replace(flow("split", "b1"), flow("split", "b1", "True"))
        case = Case(text).complete("w").complete("a1").complete("b1")
        assert case.way("a2", "b1") is None
        assert case.back("a2", "a1").open == ["a1", "b2"]
        for task in ("a1", "a2", "b2"):
            case.complete(task)
        assert case.open == ["y"]
        assert case.back("y", "b2").open == ["b2"]
        assert case.complete("b2").open == ["y"]


INNER = nodes(i="startEvent", x="userTask", z="userTask", o="endEvent") + chain("i", "x", "z", "o")


class TestInsideActivities:
    def test_out_of_a_sub_process_it_falls_as_a_whole_and_its_clock_with_it(self) -> None:
        text = nodes(s="startEvent", a="userTask", e="endEvent", late="endEvent")
        text += element("subProcess", "p", INNER) + chain("s", "a", "p", "e")
        text += boundary("t", "p", timer("P3D", "timeDuration")) + flow("t", "late")
        case = Case(text).complete("a").complete("x")
        assert case.back("z", "x").open == ["t", "x"], "the enclosing clock goes on"
        case.complete("x")
        assert undone(case.way("z", "a")) == {"a", "p", "i", "x", "z", "o"}
        assert case.back("z", "a").open == ["a"]
        assert case.complete("a").open == ["t", "x"]

    def test_into_a_sub_process_that_is_over(self) -> None:
        text = nodes(s="startEvent", a="userTask", e="endEvent")
        text += element("subProcess", "p", INNER) + chain("s", "p", "a", "e")
        case = Case(text).complete("x").complete("z")
        assert case.back("a", "z").open == ["z"]
        assert case.complete("z").open == ["a"]

    def test_out_of_a_called_process_but_never_into_one_that_is_over(self) -> None:
        main = nodes(s="startEvent", a="userTask", b="userTask", e="endEvent")
        main += chain("s", "a", "c", "b", "e")
        main += element("callActivity", "c", calledElement="inner")
        definitions = load(main, process(INNER, "inner"))
        case = Case(definitions).complete("a").complete("x")
        assert undone(case.way("z", "a")) == {"a", "c", "i", "x", "z", "o"}
        assert undone(case.way("z", "x", "inner")) == {"x", "z"}
        case.complete("z")
        assert case.way("b", "z", "inner") is None
        assert case.back("b", "a").open == ["a"]
        before = tasks_before(definitions, definitions.processes["inner"], "z")
        assert before == {("inner", "x"), ("main", "a")}

    def test_what_was_done_in_an_earlier_call_is_not_of_this_one(self) -> None:
        main = nodes(s="startEvent", e="endEvent") + chain("s", "c1", "c2", "e")
        main += element("callActivity", "c1", calledElement="inner")
        main += element("callActivity", "c2", calledElement="inner")
        case = Case(load(main, process(INNER, "inner"))).complete("x").complete("z")
        first = case.did["x"]
        case.complete("x")
        assert case.instance.way_back(case.token("tasks", "z"), first, ("inner", "x")) is None
        assert case.way("z", "x", "inner") is not None

    def test_what_is_done_several_times_at_once_is_neither_left_nor_entered(self) -> None:
        text = nodes(s="startEvent", a="userTask", b="userTask", e="endEvent")
        text += chain("s", "a", "m", "b", "e")
        text += element("userTask", "m", MULTI)
        case = Case(text).complete("a")
        assert case.way("m", "a") is None
        case.complete("m").complete("m")
        assert case.way("b", "m") is None
        assert case.way("b", "a") is not None
        assert may(text, "b") == {"a"}
        assert may(text, "m") == set()


def test_beside_a_waiting_event_the_race_falls_as_one() -> None:
    text = nodes(s="startEvent", w="userTask", f="parallelGateway", x="userTask", g="eventBasedGateway")
    text += nodes(e="endEvent", e2="endEvent", e3="endEvent")
    text += element("intermediateCatchEvent", "t1", timer("P1D", "timeDuration"))
    text += element("intermediateCatchEvent", "t2", timer("P2D", "timeDuration"))
    text += chain("s", "w", "f", "x", "e") + chain("f", "g", "t1", "e2") + chain("g", "t2", "e3")
    case = Case(text).complete("w")
    assert case.back("x", "w").open == ["w"]


def test_too_many_markings_leave_a_level_unjudged() -> None:
    branches = [f"b{number}" for number in range(13)]
    text = nodes(s="startEvent", w="userTask", f="parallelGateway", j="parallelGateway", e="endEvent")
    text += chain("s", "w", "f") + flow("j", "e")
    text += "".join(nodes(**{name: "userTask"}) + chain("f", name, "j") for name in branches)
    assert may(text, "b0") == set()
    assert Case(text).complete("w").way("b0", "w") is None
