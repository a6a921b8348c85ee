"""QuickBooks as it might be where its documents are silent: the sets of switches under which everything must hold."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from infra.sandbox.quickbooks.switches import Switches
from tests.integration.line import Line, line
from tests.integration.meddling import SHOWN_AFTER
from tests.integration.troubled import Trouble

ALONE: Final[dict[str, dict[str, Any]]] = {
    "ids for ever": {"request_ids": "forever"},
    "ids 24 h": {"request_ids": "24h"},
    "ids a minute": {"request_ids": 60},
    "no ids": {"request_ids": "none"},
    "faults forgotten": {"after_fault": "forgotten"},
    "faults refused": {"after_fault": "refused"},
    "other body refused": {"other_body": "refused"},
    "running twice": {"while_running": "executes_twice"},
    "running refused": {"while_running": "refused"},
    "queries lag": {"query_lag_seconds": 60},
    "feed lags": {"feed_lag_seconds": 60},
    "token a day": {"refresh_tokens": "daily"},
    "token each use": {"refresh_tokens": "each_use"},
    "token harsh": {"refresh_tokens": "harsh"},
}
"""Each switch alone, at each of its values."""

TOGETHER: Final[dict[str, dict[str, Any]]] = {
    "forgetful": {
        "request_ids": "none",
        "query_lag_seconds": 60,
        "feed_lag_seconds": 60,
        "after_fault": "forgotten",
        "while_running": "executes_twice",
        "refresh_tokens": "harsh",
    },
    "strict": {
        "request_ids": "24h",
        "query_lag_seconds": 60,
        "after_fault": "refused",
        "other_body": "refused",
        "while_running": "refused",
        "refresh_tokens": "daily",
    },
    "behind": {"request_ids": 60, "feed_lag_seconds": 60, "query_lag_seconds": 30, "after_fault": "refused"},
}
"""Combinations in which nothing helps: what one switch leaves to hold on to, another takes away."""

SETS: Final = {**ALONE, **TOGETHER}


def switches(name: str) -> Switches:
    """The set of that name. Limits are off: they are no open point, and other tests are about them."""
    return Switches(limits="off").changed(SETS[name])


@asynccontextmanager
async def begun(database_url: str, *, of: str, trouble: Trouble) -> AsyncIterator[Line]:
    """A line whose QuickBooks has the switches of that set, and client c1 with invoice i0, which every query shows."""
    async with line(database_url, switches=switches(of), wrap=trouble.wrap) as found:
        await found.client()
        await found.invoice("i0")
        await found.turns()
        await found.pass_time(seconds=SHOWN_AFTER)
        yield found
