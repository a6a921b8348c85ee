"""Random sequences of operations by several clients: whatever they do, the books balance and the feed tells it all."""

import asyncio
from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from infra.sandbox.quickbooks.switches import Switches
from tests.contract.sandbox_company import company
from tests.contract.sandbox_office import Office, Step, Written
from tests.contract.sandbox_sums import check_books

SWITCHES = Switches(limits="off", access_token_seconds=10**9)  # neither is what this is about

# Each act of an office, as often as it should come.
ACTS: dict[Callable[[Office, Step], object], int] = {
    Office.hire_customer: 2,
    Office.hire_vendor: 1,
    Office.hire_employee: 1,
    Office.sell: 5,
    Office.bill_estimate: 2,
    Office.buy: 2,
    Office.pay: 5,
    Office.pay_bill: 2,
    Office.use_credit: 2,
    Office.edit_sale: 4,
    Office.edit_bill: 1,
    Office.edit_payment: 3,
    Office.void: 2,
    Office.delete: 2,
    Office.archive: 1,
    Office.move_customer: 1,
    Office.remember: 2,
    Office.write_from_memory: 2,
    Office.repeat: 3,
    Office.pass_time: 2,
    Office.note_a_cursor: 1,
    Office.rebuild_from_the_feed: 2,
}
CHOICES = [act for act, weight in ACTS.items() for _ in range(weight)]
STEPS = st.lists(
    st.builds(
        Step,
        pick=st.integers(0, 10**6),
        other=st.integers(0, 10**6),
        cents=st.integers(1, 30_000),
        more=st.integers(1, 30_000),
        flag=st.booleans(),
        act=st.sampled_from(CHOICES),
    ),
    min_size=20,
    max_size=50,
)


# Derandomized: what fails here fails on every machine. Not shrunk: that would take minutes, and the steps can be read.
@settings(max_examples=80, deadline=None, derandomize=True, phases=(Phase.explicit, Phase.generate))
@given(steps=STEPS)
def test_whatever_is_done_in_whatever_order_the_books_balance_and_the_feed_tells_it(steps: list[Step]) -> None:
    """After each step: debits are credits, balances are documents less what settles them, tokens and times only grow;
    a repeated request id changes nothing, an old token is refused, and the feed rebuilds the state from any cursor.
    """
    asyncio.run(_worked(steps))


async def _worked(steps: list[Step]) -> None:
    async with company(SWITCHES) as one:
        office = Office(one)
        await office.open()
        for step in steps:
            await step.act(office, step)
            check_books(office.realm)
            office.check_growth()
        for cursor in office.cursors:
            await office.check_feed(cursor)


async def test_the_sums_notice_a_missing_cent() -> None:
    """The check itself: an empty company is right, and one with a cent too many in an account is not."""
    async with company() as one:
        realm = one.running.sandbox.realms[one.realm]
        check_books(realm)

        realm.ledger["1"] = Decimal("0.01")

        with pytest.raises(AssertionError):
            check_books(realm)


async def test_a_repeat_that_acts_again_is_noticed() -> None:
    """The check itself: where request ids are forgotten, a repeated create is seen as one more object."""
    async with company(Switches(limits="off", request_ids="none")) as one:
        office = Office(one)
        await office.open()
        await office.sell(Step(pick=0, other=0, cents=100, more=1, flag=False, act=Office.sell))
        written = next(each for each in office.writes if each.path == "invoice")

        with pytest.raises(AssertionError):
            await office.check_repeat(written)
        assert isinstance(written, Written)
