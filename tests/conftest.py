"""What every test may ask for: a Kafka, a PostgreSQL, a database of its own. Where they come from: tests/places.py."""

import os
import tempfile
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

import pytest

from tests import databases, places


class _Parts(Protocol):
    def __call__(self) -> places.Addresses: ...


def pytest_report_header() -> list[str]:
    """Say where the parts are found, and why there."""
    return [str(places.kafka_place()), str(places.postgres_place())]


@pytest.fixture(scope="session")
def embedded_parts() -> Iterator[_Parts]:
    """Starts the embedded parts when first asked, once for both; they end with the session.

    Not below pytest's own folder: another pytest that starts takes from it what PostgreSQL's account needs to walk in.
    """
    started: list[places.Addresses] = []
    with ExitStack() as stack:

        def addresses() -> places.Addresses:
            if not started:
                state = stack.enter_context(tempfile.TemporaryDirectory(prefix="klipsync-tests-"))
                started.append(stack.enter_context(places.embedded(Path(state))))
            return started[0]

        yield addresses


@pytest.fixture(scope="session")
def kafka_address(embedded_parts: _Parts) -> Iterator[str]:
    """The bootstrap address of a real Kafka, shared by all: a test gives its topics and groups names of their own."""
    place = places.kafka_place()
    match place.form:
        case places.Form.ADDRESS:
            yield place.address
        case places.Form.CONTAINERS:
            with places.kafka_container() as address:
                yield address
        case places.Form.EMBEDDED:
            yield embedded_parts().kafka


@pytest.fixture(scope="session")
def postgres_address(embedded_parts: _Parts) -> Iterator[str]:
    """A SQLAlchemy asyncpg URL of a real PostgreSQL's admin database. Tests want `database_url` instead."""
    place = places.postgres_place()
    match place.form:
        case places.Form.ADDRESS:
            yield place.address
        case places.Form.CONTAINERS:
            with places.postgres_container() as address:
                yield address
        case places.Form.EMBEDDED:
            yield embedded_parts().postgres


@pytest.fixture
def database_url(postgres_address: str) -> Iterator[str]:
    """A SQLAlchemy asyncpg URL of an empty database that this test has for itself."""
    with databases.fresh_database(postgres_address) as url:
        yield url


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test skipped in CI fails, unless CI may lack what it needs."""
    report = yield
    if not hasattr(report, "wasxfail"):
        _refuse_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """A whole file skipped in CI fails likewise."""
    report = yield
    _refuse_skip(report)
    return report


def _refuse_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    if os.environ.get("CI") != "true" or report.outcome != "skipped":
        return
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    if not any(excuse in reason for excuse in places.EXCUSED):
        report.outcome = "failed"
        report.longrepr = f"skipped, but CI must be able to run it: {reason}"
