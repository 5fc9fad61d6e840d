"""What a form accepts, from JSON and from HTML, and what it says of what it refuses."""

import contextlib
import copy
import json
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.content import Form, Scheme
from app.content.form_file import read_form
from app.engine.types import Problem
from app.errors import Invalid
from tests.unit.content.tiny import FORMS, tiny

FILLED = {"grade": "senior", "years": 20, "pledge": True}


@pytest.fixture(scope="module")
def form() -> Form:
    return Scheme.from_files(tiny()).form("filing.json")


def refused(form: Form, **values: Any) -> dict[str, list[str]]:
    with pytest.raises(Invalid) as refusal:
        form.load({**FILLED, **values})
    return refusal.value.fields


def test_what_is_right_is_taken_as_it_is(form: Form) -> None:
    values = {
        **FILLED,
        "trade": "6-31",
        "code": "A001",
        "score": 85.5,
        "education": [{"school": "甲校", "year": 1999, "diploma": "f-1"}, {"school": "乙校"}],
        "honours": ["市级"],
    }
    assert form.load(values) == values


def test_what_says_nothing_is_left_out_and_spaces_around_a_text_too(form: Form) -> None:
    loaded = form.load({**FILLED, "trade": None, "code": "  ", "education": [], "remark": " 甲\r\n乙 "})
    assert loaded == {**FILLED, "remark": "甲\n乙"}


def test_every_missing_field_is_asked_for_in_the_order_of_the_page(form: Form) -> None:
    with pytest.raises(Invalid) as refusal:
        form.load({"pledge": False})
    assert refusal.value.fields == {
        "grade": ["请选择“申报等级”"],
        "years": ["请填写“工作年限”"],
        "pledge": ["请勾选“我承诺内容真实”"],
    }
    assert list(refusal.value.fields) == ["grade", "years", "pledge"]


@pytest.mark.parametrize(
    ("values", "name", "says"),
    [
        ({"grade": "master"}, "grade", "请从“申报等级”列出的选项中选择"),
        ({"grade": ["senior"]}, "grade", "应当是文字"),
        ({"years": "20"}, "years", "应当是整数"),
        ({"years": 20.5}, "years", "应当是整数"),
        ({"years": True}, "years", "应当是整数"),
        ({"years": -1}, "years", "不能小于 0"),
        ({"years": 61}, "years", "不能大于 60"),
        ({"score": float("nan")}, "score", "应当是数字"),
        ({"score": float("inf")}, "score", "应当是数字"),
        ({"score": 100.1}, "score", "不能大于 100"),
        ({"code": "a001"}, "code", "岗位编号写成 A001 这样"),
        ({"code": "A001\n"}, None, None),
        ({"code": "A00１"}, "code", "岗位编号写成"),
        ({"trade": "飞行员"}, "trade", "请从“工种”"),
        ({"remark": "长" * 501}, "remark", "最多写 500 个字"),
        ({"trade": "x" * 300}, "trade", "最多写 200 个字"),
        ({"remark": "甲\x00乙"}, "remark", "不能保存的字符"),
        ({"remark": "甲\ud800"}, "remark", "不能保存的字符"),
        ({"pledge": 1}, "pledge", "应当是“是”或“否”"),
        ({"honours": ["市级", "市级"]}, "honours", "有重复"),
        ({"honours": ["县级"]}, "honours", "请从“荣誉”"),
        ({"honours": "市级"}, "honours", "一列"),
        ({"education": [{"year": 1999}]}, "education-0-school", "请填写“学校”"),
        ({"education": [{"school": "甲"}, {"school": "乙", "year": 1900}]}, "education-1-year", "不能小于"),
        ({"education": [{"school": "甲", "rank": 1}]}, "education-0-rank", "表单里没有“rank”"),
        ({"education": [1]}, "education-0", "这一行应当是"),
        ({"education": [{"school": "甲"}] * 4}, "education", "最多 3 项"),
        ({"admin": True}, "admin", "表单里没有“admin”"),
        ({"listed_as": 7}, "listed_as", "由系统填写，不能修改"),
    ],
)
def test_what_is_wrong_is_told_at_its_field(
    form: Form, values: Any, name: str | None, says: str | None
) -> None:
    if name is None or says is None:
        assert form.load({**FILLED, **values})
        return
    fields = refused(form, **values)
    assert list(fields) == [name]
    assert says in "".join(fields[name])


