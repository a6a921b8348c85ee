"""`klipsync sandbox`: the command alone starts a QuickBooks, and the commands beside it talk to the one that runs."""

import asyncio
import json
import socket
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from typer.testing import CliRunner, Result

from infra.cli import app
from infra.demo.children import KLIPSYNC

Line = dict[str, Any]
LINE = {
    *("base_url", "realm", "client_id", "client_secret", "redirect_uri", "access_token", "refresh_token"),
    *("discovery_url", "authorize_url", "token_url", "control_url", "journal_url", "companies"),
}


async def launched(*words: str) -> Process:
    return await asyncio.create_subprocess_exec(*KLIPSYNC, "sandbox", *words, stdout=PIPE, stderr=PIPE)


@asynccontextmanager
async def started(*words: str) -> AsyncIterator[tuple[Line, Process]]:
    """A sandbox at a free port, and its ready line."""
    process = await launched("--port", "0", "--json", *words)
    try:
        assert process.stdout is not None
        yield json.loads(await process.stdout.readline()), process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.communicate()


async def ended(*words: str) -> tuple[int | None, str, str]:
    """A command that ends by itself: its code, what it said, what it complained of."""
    process = await launched(*words)
    said, complained = await process.communicate()
    return process.returncode, said.decode(), complained.decode()


async def told(*words: str, **environment: str) -> Result:
    """One of the commands beside it, in this process: it takes a second to start one."""
    return await asyncio.to_thread(CliRunner().invoke, app, ["sandbox", *words], env=environment)


