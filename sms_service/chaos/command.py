"""The command line of the crash and fault suite: campaigns by seed, resumable; mutants; one table."""

from __future__ import annotations

import pickle
import shutil
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from sms_service.chaos.campaign import Campaign, Size
from sms_service.chaos.mutants import MUTANTS, Mutant
from sms_service.chaos.verdict import Verdict, again, judge, keep, kept, table
from sms_service.runtime import CannotStart, Child, forget

#: One after the other: about a hundred thousand texts and a thousand kills.
LONG = Size(name="long", visits=2000, storms=15, per_storm=(9, 15))
QUICK = Size(name="quick", visits=40, storms=2, per_storm=(5, 8), days=14)
MUTANT = Size(
    name="mutant", visits=60, storms=3, per_storm=(4, 6), floods=(), restore=False, days=13, patience_s=20.0
)
_LONG_SEEDS = 6

app = typer.Typer(add_completion=False, pretty_exceptions_show_locals=False)
out = Console(stderr=True)


@app.command()
def chaos(
    *,
    quick: Annotated[bool, typer.Option(help="one small campaign instead of the long form")] = False,
    mutants: Annotated[
        bool, typer.Option(help="switch protections off, one by one; the judge must notice each")
    ] = False,
    seeds: Annotated[str, typer.Option(help="which campaigns: 7, or 1-6")] = "",
    only: Annotated[str, typer.Option(help="which mutants, comma-separated; all by default")] = "",
    data: Annotated[
        Path, typer.Option(help="folder of everything; what is done already is kept there")
    ] = Path(".data/chaos"),
    rejudge: Annotated[
        bool, typer.Option(help="put what earlier campaigns saw before the judge once more")
    ] = False,
    fresh: Annotated[bool, typer.Option(help="forget earlier results")] = False,
) -> None:
    """Break the service in every way we know, and judge from outside whether it kept its promises.

    Exit code 0 if it did (and if every mutant was caught), 1 if not, 2 if it could not be tried.
    """
    if fresh and data.exists():
        shutil.rmtree(data)
    data.mkdir(parents=True, exist_ok=True)
    try:
        if mutants:
            good = _mutants(data, [name.strip() for name in only.split(",") if name.strip()] or list(MUTANTS))
        else:
            size = QUICK if quick else LONG
            good = _campaigns(
                data, size, _seeds(seeds or ("1" if quick else f"1-{_LONG_SEEDS}")), rejudge=rejudge
            )
    except CannotStart as error:
        out.print(f"error: {error}")
        raise typer.Exit(2) from None
    raise typer.Exit(0 if good else 1)


def _campaigns(data: Path, size: Size, seeds: range, *, rejudge: bool) -> bool:
    results = data / "results.jsonl"
    done = {seed: verdict for seed, verdict in kept(results, size.name).items() if seed in seeds}
    if rejudge:
        done = _judge_again(data, done)
        results.write_text("", encoding="utf-8")
        for verdict in done.values():
            keep(results, verdict)
            _tell(verdict)
    for seed in seeds:
        if seed not in done:
            out.print(f"campaign {seed} of {seeds[0]}-{seeds[-1]}: {size.visits} visits …")
            done[seed] = play(Campaign(seed=seed, size=size, data=data / f"{size.name}-{seed}"))
            keep(results, done[seed])
            _tell(done[seed])
    report = table(list(done.values()))
    (data / f"{size.name}.md").write_text(report + "\n", encoding="utf-8")
    typer.echo(report)
    return all(verdict.passed for verdict in done.values())


def play(campaign: Campaign) -> Verdict:
    """Run a campaign and judge it. What passed is removed; of what failed journal, logs and data are kept."""
    forget(campaign.data)
    began = time.monotonic()
    evidence = campaign.run()
    verdict = judge(campaign, evidence, time.monotonic() - began)
    if verdict.passed:
        campaign.remove()
    _evidence(campaign.data.parent, verdict).write_bytes(pickle.dumps(evidence))
    return verdict


def _evidence(data: Path, verdict: Verdict) -> Path:
    return data / f"evidence-{verdict.size}-{verdict.seed}.pickle"


def _judge_again(data: Path, done: Mapping[int, Verdict]) -> dict[int, Verdict]:
    """The same evidence before the judge as it is now: our own files, so unpickling them is safe."""
    return {
        seed: again(verdict, pickle.loads(_evidence(data, verdict).read_bytes()))  # noqa: S301
        for seed, verdict in done.items()
    }


def _tell(verdict: Verdict) -> None:
    state = "passed" if verdict.passed else "FAILED"
    out.print(
        f"  {state}: {verdict.texts:,} texts, {verdict.kills} kills, {verdict.seconds:.0f} s,"
        f" recoveries {list(verdict.recoveries)}"
    )
    for example in verdict.examples:
        out.print(f"    {example}", markup=False)


def _mutants(data: Path, names: list[str]) -> bool:
    unknown = [name for name in names if name not in MUTANTS]
    if unknown:
        raise CannotStart(f"there is no mutant {unknown[0]!r}; there are {', '.join(MUTANTS)}")
    typer.echo("| protection switched off | broken promises | caught |")
    typer.echo("|---|---|---|")
    caught = [_mutant(data, name, MUTANTS[name]) for name in names]
    return all(caught)


def _mutant(data: Path, name: str, mutant: Mutant) -> bool:
    verdict = play(
        Campaign(
            seed=2,
            size=replace(MUTANT, troubles=mutant.troubles, floods=mutant.floods),
            data=data / f"mutant-{name.replace(' ', '-')}",
            change=lambda child: _changed(child, name),
            schema=mutant.schema,
            faults=mutant.faults,
        )
    )
    caught = bool(mutant.breaks & verdict.broken.keys())
    told = ", ".join(f"{rule} {count}" for rule, count in verdict.broken.items()) or "none"
    typer.echo(f"| {name}: {mutant.what} | {told} | {'yes' if caught else '**no**'} |")
    return caught


def _changed(child: Child, name: str) -> Child:
    """The same process with one protection switched off; servers and sandbox stay as they are."""
    ours = "sms_service.cli.app"
    if ours not in child.argv:
        return child
    argv = list(child.argv)
    place = argv.index(ours)
    return replace(
        child, argv=[*argv[:place], "sms_service.chaos.mutants", name.replace(" ", "_"), *argv[place + 1 :]]
    )


def _seeds(written: str) -> range:
    first, _, last = written.partition("-")
    try:
        return range(int(first), int(last or first) + 1)
    except ValueError:
        raise typer.BadParameter("a number or a range such as 1-6", param_hint="--seeds") from None
