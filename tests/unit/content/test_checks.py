"""One broken scheme a kind of problem: the file, the place, and a sentence that names the culprit."""

from dataclasses import dataclass

import pytest

from app.content import Scheme, check_scheme
from app.content.checks.tasks import name_fault
from app.engine.types import Problem
from app.errors import SchemeInvalid
from tests.unit.content.tiny import BPMN, CAPABILITIES, FORMS, changed, problems_of, tiny

SHEET, ROLES, CALENDAR, CLAUSES = (
    f"{BPMN}{name}.yaml" for name in ("scheme", "roles", "calendar", "clauses")
)
FILING, LISTING, REVIEW = f"{BPMN}filing.bpmn", f"{BPMN}listing.bpmn", "bpmn/common/review.bpmn"
ROUTE, TRADES = f"{BPMN}route.dmn", f"{BPMN}catalogues/trades.yaml"
FORM, SCENARIO, WORLD = (
    f"{FORMS}filing.json", f"{BPMN}scenarios/passes.yaml", f"{BPMN}scenarios/organisations.yaml",
)  # fmt: skip

OUTPUTS, PROPERTY = 'name="outputs"', "<spiffworkflow:property "


@dataclass(frozen=True)
class Fault:
    """A change of one passage, and the problem that it must lead to."""

    path: str
    old: str
    new: str
    element: str | None
    says: str
    severity: str = "error"
    told_in: str | None = None

    def __str__(self) -> str:
        return f"{self.path.rpartition('/')[2]}:{self.new[:40]!r}"


YAML_FAULTS = [
    Fault(SHEET, "year: 2021", "yaer: 2021", "yaer", "yaer：不认识的键"),
    Fault(SHEET, "year: 2021", "name: 又一个", None, "键“name”重复了"),
    Fault(SHEET, "year: 2021", "year: 二〇二一", "year", "应当是整数"),
    Fault(SHEET, "title: 公示期", "title: &a 公示期", None, "用了引用"),
    Fault(SHEET, "year: 2021", "year: [2021", None, "不是正确的 YAML"),
    Fault(SHEET, 'jurisdiction: "500000"', "jurisdiction: 50", "jurisdiction", "六位行政区划代码"),
    Fault(SHEET, "subject: unit", "subject: place", "listing", "person、unit、office"),
    Fault(SHEET, "value: 5", "value: {a: 1}", "period", "参数的值"),
    Fault(CALENDAR, "2021-07-23", "2021-02-30", "filing_closes", "“2021-02-30”不是日期"),
    Fault(CALENDAR, "edge: closes", "edge: ends", "filing_closes", "opens、closes、day"),
    Fault(CALENDAR, "filing_opens:", "申报开始:", "申报开始", "只能用英文字母"),
    Fault(ROLES, "relation: unit", "relation: self", "unit", "unit、superior、jurisdiction"),
    Fault(CLAUSES, "kind: rule", "kind: rules", "TY-04", "“rules”不是条款类别"),
    Fault(CLAUSES, "TY-04", "第四条", "第四条", "条款编号写成"),
    Fault(TRADES, "entries:", "entires:", "entires", "不认识的键"),
    Fault(WORLD, "seq: 12", "seq: 500", "甲", "0 到 499"),
    Fault(SCENARIO, "title: 通过", "titel: 通过", "titel", "不认识的键"),
]

