"""Organisations as administrators keep them: found, made, renamed, amended, merged, closed (LIFE-04)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app import edge
from app.errors import Conflict, Invalid, NotFound
from app.models import Organisation
from app.operations.offices import organisations
from app.operations.offices.organisations import Profile
from app.queries import accounts as account_queries
from app.queries import acts as act_queries
from app.queries import organisations as queries
from app.queries.accounts import AccountFilter
from app.queries.organisations import OrganisationFilter
from app.web import acts
from app.web.account import LEVELS, NATURES, SYSTEMS
from app.web.acts import Act, Field, Values, chosen
from app.web.administration import DUTIES, STATES
from app.web.listing import asked
from app.web.schemes import newest_schemes
from app.web.session import needs, signed_in

bp = Blueprint("organisations", __name__, url_prefix="/administration/organisations")

KINDS = {"unit": _l("申报单位"), "department": _l("主管部门"), "office": _l("经办机构")}
ALLOTTED: dict[Literal["office", "department"], Any] = {
    "office": KINDS["office"],
    "department": KINDS["department"],
}
"""Units register themselves (CQ-26)."""
LOGGED = {
    "organisation.created": _l("建立"),
    "organisation.completed": _l("完善资料"),
    "organisation.amended": _l("更改资料"),
    "organisation.renamed": _l("更名"),
    "organisation.subordinated": _l("更改隶属"),
    "organisation.merged": _l("并入其他机构"),
    "organisation.taken_over": _l("移交遗留事项"),
    "organisation.closed": _l("撤销"),
    "unit.completed": _l("完善资料"),
    "jurisdiction.granted": _l("授予职责"),
    "jurisdiction.ended": _l("终止职责"),
}
FACTS = (
    Field("level", _l("隶属层级"), "select", LEVELS.items(), required=False),
    Field("system", _l("组织类别"), "select", SYSTEMS.items(), required=False),
    Field("nature", _l("单位性质"), "select", NATURES.items(), required=False),
    Field("contact", _l("联系人"), required=False),
    Field("telephone", _l("联系电话"), required=False),
    Field("address", _l("地址"), required=False),
)


@bp.get("/")
@needs("administrator")
def index() -> str:
    wanted = OrganisationFilter(
        text=asked("text"), kind=asked("kind"), region=asked("region"), state=asked("state")
    )
    page = queries.listing(wanted, request.args.get("after"))
    return render_template("administration/organisations.html", page=page, kinds=KINDS, regions=regions())


@bp.get("/<int:organisation_id>")
@needs("administrator")
def show(organisation_id: int) -> str:
    organisation = queries.known(organisation_id)
    now = edge.received_at()
    own = AccountFilter(organisation_id=organisation_id)
    return render_template(
        "administration/organisation.html",
        organisation=organisation,
        successor=queries.one(organisation.successor_id) if organisation.successor_id else None,
        kinds=KINDS,
        regions=regions(),
        levels=LEVELS,
        systems=SYSTEMS,
        natures=NATURES,
        names=queries.names(organisation_id),
        superiors=queries.superiors(organisation_id),
        jurisdictions=queries.jurisdictions(organisation_id),
        functions=functions(),
        accounts=account_queries.listing(own, now, request.args.get("after")),
        duties=DUTIES,
        states=STATES,
        now=now,
        logged=act_queries.about(LOGGED, organisation_id),
        titles=LOGGED,
    )


@bp.route("/new", methods=("GET", "POST"))
@needs("administrator")
def create() -> Any:
    fields = (
        Field("kind", _l("类别"), "select", ALLOTTED.items()),
        Field("name", _l("全称")),
        Field("region", _l("所在地区"), "select", regions().items()),
        Field("code", _l("统一社会信用代码"), required=False),
        *FACTS,
    )
    note = _("申报单位自行注册，不在这里建立。")
    act = Act(_("建立机构"), _("经办机构或主管部门"), url_for("organisations.index"), _("建立"), note, fields)

    def work(sent: Values) -> int:
        kind = chosen(sent["kind"], ALLOTTED, "kind")
        if kind is None:
            raise Invalid({"kind": [_("请选择。")]})
        made = organisations.create(
            kind,
            sent["name"],
            sent["region"],
            code=sent["code"] or None,
            profile=_profile(sent),
            ground=sent["ground"],
            actor=signed_in().actor,
            now=edge.received_at(),
        )
        return made.id

    def done(made: int) -> Any:
        return shown(made, _("机构已建立。"))

    return acts.answer(act, work, done)


@bp.route("/<int:organisation_id>/names", methods=("GET", "POST"))
@needs("administrator")
def rename(organisation_id: int) -> Any:
    note = _("原名称保留在历史记录里，在办事项不受影响。")
    act = act_on(organisation_id, _("更名"), _("更名"), note, (Field("name", _l("新的全称")),))

    def work(sent: Values) -> None:
        organisations.rename(
            organisation_id,
            sent["name"],
            edge.received_at(),
            ground=sent["ground"],
            actor=signed_in().actor,
        )

    return acts.answer(act, work, back(organisation_id, _("已更名。")))


@bp.route("/<int:organisation_id>/profile", methods=("GET", "POST"))
@needs("administrator")
def amend(organisation_id: int) -> Any:
    note = _("隶属层级、组织类别和单位性质决定以后的申报由谁审核；在办的事项按原来的路径继续。")
    act = act_on(organisation_id, _("更改资料"), _("保存"), note, FACTS)

    def work(sent: Values) -> None:
        profile = _profile(sent, emptied="")
        organisations.amend(
            organisation_id,
            profile,
            ground=sent["ground"],
            actor=signed_in().actor,
            now=edge.received_at(),
        )

    organisation = queries.known(organisation_id)
    before = {field.name: getattr(organisation, field.name) for field in FACTS}
    return acts.answer(act, work, back(organisation_id, _("资料已更改。")), before)


@bp.route("/<int:organisation_id>/closure", methods=("GET", "POST"))
@needs("administrator")
def close(organisation_id: int) -> Any:
    note = _("没有承接机构时使用：关系全部终止，账号全部停用。还有未办结事项的不能撤销。")
    act = act_on(organisation_id, _("撤销机构"), _("撤销"), note, danger=True)

    def work(sent: Values) -> None:
        organisations.close(
            organisation_id, edge.received_at(), ground=sent["ground"], actor=signed_in().actor
        )

    return acts.answer(act, work, back(organisation_id, _("机构已撤销。")))


@bp.route("/<int:organisation_id>/merger", methods=("GET", "POST"))
@needs("administrator")
def merge(organisation_id: int) -> Any:
    """In two steps: the successor is named, what goes to it is shown, then it is done."""
    into = Field("into", _l("承接机构"), help=_l("全称或统一社会信用代码"))
    act = act_on(organisation_id, _("并入其他机构"), _("下一步：核对"), fields=(into,), danger=True)
    if request.method == "GET":
        return acts.page(act, {}, {})
    sent = acts.read(act)
    try:
        successor = _successor(sent["into"])
        if not request.form.get("confirmed"):
            return _merger_shown(act, organisation_id, successor, sent)
        with edge.transaction():
            organisations.merge(
                organisation_id,
                successor.id,
                edge.received_at(),
                ground=sent["ground"],
                actor=signed_in().actor,
            )
    except (Invalid, Conflict) as refusal:
        return acts.page(act, sent, acts.told(refusal)), refusal.status
    return shown(organisation_id, _("已并入%(name)s。", name=successor.name))


@bp.post("/<int:organisation_id>/takeover")
@needs("administrator")
def take_over(organisation_id: int) -> Any:
    queries.known(organisation_id)
    with edge.transaction():
        tasks = organisations.take_over(organisation_id, at=edge.received_at(), actor=signed_in().actor)
    return shown(organisation_id, _("移交了 %(count)s 项待办。", count=len(tasks)))


def _merger_shown(act: Act, organisation_id: int, successor: Organisation, sent: Values) -> Any:
    if not sent["ground"]:
        return acts.page(act, sent, {"ground": [_("请写明依据，例如文号或审批意见。")]}), 422
    weight = queries.weight(organisation_id)
    return render_template(
        "administration/merger.html", act=act, successor=successor, weight=weight, values=sent
    )


def _successor(text: str) -> Organisation:
    found = queries.named(text) if text else []
    if len(found) != 1:
        several = _("有几个机构都叫这个名称，请填写统一社会信用代码。")
        raise Invalid({"into": [several if found else _("没有这个机构，请填写它现在的全称或代码。")]})
    return found[0]


def act_on(
    organisation_id: int,
    title: str,
    button: str,
    note: str = "",
    fields: Sequence[Field] = (),
    *,
    danger: bool = False,
) -> Act:
    organisation = queries.known(organisation_id)
    if organisation.closed_at is not None:
        raise NotFound
    back = url_for("organisations.show", organisation_id=organisation_id)
    return Act(title, organisation.name, back, button, note, fields, danger)


def _profile(sent: Values, emptied: str | None = None) -> Profile:
    """What was sent of the facts; `emptied` stands for a field that was left empty."""
    known = {"level": LEVELS, "system": SYSTEMS, "nature": NATURES}
    facts = {name: chosen(sent[name], options, name) for name, options in known.items()}
    facts |= {name: sent[name] for name in ("contact", "telephone", "address")}
    return Profile(**{name: text or emptied for name, text in facts.items()})


def regions() -> dict[str, str]:
    return {region.code: f"{region.name}（{region.code}）" for region in queries.regions()}


def functions() -> dict[str, str]:
    """The functions that the roles of the published schemes name, with the titles of the roles."""
    titles: dict[str, list[str]] = {}
    for scheme in newest_schemes().values():
        for role in scheme.roles.values():
            if role.function and role.title not in titles.setdefault(role.function, []):
                titles[role.function].append(role.title)
    return {function: f"{' / '.join(known)}（{function}）" for function, known in titles.items()}


def back(organisation_id: int, sentence: str) -> Any:
    return lambda _result: shown(organisation_id, sentence)


def shown(organisation_id: int, sentence: str) -> Any:
    flash(sentence, "done")
    return redirect(url_for("organisations.show", organisation_id=organisation_id))
