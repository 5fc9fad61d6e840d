"""What goes in and out of the API; unknown fields are refused."""

from __future__ import annotations

from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, validates_schema

from app.api.fields import choice, instant, mapping, number, numbers, pattern, text, upload
from app.content import words

LEVELS, SYSTEMS, NATURES = map(tuple, (words.LEVELS, words.SYSTEMS, words.NATURES))
MOST_AT_ONCE = 200


class Body(Schema):
    """What a request says."""

    class Meta:
        unknown = RAISE

    error_messages = {"unknown": "没有这个字段。", "type": "应为 JSON 对象。"}  # noqa: RUF012


class ProblemPart(Schema):
    """Where in the request, and what is wrong there."""

    pointer = fields.String(metadata={"description": "JSON Pointer (RFC 6901)，指向请求体中的位置"})
    parameter = fields.String(metadata={"description": "查询参数"})
    header = fields.String()
    detail = fields.String(required=True)


class Problem(Schema):
    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    code = fields.String(required=True)
    errors = fields.List(fields.Nested(ProblemPart))


class SignIn(Body):
    login = text(1, required=True)
    password = text(1, 200, required=True)
    code = text(1, 50, metadata={"description": "验证码或恢复码；账号已绑定验证器时必填"})


class Token(Schema):
    token = fields.String(required=True)
    must_change_password = fields.Boolean(required=True)


class PasswordChange(Body):
    old = text(1, 200, required=True)
    new = text(1, 200, required=True)


class Me(Schema):
    account_id = fields.Integer()
    name = fields.String()
    duties = fields.List(fields.String())
    organisation_id = fields.Integer(allow_none=True)
    organisation_name = fields.String(allow_none=True)
    organisation_kind = fields.String(allow_none=True)
    must_change_password = fields.Boolean()
    must_bind = fields.Boolean(metadata={"description": "必须先绑定验证器"})
    profile_complete = fields.Boolean()


class UnitRegistration(Body):
    """CQ-26: a unit registers itself with its 统一社会信用代码."""

    code = text(1, 30, required=True)
    name = text(2, required=True)
    region = pattern("[1-9][0-9]{5}", "应为六位行政区划代码。", required=True)
    login = text(1, required=True)
    password = text(1, 200, required=True)
    person_name = text(1, 50, required=True)
    telephone = text(1, 30, required=True)


class UnitProfile(Body):
    """What a unit's cases are routed by; `superior` null for a unit without one (无隶属)."""

    superior = number(required=True, allow_none=True)
    level = choice(*LEVELS, required=True)
    system = choice(*SYSTEMS, required=True)
    nature = choice(*NATURES, required=True)
    contact = text(1, 50)
    telephone = text(1, 30)
    address = text(1, 200)


class Region(Schema):
    code = fields.String()
    name = fields.String()
    parent = fields.String(allow_none=True)


class Department(Schema):
    id = fields.Integer()
    name = fields.String()
    region = fields.String()


class NewPerson(Body):
    name = text(2, 50, required=True)
    id_number = text(1, 30, required=True)
    telephone = text(0, 30)
    ethnicity = text(0, 30)


class PersonChange(Body):
    """What is left out stays; an empty text empties."""

    name = text(2, 50)
    telephone = text(0, 30)
    ethnicity = text(0, 30)


class Person(Schema):
    id = fields.Integer()
    name = fields.String()
    gender = fields.String()
    birth_date = fields.Date()
    telephone = fields.String(allow_none=True)
    ethnicity = fields.String(allow_none=True)
    id_number_masked = fields.String()


class Cursor(Body):
    """Keyset paging: `after` is the `next` of the page before."""

    after = pattern(r"[0-9]{1,18}(\.[0-9]{1,18})?", "应为上一页给出的 next。")


class PeopleQuery(Cursor):
    name = text()


class CaseQuery(Cursor):
    scheme = text()
    process = text()
    state = choice("running", "ended", "cancelled")
    status = text()
    phase = text(metadata={"description": "办到过的阶段，如 exam_entry；有哪些见 GET /schemes"})
    phase_status = text(metadata={"description": "该阶段的状态；要与 phase 一起给出"})
    name = text()
    unit = text()
    region = pattern("[1-9][0-9]{5}", "应为六位行政区划代码。")
    trade = text()
    grade = text()
    started_from = instant()
    started_before = instant()

    @validates_schema
    def _status_of_a_phase(self, query: dict[str, Any], **_: Any) -> None:
        if query.get("phase_status") and not query.get("phase"):
            raise ValidationError({"phase_status": ["要与 phase 一起给出。"]})