REFERENCE_FAULTS = [
    Fault(SHEET, "id: tiny-2021", "id: other-2021", "id", "文件夹却叫“tiny-2021”"),
    Fault(SHEET, "opens: filing_opens", "opens: begins", "opens", "日期“begins”不在 calendar.yaml 里"),
    Fault(SHEET, "from: filing_opens", "from: begins", "listing", "from 写的日期“begins”"),
    Fault(SHEET, "start: {role: unit,", "start: {role: nobody,", "listing", "发起角色“nobody”"),
    Fault(SHEET, "start: {message: cleared}", "start: {message: clear}", "filing", "开始消息“clear”"),
    Fault(SHEET, "start: {message: cleared}", "start: {}", "filing", "没有写明怎样开始"),
    Fault(SHEET, "start: {message: cleared}", "start: {role: unit}", "filing", "没有普通开始事件"),
    Fault(SHEET, "  listing:\n", "  listings:\n", "listings", "流程“listings”没有流程图"),
    Fault(SHEET, "form: paper.json", "form: papers.json", "paper", "表单 papers.json 不存在"),
    Fault(SHEET, "roles: [office]", "roles: [offices]", "paper", "角色“offices”"),
    Fault(SHEET, "code: junior", "code: senior", "senior", "等级代号“senior”重复"),
    Fault(SHEET, "rank: 2", "rank: 1", "junior", "名次 1 与别的等级相同"),
    Fault(CALENDAR, "day: 2021-07-23", "day: 2021-05-31", "filing_closes", "应当早于“申报截止”"),
    Fault(
        CALENDAR, "[filing_opens, filing_closes]", "[filing_opens, end]", "end", "日期“end”没有在 dates 里"
    ),
    Fault(CALENDAR, "edge: day,", 'edge: day, time: "09:00",', "counted_to", "不能再写钟点"),
    Fault(ROLES, "title: 市工考办", "title: 申报单位", "office", "“申报单位”与角色“unit”相同"),
    Fault(ROLES, "function: review, ", "", "office", "要写明 function"),
    Fault(ROLES, "relation: unit}", "relation: unit, region: unit}", "unit", "不能写 region"),
    Fault(ROLES, "level: district,", "level: district, as_of: then,", "office", "日期“then”"),
    Fault(TRADES, '"6-31"', "汽车驾驶员", "汽车驾驶员", "“汽车驾驶员”重复"),
    Fault(FILING, 'name="申报单位"', 'name="申请单位"', "fill_in", "泳道“申请单位”"),
    Fault(REVIEW, 'name="role" value="office"', 'name="role" value="bureau"', "review_task", "角色“bureau”"),
    Fault(REVIEW, '<spiffworkflow:property name="role" value="office" />', "", "review_task", "由谁办理"),
    Fault(FILING, 'value="filing.json"', 'value="files.json"', "fill_in", "表单 files.json 不存在"),
    Fault(FILING, 'name="formJsonSchemaFilename"', 'name="form"', "fill_in", "没有表单"),
    Fault(
        FILING, OUTPUTS, f'name="prefill" value="nobody" />{PROPERTY}{OUTPUTS}', "fill_in", "“nobody”不存在"
    ),
    Fault(
        FILING, OUTPUTS, f'name="prefill" value="review_task" />{PROPERTY}{OUTPUTS}', "fill_in", "同一张表单"
    ),
    Fault(FILING, 'value="grade; years"', 'value="grade; age"', "fill_in", "字段“age”不在表单 filing.json"),
    Fault(FILING, 'value="grade; years"', 'value="grade; unit=years"', "fill_in", "“unit”是保留的"),
    Fault(FILING, 'value="grade; years"', 'value="grade; 等-级=years"', "fill_in", "“等-级”只能用"),
    Fault(FILING, 'value="grade; years"', 'value="grade; grade=years"', "fill_in", "“grade”写了两次"),
    Fault(
        FILING, 'Operator id="reserve_place"', 'Operator id="reserve"', "claim", "没有名为“reserve”的系统能力"
    ),
    Fault(REVIEW, "待{role}审核", "待{office}审核", "review_task", "{office} 不会被替换"),
    Fault(
        ROUTE, 'name="route" typeRef', 'name="unit" typeRef', "decide_route", "“unit”是保留的", told_in=FILING
    ),
    Fault(FILING, 'parameter id="grade"', 'parameter id="degree"', "claim", "缺少输入“grade”"),
    Fault(FILING, 'parameter id="grade"', 'parameter id="degree"', "claim", "没有输入“degree”"),
    Fault(FILING, 'resultVariable="place"', 'resultVariable="if"', "claim", "变量名“if”是保留的"),
    Fault(
        FILING, 'named_date("filing_closes")', 'named_date("end")', "deadline", "日期“end”不在 calendar.yaml"
    ),
    Fault(LISTING, 'parameter("period")', 'parameter("days")', "publicity", "参数“days”没有"),
    Fault(LISTING, '"person": {"id": worker}, ', "", "send_cleared", "内容里要有 person"),
    Fault(FILING, 'value="TY-01"', 'value="TY-99"', "fill_in", "环节“填写申报表”引用的条款“TY-99”"),
    Fault(FILING, 'value="TY-03"', 'value="TY-98"', "f9", "流向“通过”引用的条款“TY-98”"),
    Fault(FORM, '"TY-03"', '"TY-97"', "grade", "字段“申报等级”引用的条款“TY-97”"),
    Fault(SCENARIO, "[TY-03]", "[TY-96]", "passes.yaml", "场景“通过”引用的条款“TY-96”"),
    Fault(ROUTE, "TY-04", "TY-95", "route", "决策行“审核路线第 1 行”引用的条款“TY-95”"),
    Fault(ROUTE, '<text>not("senior")</text>', "<text>-</text>", "route", "第 1 行与第 2 行会同时符合"),
    Fault(ROUTE, '"UNIQUE"', '"RULE ORDER"', "decide_route", "resultVariable", told_in=FILING),
    Fault(ROUTE, "<text>years</text>", '<text>parameter("days")</text>', "route", "“年限”：表达式"),
    Fault(FILING, "calledDecisionId>route<", "calledDecisionId>way<", "decide_route", "way"),
    Fault(FILING, 'calledElement="shared_review"', 'calledElement="reviews"', "review", "reviews"),
    Fault(FILING, "decision == ", "decision = ", "f9", "第"),
]