def test_several_faults_are_told_at_once(form: Form) -> None:
    assert refused(form, years=99, code="x", admin=1).keys() == {"years", "code", "admin"}


def test_a_hidden_field_is_refused_when_filled_in_and_passed_over_when_empty(form: Form) -> None:
    assert form.load({**FILLED, "discharged": "", "proof": None}) == FILLED
    assert "不用填写" in refused(form, discharged="2001-12")["discharged"][0]
    assert "不用填写" in refused(form, veteran=False, proof="f-1")["proof"][0]


def test_a_condition_shows_a_field_and_makes_it_required(form: Form) -> None:
    assert refused(form, veteran=True) == {"discharged": ["请填写“退役年月”"]}
    values = {**FILLED, "veteran": True, "discharged": "2001-12", "proof": "f-1"}
    assert form.load(values) == values
    assert refused(form, veteran=True, discharged="2001-13").keys() == {"discharged"}


def test_a_condition_on_a_list_asks_what_it_contains(form: Form) -> None:
    assert refused(form, honours=["市级", "全国"]) == {"remark": ["请填写“说明”"]}


@pytest.mark.parametrize("wrong", [[], "x", None, 1])
def test_values_that_are_no_mapping_are_refused(form: Form, wrong: Any) -> None:
    with pytest.raises(Invalid):
        form.load(wrong)


def test_the_attachments_are_found_wherever_they_stand(form: Form) -> None:
    values = {"proof": "a", "education": [{"school": "甲", "diploma": "b"}, {"school": "乙"}]}
    assert form.file_ids(values) == ["a", "b"]


def test_a_post_becomes_nested_typed_values(form: Form) -> None:
    post = {
        "csrf_token": ["x"],
        "_version": ["3"],
        "grade": ["senior"],
        "years": ["２０"],
        "score": ["85.5"],
        "pledge": ["on"],
        "trade": [""],
        "honours": ["市级", "全国"],
        "remark": ["说明"],
        "education-0-school": ["甲"],
        "education-0-year": ["1999"],
        "education-1-school": [""],
        "education-1-year": [""],
        "education-7-school": ["乙"],
    }
    assert form.parse_post(post) == {
        "grade": "senior",
        "years": 20,
        "score": 85.5,
        "pledge": True,
        "veteran": False,
        "honours": ["市级", "全国"],
        "remark": "说明",
        "education": [{"school": "甲", "year": 1999}, {"school": "乙"}],
    }
    assert form.load(form.parse_post(post))["education"][1] == {"school": "乙"}


def test_a_post_with_what_the_form_lacks_is_refused_not_trimmed(form: Form) -> None:
    filled = {"grade": ["senior"], "years": ["20"], "pledge": ["on"]}
    for extra in ({"admin": ["1"]}, {"education-0-rank": ["1"]}, {"paper-0-on": ["x"]}, {"listed_as": ["7"]}):
        with pytest.raises(Invalid) as refusal:
            form.load(form.parse_post({**filled, **extra}))
        assert refusal.value.fields.keys() == extra.keys()


def test_a_post_that_says_one_field_twice_is_refused(form: Form) -> None:
    post = {"grade": ["senior", "junior"], "years": ["20"], "pledge": ["on"]}
    with pytest.raises(Invalid) as refusal:
        form.load(form.parse_post(post))
    assert refusal.value.fields.keys() == {"grade"}


def test_what_cannot_be_read_as_a_number_stays_for_the_refusal_to_show(form: Form) -> None:
    post = {"grade": ["senior"], "years": ["二十"], "pledge": ["on"]}
    parsed = form.parse_post(post)
    assert parsed["years"] == "二十"
    with pytest.raises(Invalid) as refusal:
        form.load(parsed)
    assert refusal.value.fields == {"years": ["“工作年限”应当是整数，只填数字"]}