async def ask(line: Line, *words: str) -> Any:  # noqa: ANN401 - JSON
    """What such a command finds out."""
    result = await told(*words, "--control", line["control_url"], "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


async def call(line: Line, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 - JSON
    """One call of the API, as the ready line says how."""
    headers = {"Authorization": f"Bearer {line['access_token']}", "Accept": "application/json"}
    url = f"{line['base_url']}/v3/company/{line['realm']}/{path}"
    async with aiohttp.ClientSession(headers=headers) as session, session.request(method, url, json=body) as answer:
        return await answer.json(content_type=None)


def invoice(customer: str) -> Line:
    detail = {"Amount": 100, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {"ItemRef": {"value": "1"}}}
    return {"CustomerRef": {"value": customer}, "Line": [detail]}


async def test_one_line_of_json_is_all_that_a_program_needs() -> None:
    """Addresses, app, realm and tokens; it answers by then, and ends with 0 on SIGTERM, having said nothing else."""
    process = await launched("--port", "0", "--company", "empty", "--json")
    assert process.stdout is not None
    line = json.loads(await process.stdout.readline())
    customer = await call(line, "POST", "customer", {"DisplayName": "Amy"})
    made = await call(line, "POST", "invoice", invoice(customer["Customer"]["Id"]))
    async with aiohttp.ClientSession() as session, session.get(line["discovery_url"]) as answer:
        discovered = await answer.json(content_type=None)
    process.terminate()
    rest, complained = await process.communicate()

    assert set(line) == LINE
    assert made["Invoice"]["TotalAmt"] == 100
    assert discovered["token_endpoint"] == line["token_url"]
    assert (process.returncode, rest, complained) == (0, b"", b"")


async def test_a_person_reads_what_to_do_next() -> None:
    """Without --json: where it is, and calls that work as they are printed; the default company is there."""
    process = await launched("--port", "0")
    assert process.stdout is not None
    said = [(await process.stdout.readline()).decode() for _ in range(5)]
    curl = await asyncio.create_subprocess_shell(said[4], stdout=PIPE)
    posted, _ = await curl.communicate()
    process.terminate()
    await process.communicate()

    assert "Craig's Design and Landscaping Services" in said[0]
    assert json.loads(posted)["Invoice"]["DocNumber"] == "1043"


async def test_what_cannot_start_says_why_in_one_sentence(tmp_path: Path) -> None:
    """A port in use, an unknown company, a seed that is wrong, a switch that is none: exit code 1."""
    broken = tmp_path / "broken.yaml"
    broken.write_text("name: Acme\nobjects:\n  Invoice:\n    - {CustomerRef: Amy, Line: []}\n")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        found = await asyncio.gather(
            ended("--port", str(port), "--json"),
            ended("--company", "emty"),
            ended("--company", str(broken)),
            ended("--switch", "limits=of"),
        )

    assert [code for code, _, _ in found] == [1, 1, 1, 1]
    assert [said for _, said, _ in found] == ["", "", "", ""]
    complaints = [complained for _, _, complained in found]
    assert all(text.startswith("The sandbox cannot start. ") and text.count("\n") == 1 for text in complaints)
    for text, words in zip(complaints, (str(port), "Did you mean empty?", "Invoice number 1", "on, off"), strict=True):
        assert words in text


async def test_companies_are_shared_out_over_processes() -> None:
    """Each shard has its port and its companies; together they are one line, and end together."""
    async with started("--company", "empty", "--processes", "2") as (line, process):
        shards = line["shards"]
        made = [await call(one, "POST", "customer", {"DisplayName": "Amy"}) for one in shards]
        process.terminate()
        code = await process.wait()
        with pytest.raises(aiohttp.ClientConnectionError):
            await call(shards[1], "GET", "customer/1")

    assert len({one["base_url"] for one in shards}) == len({one["realm"] for one in shards}) == 2
    assert [one["Customer"]["Id"] for one in made] == ["1", "1"]
    assert [one["realm"] for one in line["companies"]] == [one["realm"] for one in shards]
    assert code == 0


async def test_it_begins_at_the_moment_and_in_the_way_that_is_asked_for() -> None:
    """--at and --speed for the clock, --switch for the rest."""
    words = ("--at", "2020-09-29T12:00:00Z", "--speed", "0", "--switch", "calls_per_second=3")
    async with started("--company", "empty", *words) as (line, _):
        clock = await ask(line, "clock")
        switches = await ask(line, "switches")

    assert (clock["now"][:19], clock["speed"]) == ("2020-09-29T12:00:00", 0)
    assert switches["calls_per_second"] == 3


async def test_the_commands_beside_it_look_inside_and_break_it() -> None:
    """Journal, faults, clock, switches, companies, payments and edits: each is one command."""
    async with started("--company", "empty") as (line, _):
        made = await call(line, "POST", "customer", {"DisplayName": "Amy"})
        owed = await call(line, "POST", "invoice", invoice(made["Customer"]["Id"]))
        number = owed["Invoice"]["Id"]
        paid = await ask(line, "pay", made["Customer"]["Id"], "100", f"{number}=60", "--method", "Check")
        edited = await ask(line, "act", "edit", "Invoice", number, "--fields", '{"PrivateNote": "seen"}')
        journal = await ask(line, "journal", "--after", "1")
        rules = await ask(line, "faults", "status", "entity=customer", "status=503", "count=2")
        moved = await ask(line, "clock", "advance_seconds=3600")
        switches = await ask(line, "switches", "limits=off", "throttle_as=400", "batch_size=7")
        opened = await ask(line, "open", "empty")
        companies = await ask(line, "companies")

    assert (paid["UnappliedAmt"], edited["PrivateNote"], edited["Balance"]) == (40, "seen", 40)
    assert (journal["operation"], journal["entity"], journal["intuit_tid"][:2]) == ("create", "Invoice", "1-")
    assert (rules[0]["kind"], rules[0]["count"]) == ("status", 2)
    assert moved["speed"] == 1
    assert (switches["limits"], switches["throttle_as"], switches["batch_size"]) == ("off", "400", 7)
    assert [one["realm"] for one in companies] == [line["realm"], opened["realm"]]


async def test_a_followed_journal_shows_each_request_once_as_it_comes() -> None:
    """Under one heading; the numbers go on."""
    async with started("--company", "empty") as (line, _):
        following = await launched("journal", "--follow", "--control", line["control_url"])
        assert following.stdout is not None
        said = [(await following.stdout.readline()).decode()]
        for name in ("Amy", "Ben"):
            await call(line, "POST", "customer", {"DisplayName": name})
            said.append((await following.stdout.readline()).decode())
        following.terminate()
        await following.communicate()

    assert [text.split("\t")[0] for text in said] == ["n", "1", "2"]


async def test_a_command_without_a_sandbox_says_how_to_start_one() -> None:
    """Nobody answers, or the sandbox refuses: a sentence and exit code 1."""
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    away = await told("journal", "--control", f"http://127.0.0.1:{port}/_sandbox")
    async with started("--company", "empty") as (line, _):
        refused = await told("switches", "limits=of", "--control", line["control_url"])
        unclear = await told("pay", "1", "5", "266", "--control", line["control_url"])

    assert (away.exit_code, refused.exit_code, unclear.exit_code) == (1, 1, 1)
    assert "start one with `klipsync sandbox`" in away.stderr
    assert "limits is one of on, off" in refused.stderr
    assert "Write name=value, such as 266=60" in unclear.stderr


async def test_its_address_may_come_from_the_environment() -> None:
    """KLIPSYNC_SANDBOX stands for --control; without --json people read tables."""
    async with started("--company", "craigs") as (line, _):
        companies = await told("companies", KLIPSYNC_SANDBOX=line["control_url"])
        books = await told("books", KLIPSYNC_SANDBOX=line["control_url"])

    assert companies.stdout.splitlines()[1].split("\t") == [
        line["realm"],
        "Craig's Design and Landscaping Services",
        "America/Los_Angeles",
    ]
    assert "Trial balance" in books.stdout
    assert "84\tAccounts Receivable (A/R)\t4804.02\t0" in books.stdout


async def test_a_snapshot_goes_to_a_file_and_into_another_sandbox(tmp_path: Path) -> None:
    """With one command each; the other sandbox has the company then, and its tokens."""
    file = str(tmp_path / "morning.json")
    async with started("--company", "empty") as (line, _):
        made = await call(line, "POST", "customer", {"DisplayName": "Amy"})
        kept = await told("snapshot", file, "--control", line["control_url"])
    async with started("--company", "craigs") as (other, _):
        restored = await told("restore", file, "--control", other["control_url"])
        read = await call({**line, "base_url": other["base_url"]}, "GET", "customer/1")

    assert (kept.exit_code, restored.stdout) == (0, f"Restored: {line['realm']}.\n")
    assert read["Customer"] == made["Customer"]