WARNINGS = [
    Fault(SHEET, "value: 5", "value: null", "period", "还没有给出数值"),
    Fault(SHEET, "period: {value: 5, title: 公示期, clauses: [TY-02]}", "period: {value: 5, title: 公示期}",
          "TY-02", "条款“TY-02”没有落实", told_in=CLAUSES),
    Fault(SHEET, "grades:", "  other: {value: 1, title: 别的}\ngrades:", "other", "参数“other”没有用到"),
    Fault(SHEET, "list: [grade]", "list: [rank]", "filing", "变量“rank”没有任何地方赋值"),
    Fault(SHEET, "  filing:\n    title: 申报\n    subject: person\n    start: {message: cleared}\n"
          "    list: [grade]\n    unique: year\n", "", "filing", "既没有列在 scheme.yaml", told_in=FILING),
    Fault(ROLES, "roles:\n", "roles:\n  idle: {title: 闲人, relation: unit}\n", "idle", "“idle”没有用到"),
    Fault(FILING, 'name="status" value="待提交"', 'name="state" value="待提交"', "fill_in", "没有写状态"),
    Fault(FILING, 'name="status" value="逾期未提交"', 'name="x" value=""', "lapsed", "没有写状态（status）"),
    Fault(FILING, 'name="outcome" value="lapsed"', 'name="x" value=""', "lapsed", "没有写结果代号"),
    Fault(FILING, 'errorCode="no_vacancy"', 'errorCode="full"', "no_vacancy", "错误代码“full”"),
    Fault(FILING, 'decision == "approve"', 'decison == "approve"', "f9", "变量“decison”"),
    Fault(FILING, 'value="listed_as"', 'value="listed_at"', "fill_in", "变量“listed_at”"),
    Fault(FILING, 'value="grade; years"', 'value="grade; years; listed_as"', "fill_in", "是只读的"),
    Fault(FILING, 'value="grade; years"', 'value="grade"', "decide_route", "变量“years”"),
    Fault(FILING, 'name="cleared"', 'name="approved"', "cleared", "消息“approved”没有任何流程发出"),
    Fault(LISTING, 'name="cleared"', 'name="approved"', "send_cleared", "消息“approved”没有任何流程接收"),
    Fault(REVIEW, 'value="verdict=decision"', 'value="decision"', "review", "变量“verdict”", told_in=FILING),
    Fault(ROUTE, '<text>not("senior")</text>', '<text>"junior"</text>', "route", "没有一行适用于"),
    Fault(TRADES, '  - 汽车驾驶员\n  - {code: "6-31", title: 汽车维修工, group: 机械}', "  []",
          None, "是空的"),
]  # fmt: skip