values_of_any_kind = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
    | st.sampled_from(["senior", "2001-12", "全国", "A001", "6-31"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["school", "year", "diploma", "x"]), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
names = st.sampled_from(
    ["grade", "trade", "years", "veteran", "discharged", "proof", "code", "education", "honours", "score",
     "remark", "listed_as", "pledge", "other"]
)  # fmt: skip


@given(st.dictionaries(names, values_of_any_kind, max_size=8))
def test_anything_is_accepted_by_the_published_schema_too_or_refused_with_sentences(
    form: Form, values: dict[str, Any]
) -> None:
    try:
        loaded = form.load({**FILLED, **values})
    except Invalid as refusal:
        told = refusal.fields
    else:
        jsonschema.Draft202012Validator(form.json_schema()).validate(loaded)
        told = {"accepted": ["again"]} if form.load(loaded) == loaded else {}
    assert told
    assert all(sentence for sentences in told.values() for sentence in sentences)


@given(st.dictionaries(names | st.text(max_size=12), st.lists(st.text(max_size=6), max_size=3), max_size=8))
def test_any_post_is_parsed_and_then_loaded_or_refused(form: Form, post: dict[str, list[str]]) -> None:
    told: dict[str, list[str]] | None = None
    try:
        form.load(form.parse_post(post))
    except Invalid as refusal:
        told = refusal.fields
    assert told != {}


def test_the_published_schema_is_a_schema_with_the_catalogue_s_options(form: Form) -> None:
    schema = form.json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["properties"]["trade"]["enum"] == ["汽车驾驶员", "6-31"]
    assert schema["additionalProperties"] is False
    assert schema["properties"]["education"]["items"]["additionalProperties"] is False
    assert "enum" not in form.source["properties"]["trade"]


def test_the_clauses_of_fields_and_of_the_form(form: Form) -> None:
    assert form.clauses == {"grade": ("TY-03",)}


def test_the_page_shows_values_options_and_errors_in_their_places(form: Form) -> None:
    view = form.view({**FILLED, "years": "二十"}, {"years": ["错了"]}, {"listed_as": 7})
    by_name = {field.name: field for section in view.sections for field in section.fields}
    assert [section.title for section in view.sections] == ["基本情况", "经历"]
    assert [(o.value, o.label, o.selected) for o in by_name["grade"].options] == [
        ("senior", "高级工", True),
        ("junior", "初级工", False),
    ]
    assert (by_name["years"].value, by_name["years"].error) == ("二十", "错了")
    assert (by_name["listed_as"].value, by_name["listed_as"].read_only) == ("7", True)
    assert by_name["pledge"].value is True
    assert by_name["remark"].widget == "textarea"
    assert by_name["proof"].accept == ("pdf", "jpg")
    assert view.errors == (("years", "错了"),)


def test_the_page_shows_what_the_present_values_ask_for(form: Form) -> None:
    def field(name: str, **values: Any) -> Any:
        sections = form.view({**FILLED, **values}).sections
        return next(f for section in sections for f in section.fields if f.name == name)

    assert not field("discharged").visible
    assert field("discharged", veteran=True).visible
    assert field("discharged", veteran=True).required
    assert not field("proof", veteran=True).required
    assert field("veteran").controls
    assert not field("grade").controls
    assert field("remark", honours=["全国"]).required


def test_a_hidden_field_that_was_refused_stays_in_sight_to_be_cleared(form: Form) -> None:
    values = {**FILLED, "discharged": "2001-12"}
    with pytest.raises(Invalid) as refusal:
        form.load(values)
    view = form.view(values, refusal.value.fields)
    discharged = next(f for s in view.sections for f in s.fields if f.name == "discharged")
    assert (discharged.visible, discharged.value) == (True, "2001-12")


def test_a_table_has_one_empty_row_more_than_was_filled_in_until_it_is_full(form: Form) -> None:
    def rows(count: int) -> list[list[str]]:
        filled = [{"school": f"学校{number}"} for number in range(count)]
        sections = form.view({"education": filled}).sections
        table = next(f for section in sections for f in section.fields if f.name == "education")
        return [[cell.value for cell in row[:1]] for row in table.rows]

    assert rows(0) == [[""]]
    assert rows(1) == [["学校0"], [""]]
    assert rows(3) == [["学校0"], ["学校1"], ["学校2"]]
    view = form.view({"education": [{"school": "甲"}]}, {"education-0-school": ["错"]})
    cells = next(f for s in view.sections for f in s.fields if f.name == "education").rows[0]
    assert (cells[0].name, cells[0].errors, cells[0].required) == ("education-0-school", ("错",), True)


def test_an_untouched_form_is_filled_from_the_case_and_a_touched_one_is_not(form: Form) -> None:
    def grade(values: dict[str, Any]) -> list[str]:
        field = form.view(values, variables={"grade": "junior"}).sections[0].fields[1]
        return [option.value for option in field.options if option.selected]

    assert grade({}) == ["junior"]
    assert grade({"grade": "senior"}) == ["senior"]
    assert grade({"years": 3}) == []


BASE = {"type": "object", "title": "表", "properties": {"a": {"type": "string", "title": "甲"}}}
CHOICE = {"type": "string", "title": "乙", "enum": ["x", "y"]}


def condition(test: Any, then: Any = None) -> dict[str, Any]:
    named = list(test) if isinstance(test, dict) else []
    return {"if": {"properties": test, "required": named}, "then": then or {"required": ["a"]}}


def with_field(spec: Any, **more: Any) -> dict[str, Any]:
    return {**BASE, "properties": {**BASE["properties"], "b": spec}, **more}


IF_X = condition({"b": {"const": "x"}})


def choosing(*conditions: Any, **more: Any) -> dict[str, Any]:
    """A form with a choice `b`, and these conditions if any."""
    return with_field(CHOICE, **({"allOf": list(conditions)} if conditions else {}), **more)


def text(**more: Any) -> dict[str, Any]:
    return {"type": "string", "title": "乙", **more}


def table(*columns: Any, **more: Any) -> dict[str, Any]:
    items = {"type": "object", "properties": {f"c{n}": c for n, c in enumerate(columns)}, **more}
    return {"type": "array", "title": "乙", "items": items}


@pytest.mark.parametrize(
    ("source", "element", "says"),
    [
        ({**BASE, "tilte": 1}, None, "不认识的关键字 tilte"),
        ({**BASE, "title": None}, None, "缺少 title"),
        ({**BASE, "description": 1}, None, "它不是文字"),
        ({**BASE, "x-clauses": "TY-01"}, None, "x-clauses 应当是"),
        ({"type": "object", "title": "表"}, None, "properties"),
        ({**BASE, "required": ["c"]}, "c", "required 里提到的字段 c 不存在"),
        (with_field({"title": "乙"}), "b", "type 应当是"),
        (with_field(text(maxlength=3)), "b", "不认识的关键字 maxlength"),
        (with_field(text(maximum=3)), "b", "string 类型的字段不能用关键字 maximum"),
        (with_field({"type": "string"}), "b", "缺少 title"),
        (with_field(text(minLength=-1)), "b", "minLength 应当是不小于零的整数"),
        (with_field(text(minLength=5, maxLength=3)), "b", "minLength 大于 maxLength"),
        (with_field(text(format="time")), "b", "不能用 format: time"),
        (with_field(text(**{"x-widget": "slider"})), "b", "不能用 x-widget: slider"),
        (with_field(text(**{"x-widget": "radio"})), "b", "要有选项"),
        (with_field(text(enum=["x", "x"])), "b", "选项的取值有重复"),
        (with_field({**CHOICE, "default": "z"}), "b", "default 不符合"),
        (with_field(text(default=3)), "b", "default 不符合"),
        (with_field(text(enum=[1])), "b", "选项 1 的取值不是 string"),
        (with_field(text(enum=["x"], oneOf=[{"const": "x", "title": "x"}])), "b", "只能用一个"),
        (with_field(text(oneOf=[{"const": "x"}])), "b", "oneOf 的每一项"),
        (with_field(text(**{"x-options": "jobs"})), "b", "目录 jobs 不存在"),
        (with_field(text(**{"x-error": {"size": "s"}})), "b", "x-error 里的 size"),
        (with_field(text(**{"x-max-bytes": 10})), "b", "只能用于附件"),
        (with_field(text(pattern="(a+)+")), "b", "pattern 应当是"),
        (with_field(text(pattern="(a|aa)*b")), "b", "pattern 应当是"),
        (with_field(text(pattern=r"(a)\1")), "b", "pattern 应当是"),
        (with_field(text(pattern="(?=a)b")), "b", "pattern 应当是"),
        (with_field(text(pattern="[")), "b", "pattern 应当是"),
        (with_field({"type": "boolean", "title": "乙", "const": False}), "b", "const 只能是 true"),
        (with_field({"type": "array", "title": "乙"}), "b", "要用 items"),
        (with_field(table(table(CHOICE))), "b.c0", "不能再有列表"),
        (with_field(table({"type": "text"})), "b.c0", "type 应当是"),
        (with_field(table(CHOICE, required=["z"])), "b", "列 z 不存在"),
        (with_field(table({"type": "string"})), "b.c0", "缺少 title"),
        ({**BASE, "properties": {"a-b": CHOICE}}, "a-b", "字段名只能用"),
        ({**BASE, "properties": {"csrf_token": CHOICE}}, "csrf_token", "不能是 csrf_token"),
        (choosing(**{"x-sections": [{"title": "节", "fields": ["a"]}]}), "b", "没有放进"),
        (choosing(**{"x-sections": [{"title": "节", "fields": ["a", "b", "b"]}]}), "b", "不止一处"),
        (choosing(**{"x-sections": [{"title": "节", "fields": ["a", "b", "c"]}]}), "c", "字段 c 不存在"),
        (choosing(**{"x-sections": [["a", "b"]]}), None, "x-sections 应当是"),
        (choosing(condition({"decison": {"const": "x"}})), "decison", "提到的字段 decison 不存在"),
        (choosing(condition({"b": {"const": "z"}})), "b", "取值 z 不在字段 b 的选项里"),
        (choosing(condition({"b": {"minLength": 1}})), "b", "只能写 const、enum"),
        (choosing(condition({"b": {"contains": {"const": "x"}}})), "b", "其他字段不用 contains"),
        (choosing({**IF_X, "if": {"properties": {"b": {"const": "x"}}}}), "allOf", "required 应当正好列出"),
        (choosing({**IF_X, "then": {"required": ["c"]}}), "c", "then 里提到的字段 c"),
        (choosing({**IF_X, "then": {"properties": {"a": {}}}}), "allOf", "只能写 true"),
        (choosing({**IF_X, "else": {}}), "allOf", "只有 if 和 then"),
        (choosing({**IF_X, "then": {"properties": {"b": True}}}), "b", "取决于它自己"),
        (with_field(CHOICE, allOf={}), "allOf", "应当是一列"),
    ],
)  # fmt: skip
def test_a_wrong_form_is_told_by_file_and_field(source: Any, element: str | None, says: str) -> None:
    problems: list[Problem] = []
    read_form("forms/x/wrong.json", json.dumps(source).encode(), {}, problems)
    told = [p.message for p in problems if p.element == element and p.file == "forms/x/wrong.json"]
    assert any(says in message for message in told), problems
    assert all(message.startswith("表单 wrong.json") for message in told)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"{", "第 1 行第 2 个字附近不是正确的 JSON"),
        (b"[]", "最外层应当是"),
        (b'{"a": 1, "a": 2}', "“a”写了两次"),
        (b'{"a": NaN}', "不能用 NaN"),
        ("{“a”: 1}".encode("gbk"), "UTF-8"),
        (b"[" * 100_000, "层次太深"),
        (b" " * 300_000, "太大"),
    ],
)
def test_a_file_that_is_no_form_is_told_in_a_sentence(content: bytes, says: str) -> None:
    problems: list[Problem] = []
    assert read_form("forms/x/wrong.json", content, {}, problems) is None
    assert says in problems[0].message


