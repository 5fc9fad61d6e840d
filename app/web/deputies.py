"""Deputies 代理人, as an account names its own, its supervisor or an administrator; an office's people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app import edge
from app.engine.civil import civil
from app.errors import Invalid, NotFound
from app.models import Account
from app.operations.company import deputies
from app.queries import accounts as account_queries
from app.queries import deputies as queries
from app.queries.colleagues import Colleague, colleagues
from app.web import acts
from app.web.acts import Act, Field, Values
from app.web.schemes import newest_schemes, real_now
from app.web.session import needs, signed_in

bp = Blueprint("deputies", __name__, url_prefix="/deputies")

STATES = {
    "to_come": _l("尚未开始"),
    "in_force": _l("代理中"),
    "over": _l("已到期"),
    "revoked": _l("已撤销"),
}


@bp.get("/")
@needs("operator", "supervisor", "administrator")
def index() -> str:
    """The account's own deputies, or those of another one that it may name them for."""
    account = _account(request.args.get("account", type=int))
    return render_template(
        "deputies/index.html",
        account=account,
        own=account.id == signed_in().actor.account_id,
        named=queries.named_by(account.id),
        acting=queries.acting(account.id),
        states=STATES,
        schemes=newest_schemes(),
        now=real_now(),
    )


@bp.get("/office")
@needs("supervisor")
def office() -> str:
    """The office's operators, whose deputies a supervisor names and whose work they hand over."""
    return render_template("deputies/office.html", people=colleagues(signed_in().organisation_id))


@bp.route("/of/<int:account_id>/new", methods=("GET", "POST"))
@needs("operator", "supervisor", "administrator")
def name(account_id: int) -> Any:
    account = _account(account_id)
    known = {scheme_id: scheme.name for scheme_id, scheme in newest_schemes().items()}
    act = _naming(account, known)

    def work(sent: Values) -> None:
        for field in ("valid_from", "valid_to"):
            if not sent[field]:
                raise Invalid({field: [_("请选择日期。")]})
        deputies.name(
            account.id,
            _number(sent["deputy"]),
            acts.since(sent["valid_from"], "valid_from"),
            acts.since(sent["valid_to"], "valid_to") + timedelta(days=1),
            ground=sent["ground"],
            actor=signed_in().actor,
            now=edge.received_at(),
            scheme_id=acts.chosen(sent["scheme"], known, "scheme"),
        )

    def done(_result: object) -> Any:
        flash(_("已指定代理人。"), "done")
        return redirect(url_for("deputies.index", account=account.id))

    today = civil(real_now()).date().isoformat()
    return acts.answer(act, work, done, {"valid_from": today})


@bp.route("/<int:deputy_id>/revocation", methods=("GET", "POST"))
@needs("operator", "supervisor", "administrator")
def revoke(deputy_id: int) -> Any:
    found = queries.one(deputy_id)
    account = _account(found.row.principal_id)
    back = url_for("deputies.index", account=account.id)
    act = Act(
        title=_("撤销代理"),
        about=_("%(deputy)s代理%(principal)s", deputy=found.deputy, principal=found.principal),
        back=back,
        button=_("撤销"),
        danger=True,
    )

    def work(sent: Values) -> None:
        now = edge.received_at()
        deputies.revoke(deputy_id, actor=signed_in().actor, now=now, ground=sent["ground"])

    def done(_result: object) -> Any:
        flash(_("已撤销代理。"), "done")
        return redirect(back)

    return acts.answer(act, work, done)


def named(people: Sequence[Colleague]) -> list[tuple[str, str]]:
    """Colleagues to choose from; those of one name are told apart by their logins."""
    return [(str(one.id), f"{one.name}（{one.login}）") for one in people]


def _naming(account: Account, schemes: Mapping[str, str]) -> Act:
    """What is asked of whoever names a deputy; `schemes` are titles by id."""
    others = named(colleagues(account.organisation_id or 0, {account.id}))
    return Act(
        title=_("指定代理人"),
        about=account.name,
        back=url_for("deputies.index", account=account.id),
        button=_("指定"),
        note=_(
            "代理人可以办理其签收的待办、答复委派和会签；两个人的姓名都记入办理经过。代理人的代理人不能代办。"
        ),
        fields=(
            Field("deputy", _l("代理人"), "select", others, blank=_l("请选择")),
            Field("valid_from", _l("自"), "date", help=_l("从这一天 0 时起")),
            Field("valid_to", _l("至"), "date", help=_l("到这一天 24 时止，最多一年")),
            Field(
                *("scheme", _l("方案"), "select", list(schemes.items())),
                help=_l("不选则代理所有方案的待办"),
                required=False,
                blank=_l("全部方案"),
            ),
        ),
    )


def _account(account_id: int | None) -> Account:
    """The account whose deputies the viewer may name; their own without a number. Raises NotFound."""
    account = account_queries.one(account_id or signed_in().actor.account_id or 0).account
    if not deputies.may_name_for(account, signed_in().actor):
        raise NotFound
    return account


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 19 else 0
