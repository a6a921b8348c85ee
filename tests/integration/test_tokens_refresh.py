"""Refreshing: once, over all workers, and never lost between Intuit's answer and the database."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text

from infra.database import connections
from infra.database.engine import Database
from infra.quickbooks.cipher import TokenCipher
from infra.quickbooks.errors import Disconnected, TokensUnavailable, WrongCredentials, WrongTokenKeys
from infra.sandbox.quickbooks.switches import Switches
from schemas.kinds import TenantId
from tests.integration.grants import KEY, REALM, TENANT, granted

pytestmark = pytest.mark.postgres


async def test_a_token_is_fetched_stored_and_kept(database_url: str) -> None:
    """It works at QuickBooks, lies encrypted in the database, and is not fetched twice."""
    async with granted(database_url) as at:
        keeper = at.keeper()
        first = await keeper.access_token(TENANT)
        again = await keeper.access_token(TENANT)
        restarted = await at.keeper().access_token(TENANT)
        stored = await at.value("access_token")

        assert first == again == restarted
        assert at.sandbox.sandbox.tokens.realm_of(first) == REALM
        assert at.gate.requests == 1
        assert isinstance(stored, bytes)
        assert first.encode() not in stored
        assert TokenCipher.of(KEY).decrypt(stored, tenant=TENANT) == first


async def test_two_workers_at_once_cause_one_refresh(database_url: str) -> None:
    """The second of two refreshes would get invalid_grant and may kill the first one's tokens."""
    async with granted(database_url) as at:
        at.gate.open.clear()
        callers = [asyncio.create_task(at.keeper().access_token(TENANT)) for _ in range(2)]
        await at.gate.answered.wait()
        await asyncio.sleep(0.3)  # time enough for the other one to come by
        at.gate.open.set()
        tokens = await asyncio.gather(*callers)

        assert len(set(tokens)) == 1
        assert at.gate.requests == 1
        assert await at.value("state") == "connected"


async def test_a_refused_token_is_replaced_once_for_all_who_saw_it_refused(database_url: str) -> None:
    """Ten calls that got a 401 for the same token cause one refresh, over all workers."""
    async with granted(database_url) as at:
        one, other = at.keeper(), at.keeper()
        refused = await one.access_token(TENANT)
        tokens = await asyncio.gather(*(k.access_token(TENANT, not_this=refused) for k in (one, other) * 5))

        assert len(set(tokens)) == 1
        assert refused not in tokens
        assert at.gate.requests == 2


async def test_a_token_about_to_die_is_refreshed_before_it_does(database_url: str) -> None:
    """The margin: a token handed out outlives the wait for its turn and its answer."""
    async with granted(database_url, switches=Switches(access_token_seconds=3600)) as at:
        first = await at.keeper().access_token(TENANT)
        kept = await at.keeper(margin=timedelta(minutes=59)).access_token(TENANT)
        renewed = await at.keeper(margin=timedelta(minutes=61)).access_token(TENANT)

        assert first == kept != renewed


async def test_a_short_lived_token_is_used_all_the_same(database_url: str) -> None:
    """A life shorter than the margin does not mean a refresh for every call."""
    async with granted(database_url, switches=Switches(access_token_seconds=60)) as at:
        keeper = at.keeper()
        assert await keeper.access_token(TENANT) == await keeper.access_token(TENANT)
        assert at.gate.requests == 1


async def test_a_caller_that_is_stopped_does_not_cut_the_refresh(database_url: str) -> None:
    """A new refresh token that was answered and not stored would cost the customer's consent."""
    async with granted(database_url) as at:
        at.gate.open.clear()
        keeper = at.keeper()
        caller = asyncio.create_task(keeper.access_token(TENANT))
        await at.gate.answered.wait()
        caller.cancel()
        await asyncio.gather(caller, return_exceptions=True)
        at.gate.open.set()
        await keeper.close()

        assert await at.keeper().access_token(TENANT)
        assert at.gate.requests == 1


async def test_tokens_in_hand_outlive_a_lost_database_connection(database_url: str) -> None:
    """The database ends every session while Intuit answers: what came is stored in another transaction."""
    async with granted(database_url) as at:
        at.gate.open.clear()
        keeper = at.keeper()
        caller = asyncio.create_task(keeper.access_token(TENANT))
        await at.gate.answered.wait()
        await at.run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        at.gate.open.set()
        token = await caller

        assert await at.keeper().access_token(TENANT) == token
        assert at.gate.requests == 1


async def test_the_row_stays_readable_while_intuit_answers(database_url: str) -> None:
    """A slow token endpoint stops no fold and no settle of the tenant."""
    async with granted(database_url) as at:
        at.gate.open.clear()
        caller = asyncio.create_task(at.keeper().access_token(TENANT))
        await at.gate.answered.wait()
        async with at.database.transaction() as connection:
            await connection.execute(text("SET LOCAL lock_timeout = '1s'"))
            await connection.execute(text("SELECT state FROM connection WHERE tenant_id = 't1' FOR UPDATE"))
        at.gate.open.set()

        assert await caller