SCENARIO_FAULTS = [
    Fault(SCENARIO, "process: filing", "process: files", "files", "流程“files”没有列在"),
    Fault(SCENARIO, "world: organisations.yaml", "world: world.yaml", None, "“world.yaml”不存在"),
    Fault(SCENARIO, "unit: 某馆, person: 甲", "unit: 别馆, person: 甲", None, "单位“别馆”"),
    Fault(SCENARIO, "person: 甲", "person: 丙", None, "申报人“丙”"),
    Fault(SCENARIO, ", at: \"2021-06-10 09:00\"}", "}", None, "开始的时刻"),
    Fault(SCENARIO, "by: 某馆", "by: 某某馆", None, "第 1 步：“某某馆”不在世界里"),
    Fault(SCENARIO, "by: 王审核, ", "", None, "第 2 步：要写明由谁办理"),
    Fault(SCENARIO, "task: 填写申报表", "task: 填表", None, "第 1 步：没有名为“填表”的待办"),
    Fault(SCENARIO, "use: 常规", "use: 特殊", None, "没有“特殊”"),
    Fault(SCENARIO, "2021-06-12 09:00", "2021-06-01 09:00", None, "第 2 步的时刻早于上一步"),
    Fault(SCENARIO, "outcome: passed", "outcome: pass", None, "“pass”的结束事件"),
    Fault(SCENARIO, "task: 机构审核, values: {decision: reject}", "overlay: {date: end, day: null}",
          None, "日期“end”没有写在"),
    Fault(SCENARIO, "task: 机构审核, values: {decision: reject}", "overlay: {end: null}",
          "第 2 项", "不认识的键"),
    Fault(SCENARIO, "by: 某馆, task", "message: x, by: 某馆, task", None, "task 和 message 只能写一个"),
    Fault(SCENARIO, '"2021-06-11 09:00"', '"2021-06-11 9点"', "第 1 项", "“2021-06-11 9点”不是时刻"),
    Fault(WORLD, "superior: 某局", "superior: 市局", "市局", "“市局”不在世界里"),
    Fault(WORLD, "甲: {unit: 某馆", "甲: {unit: 他馆", "他馆", "people 的 甲"),
    Fault(WORLD, "gender: female", "gender: male", "乙", "证件号码相同"),
    Fault(WORLD, "王审核:", "甲:", "甲", "名称“甲”用了两次"),
    Fault(WORLD, "person: 甲}", "person: 丁}", "丁", "申报人“丁”"),
]  # fmt: skip


def found(problems: list[Problem], fault: Fault) -> list[Problem]:
    return [
        problem
        for problem in problems
        if problem.file == (fault.told_in or fault.path)
        and problem.element == fault.element
        and problem.severity == fault.severity
        and fault.says in problem.message
    ]


def test_the_tiny_scheme_has_no_fault() -> None:
    assert problems_of(tiny()) == []


@pytest.mark.parametrize("fault", [*YAML_FAULTS, *REFERENCE_FAULTS, *SCENARIO_FAULTS], ids=str)
def test_an_error_names_its_place_and_its_culprit(fault: Fault) -> None:
    problems = problems_of(changed(fault.path, fault.old, fault.new))
    assert found(problems, fault), [problem.message for problem in problems]


