"""Accounts as administrators keep them: found, allotted, given duties, reset, closed (ALL-03)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app import edge
from app.errors import NotFound
from app.operations.access import accounts, second_factor
from app.operations.company import handovers
from app.operations.long_work import exports
from app.queries import accounts as account_queries
from app.queries import acts as act_queries
from app.queries import organisations
from app.queries.accounts import AccountFilter
from app.web import acts
from app.web.acts import Act, Field, Values
from app.web.listing import asked
from app.web.session import needs, signed_in

bp = Blueprint("administration", __name__, url_prefix="/administration/accounts")

DUTIES = {
    "operator": _l("经办"),
    "supervisor": _l("监督"),
    "administrator": _l("系统管理"),
    "designer": _l("流程设计"),
}
NAMED = {**DUTIES, "applicant": _l("申报人")}
"""What accounts are called by; applicants' are opened by their units, not allotted here."""
STATES = {"active": _l("正常"), "locked": _l("暂时锁定"), "disabled": _l("已停用")}
LOGGED = {
    "account.created": _l("建立账号"),
    "account.duties": _l("更改职责"),
    "account.reset": _l("重置密码"),
    "account.disabled": _l("停用账号"),
    "account.handed_over": _l("离职交接"),
    "applicant.opened": _l("开通申报人账号"),
    "applicant.coded": _l("发放激活码"),
    "applicant.closed": _l("停用申报人账号"),
    "second_factor.bound": _l("绑定验证器"),
    "second_factor.unbound": _l("解除绑定验证器"),
    "second_factor.reset": _l("重置两步验证"),
    "second_factor.codes_renewed": _l("重新生成恢复码"),
    "second_factor.recovery_code_used": _l("使用恢复码"),
    exports.EXPORTED: _l("导出列表"),
}


@bp.get("/")
@needs("administrator")
def index() -> str:
    wanted = AccountFilter(
        text=asked("text"), organisation=asked("organisation"), duty=asked("duty"), state=asked("state")
    )
    now = edge.received_at()
    page = account_queries.listing(wanted, now, request.args.get("after"))
    return render_template("administration/accounts.html", page=page, duties=NAMED, states=STATES, now=now)


@bp.get("/<int:account_id>")
@needs("administrator")
def show(account_id: int) -> str:
    row = account_queries.one(account_id)
    return render_template(
        "administration/account.html",
        row=row,
        own=account_id == signed_in().actor.account_id,
        duties=NAMED,
        states=STATES,
        now=edge.received_at(),
        must_bind=second_factor.missing(row.account),
        logged=act_queries.about(LOGGED, account_id),
        left=handovers.items(account_id, handovers.AT_ONCE + 1),
        titles=LOGGED,
    )


@bp.route("/of/<int:organisation_id>/new", methods=("GET", "POST"))
@needs("administrator")
def allot(organisation_id: int) -> Any:
    organisation = organisations.known(organisation_id)
    act = Act(
        title=_("分配账号"),
        about=organisation.name,
        back=url_for("organisations.show", organisation_id=organisation_id),
        button=_("分配账号"),
        note=_("保存后显示初始密码，只显示一次；本人首次登录时必须修改。"),
        fields=(
            Field("login", _l("登录名"), help=_l("3 至 64 个字母、数字或 _ . @ -")),
            Field("name", _l("姓名")),
            _duties_field(),
            Field(
                "id_number",
                _l("身份证号码"),
                help=_l("经办人自己也可能参加考核的，请填写，系统据此防止其办理本人的事项"),
                required=False,
            ),
        ),
    )

    def work(sent: Values) -> tuple[str, str]:
        account, password = accounts.allot(organisation_id, **sent, **_by_me())
        return account.login, password

    return acts.answer(act, work, _told_password, {"duties": ["operator"]})


@bp.route("/<int:account_id>/duties", methods=("GET", "POST"))
@needs("administrator")
def duties(account_id: int) -> Any:
    account = account_queries.one(account_id).account
    act = _act(account_id, _("更改职责"), _("保存"), fields=(_duties_field(),))

    def work(sent: Values) -> None:
        accounts.set_duties(account_id, sent["duties"], ground=sent["ground"], **_by_me())

    return acts.answer(act, work, _back(account_id, _("职责已更改。")), {"duties": account.duties})


@bp.route("/<int:account_id>/password", methods=("GET", "POST"))
@needs("administrator")
def password(account_id: int) -> Any:
    login = account_queries.one(account_id).account.login
    note = _("生成新的初始密码，解除锁定，并结束该账号的所有登录。")
    act = _act(account_id, _("重置密码"), _("重置密码"), note)

    def work(sent: Values) -> tuple[str, str]:
        return login, accounts.reset_password(account_id, ground=sent["ground"], **_by_me())

    return acts.answer(act, work, _told_password)


@bp.route("/<int:account_id>/second-factor", methods=("GET", "POST"))
@needs("administrator")
def reset_second_factor(account_id: int) -> Any:
    note = _("本人的设备和恢复码都丢失时使用。请先核实身份；重置后登录只需要密码，直到重新绑定。")
    act = _act(account_id, _("重置两步验证"), _("重置两步验证"), note, danger=True)

    def work(sent: Values) -> None:
        accounts.reset_second_factor(account_id, ground=sent["ground"], **_by_me())

    return acts.answer(act, work, _back(account_id, _("两步验证已重置。")))


@bp.route("/<int:account_id>/closure", methods=("GET", "POST"))
@needs("administrator")
def disable(account_id: int) -> Any:
    note = _("停用后不能再登录，也不能恢复；已经办理的事项仍在其名下。")
    if left := handovers.items(account_id, handovers.AT_ONCE):
        note += _("其名下还有 %(count)s 项没有办结的待办，停用后请办理离职交接，交给同事。", count=len(left))
    act = _act(account_id, _("停用账号"), _("停用账号"), note, danger=True)

    def work(sent: Values) -> None:
        accounts.disable(account_id, ground=sent["ground"], **_by_me())

    if left:
        done = _("账号已停用。请选择由谁接手其没有办结的待办。")
        return acts.answer(act, work, _back(account_id, done, "handovers.show"))
    return acts.answer(act, work, _back(account_id, _("账号已停用。")))


def _act(
    account_id: int,
    title: str,
    button: str,
    note: str = "",
    *,
    fields: Sequence[Field] = (),
    danger: bool = False,
) -> Act:
    row = account_queries.one(account_id)
    if row.account.disabled_at is not None:
        raise NotFound
    about = f"{row.account.name}（{row.account.login}）"
    back = url_for("administration.show", account_id=account_id)
    return Act(title, about, back, button, note, fields, danger)


def _duties_field() -> Field:
    return Field("duties", _l("职责"), "checkboxes", DUTIES.items())


def _by_me() -> dict[str, Any]:
    return {"actor": signed_in().actor, "now": edge.received_at()}


def _back(account_id: int, sentence: str, to: str = "administration.show") -> Any:
    def done(_result: None) -> Any:
        flash(sentence, "done")
        return redirect(url_for(to, account_id=account_id))

    return done


def _told_password(result: tuple[str, str]) -> str:
    """Shown in the answer itself and nowhere else."""
    login, first = result
    return render_template("administration/first_password.html", login=login, password=first)
