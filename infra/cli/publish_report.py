"""What `publish` and `validate` print in the end: sentences for a person, or one JSON object."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import typer

from producers.files import BadLine, Tally
from schemas import exact

_SHOWN: Final = 20
"""Bad lines named for a person; `--json` names all that are kept."""


@dataclass(kw_only=True)
class Report:
    """The result of one run."""

    action: Literal["publish", "validate"]
    source: str
    as_json: bool
    tally: Tally = field(default_factory=Tally)
    failure: str = ""
    kafka_failed: bool = False
    seconds: float = 0.0

    def print(self) -> None:
        """JSON and the summary to standard output, what is wrong to standard error."""
        if self.as_json:
            typer.echo(exact.dumps(self._json()))
            return
        for line in self._wrong():
            typer.echo(line, err=True)
        typer.echo(self._summary())

    def _json(self) -> dict[str, Any]:
        tally = self.tally
        result: dict[str, Any] = {
            "valid": tally.valid,
            "invalid": tally.invalid,
            "problems": [_bad_json(line) for line in tally.bad],
        }
        if self.action == "publish":
            result |= {"published": tally.published, "last_committed_line": tally.last_line}
            result |= {"topics": dict(tally.topics), "seconds": f"{self.seconds:.3f}", "failure": self.failure or None}
        return result

    def _wrong(self) -> Iterator[str]:
        for line in self.tally.bad[:_SHOWN]:
            yield from (f"{self.source}:{line.number}: {problem}" for problem in line.problems)
        if self.tally.invalid > _SHOWN:
            yield f"and {self.tally.invalid - _SHOWN:,} lines more"
        if self.failure:
            yield self.failure

    def _summary(self) -> str:
        tally = self.tally
        if self.action == "validate":
            return f"{tally.valid:,} valid, {tally.invalid:,} invalid"
        if not tally.published:
            return f"Nothing was published: {tally.valid:,} valid, {tally.invalid:,} invalid"
        skipped = f", {tally.invalid:,} invalid" if tally.invalid else ""
        topics = ", ".join(f"{name} {count:,}" for name, count in sorted(tally.topics.items()))
        done = f"Published {tally.published:,} events in {self.seconds:.1f} s up to line {tally.last_line}"
        return f"{done}{skipped} ({topics})"


def _bad_json(line: BadLine) -> dict[str, Any]:
    problems = [{"field": problem.field, "problem": problem.sentence} for problem in line.problems]
    return {"line": line.number, "reason": line.reason, "problems": problems}