async def test_an_ended_consent_is_stored_with_its_cause_and_asked_about_once(database_url: str) -> None:
    """invalid_grant: the connection is expired, told in the same transaction, and Intuit is left alone."""
    async with granted(database_url) as at:
        at.sandbox.sandbox.tokens.expire(REALM, access=True, refresh=True)
        for _ in range(2):
            with pytest.raises(Disconnected, match="Connect it again"):
                await at.keeper().access_token(TENANT)

        assert await at.value("state") == "expired"
        assert "invalid_grant" in str(await at.value("cause"))
        assert len(at.expired) == 1
        assert at.gate.requests == 1


async def test_a_fault_of_an_older_consent_is_thrown_away(database_url: str) -> None:
    """A person connects again while the old token is being refused: the new consent must not be called expired."""
    async with granted(database_url) as at:
        at.gate.open.clear()
        at.sandbox.sandbox.tokens.expire(REALM, access=True, refresh=True)
        caller = asyncio.create_task(at.keeper().access_token(TENANT))
        await at.gate.answered.wait()
        await _replace_consent_unlocked(at.database, at.consent())
        at.gate.open.set()
        token = await caller

        assert at.sandbox.sandbox.tokens.realm_of(token) == REALM
        assert await at.value("state") == "connected"
        assert at.expired == []


async def test_tokens_of_an_older_consent_are_thrown_away(database_url: str) -> None:
    """The same with a refresh that succeeded: it must not overwrite the newer consent's tokens."""
    async with granted(database_url) as at:
        at.gate.open.clear()
        caller = asyncio.create_task(at.keeper().access_token(TENANT))
        await at.gate.answered.wait()
        newer = at.consent()
        await _replace_consent_unlocked(at.database, newer)
        at.gate.open.set()
        token = await caller

        assert at.sandbox.sandbox.tokens.realm_of(token) == REALM
        assert await at.value("consent") == 2
        assert at.gate.requests == 2


async def _replace_consent_unlocked(database: Database, refresh_token: str) -> None:
    """As if the lock had been lost: `connect` itself would wait for it."""
    stored = TokenCipher.of(KEY).encrypt(refresh_token)
    async with database.transaction() as connection:
        await connections.connect(connection, tenant=TENANT, realm=REALM, environment="sandbox", refresh_token=stored)


async def test_wrong_credentials_of_ours_end_no_consent(database_url: str) -> None:
    """invalid_client is an operator's mistake in the settings: nobody has to connect again."""
    async with granted(database_url) as at:
        with pytest.raises(WrongCredentials, match="KLIPSYNC_CLIENT_ID"):
            await at.keeper(secret="wrong").access_token(TENANT)

        assert await at.value("state") == "connected"
        assert await at.keeper().access_token(TENANT)


@pytest.mark.parametrize("broken", ["status", "cut_before"])
async def test_a_token_endpoint_in_trouble_ends_no_consent(database_url: str, broken: str) -> None:
    """It passes by itself; the next one to ask succeeds."""
    async with granted(database_url) as at:
        rule = at.sandbox.sandbox.fault_rules.add(kind=broken, entity="token", count=1)
        with pytest.raises(TokensUnavailable):
            await at.keeper().access_token(TENANT)

        assert rule is not None
        assert await at.value("state") == "connected"
        assert await at.keeper().access_token(TENANT)


async def test_a_lost_answer_heals_where_intuit_lets_the_old_token_live_on(database_url: str) -> None:
    """The refresh token changes once a day; an answer lost then costs no consent."""
    async with granted(database_url, switches=Switches(refresh_tokens="grace")) as at:
        at.sandbox.sandbox.clock.advance(25 * 3600)
        at.sandbox.sandbox.fault_rules.add(kind="lose_answer", entity="token", count=1)
        with pytest.raises(TokensUnavailable):
            await at.keeper().access_token(TENANT)

        assert await at.keeper().access_token(TENANT)


async def test_a_tenant_that_never_was_connected_is_told_so(database_url: str) -> None:
    """An unknown tenant waits for its connection; no call is tried."""
    async with granted(database_url) as at:
        with pytest.raises(Disconnected, match="t2 is not connected"):
            await at.keeper().access_token(TenantId("t2"))

        assert at.gate.requests == 0


async def test_tokens_under_another_key_are_told(database_url: str) -> None:
    """A key taken out of the settings too early: the sentence says what to put back."""
    async with granted(database_url) as at:
        other = "A" * 43 + "="
        with pytest.raises(WrongTokenKeys, match="Add the old key"):
            await at.keeper(key=other).access_token(TENANT)

        assert await at.keeper(key=f"{other},{KEY}").access_token(TENANT)
        # Encrypted anew under the first key; the old one may go.
        assert await at.keeper(key=other).access_token(TENANT)
