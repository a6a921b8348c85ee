"""python-quickbooks, unchanged, connected to a company of the sandbox by intuit-oauth's client, which it builds on."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import pytest
from intuitlib.client import AuthClient
from quickbooks import QuickBooks

from infra.sandbox.quickbooks.switches import Switches
from tests.contract.sandbox_company import Company, company

MINOR_VERSION = 75
Told = TypeVar("Told")
Client = Any  # the package has no types


@asynccontextmanager
async def library(switches: Switches | None = None) -> AsyncIterator[tuple[Company, Callable[..., Any]]]:
    """A company, and a way to run a function with the library's client in a thread: the library waits for answers.

    The library chooses between two addresses of Intuit's that are attributes of its client; ours takes the place of
    one of them. oauthlib refuses plain http unless it is told that this is a test.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
        async with company(switches) as it:
            qb = await asyncio.to_thread(_connected, it)

            async def run(steps: Callable[[Client], Told]) -> Told:
                return await asyncio.to_thread(steps, qb)

            yield it, run


def _connected(it: Company) -> Client:
    running = it.running
    auth = AuthClient(running.client_id, running.client_secret, running.redirect_uri, environment=running.discovery_url)
    qb = QuickBooks(auth_client=auth, refresh_token=it.refresh_token, company_id=it.realm, minorversion=MINOR_VERSION)
    qb.api_url_v3 = f"{running.base_url}/v3"
    return qb