class Case(Schema):
    id = fields.Integer()
    scheme = fields.String()
    process = fields.String()
    unit = fields.String()
    person = fields.String(allow_none=True)
    id_number_masked = fields.String(allow_none=True)
    state = fields.String()
    status = fields.String()
    outcome = fields.String(allow_none=True)
    phases = fields.Dict(metadata={"description": "到过的每个阶段和它的状态"})
    listed = fields.Dict()
    started_at = fields.AwareDateTime()
    ended_at = fields.AwareDateTime(allow_none=True)


class OpenTask(Schema):
    id = fields.Integer()
    name = fields.String()
    office = fields.String(allow_none=True)
    closes_at = fields.AwareDateTime(allow_none=True)


class Sayable(Schema):
    message = fields.String()
    name = fields.String()
    form = fields.String(allow_none=True)
    closes_at = fields.AwareDateTime(allow_none=True)


class StoredFile(Schema):
    name = fields.String()
    title = fields.String()
    media_type = fields.String()
    size = fields.Integer()


class CaseCertificate(Schema):
    number = fields.String()
    state = fields.String(metadata={"description": "valid 有效，revoked 已撤销"})
    copy = fields.Integer(metadata={"description": "第几次制发，以前的作废"})
    issued_at = fields.AwareDateTime()


class CaseDetail(Case):
    tasks = fields.List(fields.Nested(OpenTask), metadata={"description": "办件停在哪里、由谁办理"})
    messages = fields.List(fields.Nested(Sayable), metadata={"description": "现在可以发出的消息"})
    certificates = fields.List(fields.Nested(CaseCertificate))
    about = fields.Integer(allow_none=True, metadata={"description": "本办件所关于的办件"})
    linked = fields.List(fields.Integer(), metadata={"description": "看得到的相关办件"})
    beginnings = fields.List(fields.String(), metadata={"description": "可以关于本办件发起的流程"})
    retained_until = fields.Date(allow_none=True, metadata={"description": "归档后保管到哪一天"})
    files = fields.List(fields.Nested(StoredFile))


class NewCase(Body):
    scheme = text(1, required=True)
    process = text(1, required=True)
    linked_case_id = number(metadata={"description": "所关于的办件；流程写明 about: case 的才有，也必须有"})


class Started(Schema):
    id = fields.Integer()


class CaseMessage(Body):
    """Something said to a case that waits for it, such as a deletion."""

    message = text(1, required=True)
    values = mapping(metadata={"description": "消息的表单，如果有"})


class Record(Body):
    kind = text(1, required=True)
    values = mapping(required=True)


class Recorded(Schema):
    case_id = fields.Integer()
    kind = fields.String()


class Status(Schema):
    case_id = fields.Integer()
    status = fields.String()


class TaskQuery(Cursor):
    state = choice("open", "completed", load_default="open")
    kind = pattern("[^/]+/[^/]+", "应为“方案/环节”，如 tiny-2021/fill。")
    unit = text()
    name = text()


class Task(Schema):
    id = fields.Integer()
    case_id = fields.Integer()
    scheme = fields.String()
    element = fields.String()
    name = fields.String()
    unit = fields.String()
    person = fields.String(allow_none=True)
    state = fields.String(metadata={"description": "open、completed，或 returned（已退回给以前的环节）"})
    bulk = fields.Boolean()
    opened_at = fields.AwareDateTime()
    closes_at = fields.AwareDateTime(allow_none=True)
    completed_at = fields.AwareDateTime(allow_none=True)


class Entered(Schema):
    task = fields.String()
    actor = fields.String(allow_none=True)
    office = fields.String(allow_none=True)
    at = fields.AwareDateTime()
    values = fields.Dict()


class CameBack(Schema):
    name = fields.String(metadata={"description": "在哪个环节退回的"})
    office = fields.String(allow_none=True)
    actor = fields.String(allow_none=True)
    at = fields.AwareDateTime()
    opinion = fields.String()
    straight = fields.Boolean(metadata={"description": "补正后直接回到那个环节"})