@pytest.mark.parametrize("fault", WARNINGS, ids=str)
def test_a_warning_names_its_place_and_its_culprit(fault: Fault) -> None:
    warning = Fault(fault.path, fault.old, fault.new, fault.element, fault.says, "warning", fault.told_in)
    problems = problems_of(changed(fault.path, fault.old, fault.new))
    if fault.path == TRADES:
        problems = [Problem(p.file, p.message, None, severity=p.severity) for p in problems]
    assert found(problems, warning), [problem.message for problem in problems]


@pytest.mark.parametrize("missing", [SHEET, ROLES, CALENDAR, CLAUSES])
def test_a_missing_sheet_is_told_by_name(missing: str) -> None:
    files = tiny()
    del files[missing]
    name = missing.rpartition("/")[2]
    assert any(name in p.message and p.severity == "error" for p in problems_of(files))


def test_unused_forms_are_told() -> None:
    files = {**tiny(), f"{FORMS}idle.json": tiny()[f"{FORMS}paper.json"]}
    (problem,) = problems_of(files)
    assert (problem.file, problem.severity) == (f"{FORMS}idle.json", "warning")


def test_unused_decisions_are_told() -> None:
    files = {
        **tiny(),
        f"{BPMN}idle.dmn": tiny()[ROUTE].replace(b'decision id="route"', b'decision id="idle"'),
    }
    (problem,) = problems_of(files)
    assert (problem.file, problem.element, problem.severity) == (f"{BPMN}idle.dmn", "idle", "warning")


def test_a_scheme_that_calls_itself_complete_must_house_every_clause() -> None:
    files = changed(SHEET, "opens: filing_opens", "opens: filing_opens\ncomplete: true")
    assert problems_of(files) == []
    files[CLAUSES] += "TY-07: {kind: flow, article: 七, text: 无处落实}\n".encode()
    (problem,) = problems_of(files)
    assert (problem.severity, problem.element) == ("error", "TY-07")


def test_a_scenario_alone_is_no_home_for_a_clause() -> None:
    files = changed(SCENARIO, "[TY-03]", "[TY-03, TY-07]")
    files[CLAUSES] += "TY-07: {kind: flow, article: 七, text: 只在场景里}\n".encode()
    (problem,) = problems_of(files)
    assert (problem.severity, problem.element) == ("warning", "TY-07")


def test_faults_of_several_files_are_told_at_once() -> None:
    files = changed(SHEET, "opens: filing_opens", "opens: begins")
    files[FORM] = files[FORM].replace(b'"x-options": "trades"', b'"x-options": "jobs"')
    files[FILING] = files[FILING].replace(b'value="TY-01"', b'value="TY-99"')
    assert {p.file for p in problems_of(files) if p.severity == "error"} >= {SHEET, FORM, FILING}


def test_an_unreadable_diagram_brings_no_false_complaints_of_what_it_would_have_used() -> None:
    files = tiny()
    files[FILING] = b"<broken"
    assert {p.file for p in problems_of(files)} == {FILING}


def test_without_a_list_of_capabilities_service_tasks_are_not_judged() -> None:
    files = changed(FILING, 'Operator id="reserve_place"', 'Operator id="reserve"')
    assert check_scheme(files) == []
    assert any(p.element == "claim" for p in check_scheme(files, CAPABILITIES))


def test_reading_refuses_what_the_check_calls_an_error_of_a_file() -> None:
    with pytest.raises(SchemeInvalid) as refusal:
        Scheme.from_files(changed(FORM, '"type": "number"', '"type": "decimal"'))
    assert [problem.element for problem in refusal.value.problems] == ["score"]


@pytest.mark.parametrize("name", ["__x", "1a", "a-b", "名", "true", "class", "person", ""])
def test_variables_that_no_expression_could_mention_are_refused(name: str) -> None:
    assert name_fault(name)


def test_every_sentence_is_chinese_and_names_its_file() -> None:
    for fault in [*YAML_FAULTS, *REFERENCE_FAULTS]:
        for problem in problems_of(changed(fault.path, fault.old, fault.new)):
            assert problem.file.rpartition("/")[2] in problem.message
            assert any("\u4e00" <= character <= "\u9fff" for character in problem.message)
