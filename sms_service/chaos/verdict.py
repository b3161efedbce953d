"""What became of a campaign: numbers, recoveries, violations; one line of a results file."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from sms_service.chaos.campaign import Campaign
from sms_service.chaos.judge.evidence import Evidence, Violation
from sms_service.chaos.judge.rules import RULES, violations


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A judged campaign. `broken` counts violations by rule, `examples` shows the first of them in words."""

    seed: int
    size: str
    visits: int
    events: int
    texts: int
    kills: int
    troubles: dict[str, int]
    recoveries: Sequence[float]
    forged: int
    seconds: float
    broken: dict[str, int]
    examples: Sequence[str]

    @property
    def passed(self) -> bool:
        """Whether every promise was kept."""
        return not self.broken


def judge(campaign: Campaign, evidence: Evidence, seconds: float) -> Verdict:
    """Apply every rule."""
    found = violations(evidence)
    return Verdict(
        seed=campaign.seed,
        size=campaign.size.name,
        visits=len(evidence.visits),
        events=len(evidence.posted),
        texts=len(evidence.texts),
        kills=campaign.kills,
        troubles=dict(Counter(line["name"] for line in campaign.journal.of("trouble"))),
        recoveries=[round(recovery, 1) for recovery in campaign.recoveries],
        forged=len(evidence.forged),
        seconds=round(seconds, 1),
        broken=dict(Counter(one.rule for one in found)),
        examples=[f"{one.rule}: {one.what}" for one in _first_of_each(found)],
    )


def again(verdict: Verdict, evidence: Evidence) -> Verdict:
    """The verdict on the same evidence by the rules as they are now."""
    found = violations(evidence)
    return replace(
        verdict,
        broken=dict(Counter(one.rule for one in found)),
        examples=[f"{one.rule}: {one.what}" for one in _first_of_each(found)],
    )


def _first_of_each(found: Iterable[Violation], how_many: int = 5) -> Iterable[Violation]:
    seen: Counter[str] = Counter()
    for one in found:
        seen[one.rule] += 1
        if seen[one.rule] <= how_many:
            yield one


def keep(file: Path, verdict: Verdict) -> None:
    """Append to the results."""
    with file.open("a", encoding="utf-8") as out:
        out.write(json.dumps(asdict(verdict), ensure_ascii=False) + "\n")


def kept(file: Path, size: str) -> dict[int, Verdict]:
    """The results of earlier runs of the same size, by seed."""
    if not file.exists():
        return {}
    lines = [Verdict(**json.loads(line)) for line in file.read_text(encoding="utf-8").splitlines() if line]
    return {verdict.seed: verdict for verdict in lines if verdict.size == size}


def table(verdicts: Sequence[Verdict]) -> str:
    """Markdown: a row for each campaign, the sum, and each promise with its violations."""
    head = "| seed | visits | events | texts | kills | slowest recovery | minutes | violations |"
    rows = [head, "|---:|---:|---:|---:|---:|---:|---:|---:|"]
    for one in sorted(verdicts, key=lambda verdict: verdict.seed):
        slowest = f"{max(one.recoveries):.1f} s" if one.recoveries else "-"
        rows.append(
            f"| {one.seed} | {one.visits:,} | {one.events:,} | {one.texts:,} | {one.kills:,} | {slowest}"
            f" | {one.seconds / 60:.1f} | {sum(one.broken.values())} |"
        )
    recoveries = [seconds for one in verdicts for seconds in one.recoveries]
    sums = (
        len(verdicts),
        *(sum(getattr(one, name) for one in verdicts) for name in ("visits", "events", "texts", "kills")),
        f"{max(recoveries, default=0):.1f} s",
        round(sum(one.seconds for one in verdicts) / 60),
        sum(sum(one.broken.values()) for one in verdicts),
    )
    rows.append(
        "".join(f"| **{number:,}** " if isinstance(number, int) else f"| **{number}** " for number in sums)
        + "|"
    )
    promises = ["", "| promise | violations |", "|---|---:|"]
    promises += [f"| {rule} | {sum(v.broken.get(rule, 0) for v in verdicts)} |" for rule in RULES]
    troubles: Counter[str] = Counter()
    for one in verdicts:
        troubles.update(one.troubles)
    told = ", ".join(f"{name} {count:,}" for name, count in sorted(troubles.items()))
    return "\n".join([*rows, *promises, "", f"Troubles: {told}."])