@given(st.binary(max_size=40) | values_of_any_kind.map(lambda v: json.dumps(v).encode()))
def test_any_file_is_read_or_told_about(content: bytes) -> None:
    problems: list[Problem] = []
    read_form("forms/x/any.json", content, {}, problems)
    assert problems


SOURCE = json.loads(tiny()[f"{FORMS}filing.json"])


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every part of a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, part in inner for place in places(part, (*path, key)))]


def replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    whole = copy.copy(value)
    whole[path[0]] = replaced(value[path[0]], path[1:], new)
    return whole


@given(st.sampled_from(places(SOURCE)[1:]), values_of_any_kind, st.dictionaries(names, values_of_any_kind))
def test_whatever_a_designer_writes_the_form_is_told_about_or_works(
    path: tuple[Any, ...], new: Any, values: dict[str, Any]
) -> None:
    problems: list[Problem] = []
    content = json.dumps(replaced(SOURCE, path, new)).encode()
    form = read_form("forms/x/any.json", content, {"grades": [], "trades": []}, problems)
    if form is None or problems:
        assert all(problem.message for problem in problems)
        return
    form.view(values, {}, values)
    jsonschema.Draft202012Validator.check_schema(form.json_schema())
    with contextlib.suppress(Invalid):
        form.load(values)


def test_forms_are_called_as_diagrams_call_them() -> None:
    files = tiny()
    assert {"filing.json", "common/review.json"} <= Scheme.from_files(files).forms.keys()
    assert Scheme.from_files(files).form("common/review.json").file == "forms/common/review.json"
    assert f"{FORMS}filing.json" in files
