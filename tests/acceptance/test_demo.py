"""The demo, for real: the installed command, real Kafka and PostgreSQL, real processes that are really killed."""

import json
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

KEYS = {
    *("events", "records", "calls", "reads", "calls_per_event", "throttled", "kills", "lost_answers", "matched"),
    *("mismatched", "missing", "duplicated", "payments_recorded", "payments_reconciled", "payments_reversed"),
    *("setup_seconds", "seconds"),
}


@pytest.mark.kafka
@pytest.mark.postgres
@pytest.mark.timeout(300)
def test_a_day_with_kills_and_lost_answers_ends_with_equal_books(tmp_path: Path) -> None:
    """R-40, R-41, R-45: nothing lost or doubled, every payment back, in two minutes; and no process stays behind."""
    command = [str(Path(sys.executable).with_name("klipsync")), "demo", "--json", "--seconds", "20"]

    ended = subprocess.run(
        [*command, "--state", str(tmp_path / "state")],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )

    assert ended.returncode == 0, ended.stderr
    report = json.loads((tmp_path / "demo-report.json").read_text())
    assert report == json.loads(ended.stdout)
    assert report.keys() == KEYS
    assert report["mismatched"] == report["missing"] == report["duplicated"] == report["throttled"] == 0
    assert report["matched"] == report["records"] > 400
    assert min(report["kills"], report["lost_answers"], report["payments_reversed"]) > 0
    assert report["payments_reconciled"] + report["payments_reversed"] == report["payments_recorded"]
    assert report["seconds"] < 120
    assert _left_behind(tmp_path) == []


def _left_behind(folder: Path) -> list[str]:
    """Processes that still name the run's folder."""
    lines = (" ".join(one.info["cmdline"] or ()) for one in psutil.process_iter(["cmdline"]))
    return [line for line in lines if str(folder) in line]
