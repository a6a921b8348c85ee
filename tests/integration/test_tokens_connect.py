"""Connecting a tenant to its company."""

import pytest

from consumers.records import RealmId
from infra.quickbooks.cipher import TokenCipher
from infra.quickbooks.errors import AnotherCompany, BadTokenKeys, CompanyTaken
from schemas.kinds import TenantId
from tests.integration.grants import REALM, TENANT, granted

pytestmark = pytest.mark.postgres


async def test_connecting_again_is_a_new_consent(database_url: str) -> None:
    """Each consent is numbered, ends an expiry, and forgets the tokens of the one before."""
    async with granted(database_url) as at:
        keeper = at.keeper()
        old = await keeper.access_token(TENANT)
        await at.run("UPDATE connection SET state = 'expired', cause = 'gone'")
        consent = await keeper.connect(tenant=TENANT, realm=REALM, environment="sandbox", refresh_token=at.consent())

        assert consent == 2
        assert await at.value("state || coalesce(cause, '')") == "connected"
        assert await keeper.access_token(TENANT) != old


@pytest.mark.parametrize(("realm", "environment"), [("9999", "sandbox"), (REALM, "production")])
async def test_a_tenant_is_not_moved_to_another_company(database_url: str, realm: str, environment: str) -> None:
    """Its records live in the first one: a person must say what the move means, and nothing changes until then."""
    async with granted(database_url) as at:
        with pytest.raises(AnotherCompany, match=r"t1 is connected to QuickBooks company 9130 \(sandbox\)"):
            await at.keeper().connect(
                tenant=TENANT, realm=RealmId(realm), environment=environment, refresh_token="other"
            )

        assert await at.value("realm || ' ' || consent") == "9130 1"
        assert await at.keeper().access_token(TENANT)


async def test_a_company_has_one_tenant(database_url: str) -> None:
    """Two tenants on one company would write over each other."""
    async with granted(database_url) as at:

        async def connect_other() -> int:
            return await at.keeper().connect(
                tenant=TenantId("t2"), realm=REALM, environment="sandbox", refresh_token="x"
            )

        with pytest.raises(CompanyTaken, match="already belongs to tenant t1"):
            await connect_other()
        await at.run("UPDATE connection SET state = 'closed' WHERE tenant_id = 't1'")
        assert await connect_other() == 1


@pytest.mark.parametrize("keys", ["", " , ", "short", "ü" * 44])
def test_keys_that_are_none_are_told_at_the_start(keys: str) -> None:
    """The sentence says how to make one."""
    with pytest.raises(BadTokenKeys, match="Make one with"):
        TokenCipher.of(keys)
