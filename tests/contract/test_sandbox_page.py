"""docs/sandbox.md says what is there: its tables are those of the code, and what it tells to type works."""

import asyncio
import json
import os
import re
import sys
from asyncio.subprocess import PIPE
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

import pytest

from infra.sandbox.quickbooks import control
from infra.sandbox.quickbooks.entities.registry import ENTITIES
from infra.sandbox.quickbooks.fault_conditions import CONDITIONS, KINDS
from infra.sandbox.quickbooks.gateway_bodies import GATEWAY_BODIES
from infra.sandbox.quickbooks.seed_files import NAMES, parsed, seed_of
from infra.sandbox.quickbooks.switch_table import switch_table
from infra.sandbox.quickbooks.webhooks_subscription import Subscription
from tests.contract.sandbox_company import company
from tests.contract.test_sandbox_command import LINE, started

PAGE = (Path(__file__).parents[2] / "docs" / "sandbox.md").read_text()


def section(title: str) -> str:
    """What stands under a heading."""
    found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found is not None, title
    return found.group(1)


def block(language: str, title: str) -> str:
    """The first block of code of a language in a section."""
    found = re.search(rf"^```{language}\n(.*?)^```$", section(title), re.MULTILINE | re.DOTALL)
    assert found is not None, title
    return found.group(1)


def rows(text: str) -> list[Sequence[str]]:
    """The cells of the rows of its tables, without the backticks around the first one."""
    found = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in text.splitlines() if line[:3] == "| `"]
    return [(cells[0].strip("` "), *cells[1:]) for cells in found]


def named(text: str) -> set[str]:
    """Every word that stands in backticks, and every word beside it in a list of them."""
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    return set(re.findall(r"\w+", " ".join(re.findall(r"`([^`]+)`", prose))))


def test_the_table_of_switches_is_that_of_the_code() -> None:
    """Each switch once, in the code's order, with its values and its default."""
    told = [(name, values, default) for name, values, default, _ in rows(section("Switches"))]

    assert told == [(name, values, str(default)) for name, values, default in switch_table()]
    assert all(question for *_, question in rows(section("Switches")))


def test_the_tables_of_companies_ready_line_and_faults_are_those_of_the_code() -> None:
    """Names of built-in companies, names in the ready line, kinds of fault rules, what their conditions are called."""
    on_request = section("Faults on request")
    line = re.split(r"^\| name .*$", section("Start it, and post an invoice"), flags=re.MULTILINE)[1]

    assert sorted(name for name, *_ in rows(section("Companies"))) == sorted(NAMES)
    assert named(line) >= LINE | {"shards"}
    assert sorted(name for name, *_ in rows(on_request)) == sorted(KINDS)
    assert set(CONDITIONS) - {"kind"} <= named(on_request)
    assert set(GATEWAY_BODIES) <= set(re.findall(r"\w+", on_request))


def test_every_setting_of_a_subscription_is_described() -> None:
    """A setting that is added, renamed or dropped changes the page too."""
    told = {word for cell, *_ in rows(section("Webhooks")) for word in re.findall(r"\w+", cell)}

    assert told == {one.name for one in fields(Subscription)} - {"url"}


def test_every_call_of_the_control_api_is_described() -> None:
    """By the first words of its path; the page names no other."""
    segment = re.compile(r"/(\w[\w-]*)")
    described = set(segment.findall(section("The control API")))
    routed = {word for _, path, _ in control.ROUTES for word in segment.findall(path.removeprefix("/_sandbox"))}
    acts = {"edit", "create", "void", "delete"}

    assert routed - described - {"settle", "deliveries"} == set()
    assert described - routed - acts == set()


def test_every_entity_that_is_modelled_has_its_source() -> None:
    """And none of them stands among those that are not."""
    modelled, missing = section("What it models"), section("What it does not model")

    assert {name for name in ENTITIES if re.search(rf"\b{name}\b", modelled) is None} == set()
    assert {name for name in ENTITIES if re.search(rf"\b{name}\b", missing)} == set()


async def test_the_company_of_the_page_opens() -> None:
    """The YAML that the page shows, as it stands."""
    text = block("yaml", "Companies")
    async with company() as it:
        opened = it.running.sandbox.open(seed_of(parsed(text, "the page")))

    assert (opened.name, opened.last_number, opened.records["Customer"]["7"].token) == ("Acme", 2000, 3)


async def test_the_clients_of_the_page_connect(tmp_path: Path) -> None:
    """intuit-oauth and python-quickbooks, with the lines that the page shows, one after the other."""
    blocks = re.findall(r"^```python\n(.*?)^```$", section("Connect a client"), re.MULTILINE | re.DOTALL)
    ask = "from quickbooks.objects.customer import Customer\nprint(Customer.get(1, qb=client).DisplayName)\n"
    async with started("--company", "craigs") as (line, _):
        script = tmp_path / "connect.py"
        script.write_text("\n".join((f"ready = {line!r}", *blocks, ask)))
        python = await asyncio.create_subprocess_exec(sys.executable, str(script), stdout=PIPE)
        said, _ = await python.communicate()

    assert said.decode() == "Amy's Bird Sanctuary\n"


@pytest.mark.skipif(sys.platform == "win32", reason="the script is for a shell")
async def test_the_script_of_the_page_posts_an_invoice(tmp_path: Path) -> None:
    """Starting alone, with curl: what the page says is typed into a shell, and an invoice comes back."""
    script = block("sh", "Start it, and post an invoice")
    paths = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    shell = await asyncio.create_subprocess_exec(
        *("bash", "-m"), cwd=tmp_path, env={**os.environ, "PATH": paths}, stdin=PIPE, stdout=PIPE
    )
    said, _ = await shell.communicate(script.encode())

    invoice = json.loads(said)["Invoice"]
    assert (invoice["DocNumber"], invoice["CustomerRef"]["name"]) == ("1043", "Amy's Bird Sanctuary")
