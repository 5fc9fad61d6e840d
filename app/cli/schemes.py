"""Commands for who writes a scheme: check, try, publish, run its scenarios, see where its clauses live."""

from __future__ import annotations

from pathlib import Path

import click

from app import clock
from app.cli.dry_runs import tell_run
from app.cli.telling import Failed, Group, tell
from app.content import Home, Scheme, check_scheme, clause_matrix, read_scenarios, read_scheme_folder
from app.content.dry_runs import DryRunScript, read_script
from app.engine import demand_bounded
from app.engine.types import Problem
from app.extensions import atomic
from app.operations import deployments
from app.operations.actors import SYSTEM
from app.operations.capabilities import declarations
from app.operations.dates import clock as clocks
from app.operations.trials import dry_runs, scenarios
from app.operations.trials.scenarios import Gap, ScenarioResult

FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
SCRIPT = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group("scheme", cls=Group, help="方案：检查、试走、运行场景、条款对照、发布。")
def scheme_group() -> None:
    pass


COMMANDS = (scheme_group,)


def files_of(folder: Path) -> dict[str, bytes]:
    """The files of the scheme in `bpmn/<scheme>`, with its forms and the common parts that it calls.

    Raises SchemeInvalid for diagrams that nobody could parse in a few seconds.
    """
    files = read_scheme_folder(folder.resolve().parents[1], folder.resolve().name)
    demand_bounded(files)
    return files


@scheme_group.command("check")
@click.argument("folder", type=FOLDER)
@click.option("--offices", is_flag=True, help="连同核对：已登记的单位，各环节是否都正好有一个办理机构。")
def _check(folder: Path, offices: bool) -> None:
    """检查方案目录 FOLDER（如 bpmn/province-2021）；有错误时退出码为 1。"""
    files = files_of(folder)
    wrong = tell(check_scheme(files, capabilities=declarations()))
    if offices and not wrong:
        wrong = tell(_office_problems(Scheme.from_files(files)))
    if wrong:
        raise Failed("方案有错误，改正后才能发布。")
    click.echo("检查通过。")


def _office_problems(scheme: Scheme) -> list[Problem]:
    with atomic():
        return deployments.holder_problems(scheme, clocks.scheme_now(scheme.id, clock.now()))


@scheme_group.command("publish")
@click.argument("folder", type=FOLDER)
def _publish(folder: Path) -> None:
    """发布方案目录 FOLDER（仅限新库和演练库；正式库投入使用后在系统中按流程发布）。

    在演练库里，方案的时钟从方案开始的那一天走起。
    """
    files, real_now = files_of(folder), clock.now()
    scheme = Scheme.from_files(files)
    with atomic():
        clocks.demand_rehearsal_or_empty()
        clocks.open_clock(scheme.id, scheme.opens_at, SYSTEM, real_now)
        deployment_id = deployments.publish(files, SYSTEM, clocks.scheme_now(scheme.id, real_now))
    click.echo(f"已发布，发布版本 {deployment_id}。")


@scheme_group.command("test")
@click.argument("folder", type=FOLDER)
@click.option("--only", multiple=True, metavar="文件名", help="只运行这个场景，可以写多次。")
def _test(folder: Path, only: tuple[str, ...]) -> None:
    """运行方案目录 FOLDER 的全部场景，列出没有走到的环节和流向；有场景不符时退出码为 1。

    场景在数据库里一处隔开的地方运行，不影响已有的办件，也不留下任何内容。
    """
    files = files_of(folder)
    known = read_scenarios(files).scenarios
    if unknown := [name for name in only if name not in known]:
        raise Failed(f"没有这个场景文件：{'、'.join(unknown)}。")
    run = scenarios.run_scheme(files, only=only or None, told=_tell_result)
    passed = sum(result.passed for result in run.results)
    click.echo(f"\n场景 {len(run.results)} 个，符合 {passed} 个。")
    if not only:
        _tell_gaps(run.gaps)
    if not run.passed:
        raise Failed(f"有 {len(run.results) - passed} 个场景不符。")


def _tell_result(result: ScenarioResult) -> None:
    click.echo(f"{'✓' if result.passed else '✗'} {result.title}（{result.file}）")
    for failure in result.failures:
        click.echo(f"    {f'第 {failure.step} 步：' if failure.step else ''}{failure.sentence}")


def _tell_gaps(gaps: tuple[Gap, ...]) -> None:
    if not gaps:
        click.echo("所有环节和流向都有场景走到。")
        return
    click.echo(f"没有场景走到的环节和流向（{len(gaps)} 处）：")
    for gap in gaps:
        if gap.source:
            label = f"（{gap.name}）" if gap.name else ""
            click.echo(f"    {gap.process}：{gap.source} → {gap.target}{label}")
        else:
            click.echo(f"    {gap.process}：{gap.name}（{gap.id}）")


@scheme_group.command("dry-run")
@click.argument("folder", type=FOLDER)
@click.argument("process", metavar="流程")
@click.option("--moves", type=SCRIPT, metavar="文件", help="怎样走（YAML）；不写则自己走一遍。")
def _dry_run(folder: Path, process: str, moves: Path | None) -> None:
    """试走方案目录 FOLDER 的一个流程：不发布、不要数据库、不留下任何内容；走不下去时退出码为 1。

    不写 --moves 时自己走：用样例内容办理待办，没有待办就让时间过去，直到结束。
    """
    files = files_of(folder)
    script = read_script(str(moves), moves.read_bytes()) if moves else DryRunScript()
    run = dry_runs.dry_run(files, process, script, clock.now())
    if tell_run(run, Scheme.from_files(files)):
        raise Failed("没有走通，请按上面的提示修改。")


@scheme_group.command("clauses")
@click.argument("folder", type=FOLDER)
def _clauses(folder: Path) -> None:
    """列出方案目录 FOLDER 的每一条款落实在哪里；方案声明完整而有条款没有落实时退出码为 1。"""
    files = files_of(folder)
    scheme = Scheme.from_files(files)
    matrix = clause_matrix(scheme, read_scenarios(files).scenarios)
    for clause_id, homes in matrix.items():
        clause = scheme.clauses.get(clause_id)
        click.echo(f"{clause_id}  {clause.text if clause else '（clauses.yaml 里没有这一条）'}")
        for line in _lines(homes):
            click.echo(f"    {line}")
    homeless = [clause_id for clause_id, homes in matrix.items() if not _settled(homes)]
    if homeless and scheme.complete:
        raise Failed(f"方案声明完整，这些条款却没有落实：{'、'.join(homeless)}。")
    click.echo(f"\n条款 {len(matrix)} 条，没有落实的 {len(homeless)} 条。")


def _settled(homes: list[Home]) -> bool:
    """A scenario shows that a clause works; it is no place where it does."""
    return any(home.kind != "scenario" for home in homes)


def _lines(homes: list[Home]) -> list[str]:
    if not _settled(homes):
        return ["（没有落实）", *(f"{home.told}  {Path(home.file).name}" for home in homes)]
    return [f"{home.told}  {Path(home.file).name}" for home in homes]