class TaskDetail(Task):
    came_back = fields.Nested(CameBack, allow_none=True, metadata={"description": "退回来的，由谁、为什么"})
    returnable = fields.Boolean(metadata={"description": "流程图允许退回，见 returns"})
    listed = fields.Dict(metadata={"description": "办件列表所示的内容"})
    form = fields.Dict(allow_none=True, metadata={"description": "表单的 JSON Schema"})
    typed = fields.Dict(allow_none=True, metadata={"description": "已暂存的内容；没有则为上次提交的内容"})
    entered = fields.List(fields.Nested(Entered), metadata={"description": "以前各环节填写的内容"})


class Filled(Body):
    values = mapping(required=True)


class BulkCompletion(Body):
    """The same values for every task, or none to submit each task's own draft."""

    tasks = numbers(MOST_AT_ONCE, required=True)
    values = mapping(allow_none=True)


class ItemResult(Schema):
    task_id = fields.Integer()
    ok = fields.Boolean()
    message = fields.String()


class BulkResult(Schema):
    results = fields.List(fields.Nested(ItemResult))


class Step(Schema):
    seq = fields.Integer()
    call = fields.String()
    element = fields.String(allow_none=True)
    at = fields.AwareDateTime()
    actor = fields.String()
    office = fields.String(allow_none=True)
    happened = fields.List(fields.Dict())
    values = fields.Dict(allow_none=True, metadata={"description": "经办人填写的内容"})


class ImportQuery(Body):
    kind = pattern("[^/]+/[^/]+", "应为“方案/环节”，如 tiny-2021/fill。", required=True)


class ImportKind(Schema):
    key = fields.String(metadata={"description": "方案/环节，上传时的 kind"})
    name = fields.String()
    count = fields.Integer(metadata={"description": "待办件数"})


class ImportLine(Schema):
    number = fields.Integer(metadata={"description": "在表格里是第几行"})
    case_id = fields.Integer(allow_none=True)
    subject = fields.String()
    state = fields.String(metadata={"description": "bad 有误，refused 未成功"})
    message = fields.String(allow_none=True)


class Import(Schema):
    id = fields.Integer()
    kind = fields.String()
    name = fields.String()
    file = fields.String()
    state = fields.String(metadata={"description": "checked 待确认，running 导入中，finished 已导入"})
    received_at = fields.AwareDateTime(allow_none=True, metadata={"description": "确认的时刻，各行以它为准"})
    good = fields.Integer(metadata={"description": "正确、还没有导入的行数"})
    bad = fields.Integer()
    blank = fields.Integer(metadata={"description": "没有填写、不导入的行数"})
    done = fields.Integer()
    refused = fields.Integer(metadata={"description": "导入时被拒绝的行数，如已经办理"})
    lines = fields.List(fields.Nested(ImportLine))


class Imports(Schema):
    kinds = fields.List(fields.Nested(ImportKind))
    items = fields.List(fields.Nested(Import))


class ImportChoice(Body):
    lines = choice(
        "all",
        "good",
        required=True,
        metadata={"description": "all 全部（不能有误），good 只导入正确的行"},
    )


class Upload(Body):
    """Sent as multipart/form-data."""

    file = upload()


class Process(Schema):
    id = fields.String()
    title = fields.String()
    subject = fields.String()
    started_by = fields.String(allow_none=True, metadata={"description": "可以发起的角色；null 为消息发起"})
    about = fields.String(allow_none=True, metadata={"description": "case 为关于另一件办件发起"})


class Phase(Schema):
    process = fields.String()
    title = fields.String()


class RecordKind(Schema):
    kind = fields.String()
    title = fields.String()
    form = fields.String()


class Scheme(Schema):
    id = fields.String()
    name = fields.String()
    notice = fields.String()
    year = fields.Integer()
    deployment = fields.Integer()
    now = fields.AwareDateTime(metadata={"description": "方案的当前时刻；演练库中各方案时钟不同"})
    processes = fields.List(fields.Nested(Process))
    phases = fields.List(fields.Nested(Phase), metadata={"description": "办件的各个阶段，依次"})
    records = fields.List(fields.Nested(RecordKind))
    forms = fields.List(fields.String())


class Notice(Schema):
    id = fields.Integer()
    case_id = fields.Integer()
    text = fields.String()
    sent_at = fields.AwareDateTime()
    read_at = fields.AwareDateTime(allow_none=True)


def page_of(item: type[Schema]) -> Schema:
    """The schema of a page of `item`s, with the cursor of the next one."""
    rows = fields.List(fields.Nested(item), required=True)
    following = fields.String(allow_none=True)
    return Schema.from_dict({"items": rows, "next": following}, name=f"{item.__name__}Page")()
