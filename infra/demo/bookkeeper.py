"""Somebody in each company's office who records payments in QuickBooks while the day goes on."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random
from typing import Any, Final

from infra.demo.control import Control

WHOLE: Final = 4
"""Invoices paid in full, in each company."""
PARTLY: Final = 2
_CENT: Final = Decimal("0.01")
_LOOK: Final = 1.5  # seconds between looks into the books
_METHODS: Final = ("Check", "Visa", "Cash", "MasterCard")
_PAID_ON: Final = ("2026-03-02", "2026-03-03", "2026-03-04")

Shown = Mapping[str, Any]


@dataclass(slots=True, kw_only=True)
class Bookkeeper:
    """One company's. What she does is seeded; when she can do it depends on when invoices appear in the books."""

    tenant: str
    realm: str
    control: Control
    came_back: Callable[[str, str], bool]
    """(tenant, payment id) -> whether Klipboard has heard of the payment."""
    dice: Random
    patience: float = 45.0
    """Seconds to wait for invoices to appear, or for a payment to come back before it is changed."""
    recorded: int = 0
    _taken: set[str] = field(default_factory=set)

    async def work(self) -> None:
        """All of her day."""
        jobs = (*[self._pay_whole] * WHOLE, *[self._pay_part] * PARTLY, self._pay_several)
        for job in jobs:
            await job()
            await asyncio.sleep(self.dice.uniform(0.3, 1.2))
        await asyncio.gather(self._pay_and_edit(), self._pay_and_delete())

    async def _pay_whole(self) -> None:
        for invoice in await self._open_invoices(1):
            await self._record(invoice["CustomerRef"]["value"], {invoice["Id"]: invoice["Balance"]})

    async def _pay_part(self) -> None:
        for invoice in await self._open_invoices(1):
            await self._record(invoice["CustomerRef"]["value"], {invoice["Id"]: _part(invoice["Balance"])})

    async def _pay_several(self) -> None:
        """One payment for several invoices, the last of them in part."""
        invoices = await self._open_invoices(3, one_payer=True)
        amounts = {one["Id"]: one["Balance"] for one in invoices}
        if len(invoices) > 1:
            amounts[invoices[-1]["Id"]] = _part(invoices[-1]["Balance"])
        if invoices:
            await self._record(invoices[0]["CustomerRef"]["value"], amounts)

    async def _pay_and_edit(self) -> None:
        for invoice in await self._open_invoices(1):
            payer, balance = invoice["CustomerRef"]["value"], invoice["Balance"]
            made = await self._record(payer, {invoice["Id"]: _part(balance)})
            await self._until_it_came_back(made["Id"])
            edited = {**self._payment(payer, {invoice["Id"]: _part(_part(balance))}), "reference": f"E{made['Id']}"}
            await self.control.ask("PUT", f"{self.realm}/payments/{made['Id']}", edited)

    async def _pay_and_delete(self) -> None:
        for invoice in await self._open_invoices(1):
            made = await self._record(invoice["CustomerRef"]["value"], {invoice["Id"]: invoice["Balance"]})
            await self._until_it_came_back(made["Id"])
            await self.control.ask("DELETE", f"{self.realm}/payments/{made['Id']}")

    async def _record(self, payer: str, amounts: Mapping[str, Decimal]) -> dict[str, Any]:
        payment = self._payment(payer, amounts)
        made: dict[str, Any] = await self.control.ask("POST", f"{self.realm}/payments", payment)
        self.recorded += 1
        return made

    def _payment(self, payer: str, amounts: Mapping[str, Decimal]) -> dict[str, Any]:
        method = self.dice.choice(_METHODS)
        return {
            "customer": payer,
            "date": self.dice.choice(_PAID_ON),
            "amount": sum(amounts.values(), Decimal("0.00")),
            "method": method,
            "reference": f"{method[:2].upper()}-{self.dice.randrange(10_000, 99_999)}",
            "lines": [{"invoice": invoice, "amount": amount} for invoice, amount in amounts.items()],
        }

    async def _open_invoices(self, count: int, *, one_payer: bool = False) -> Sequence[Shown]:
        """Sent invoices that owe all of their total, of one customer if so asked; fewer when the day has no more."""
        best: list[Shown] = []
        for _ in range(int(self.patience / _LOOK)):
            best = self._chosen(await self.control.books(self.realm), count, one_payer=one_payer)
            if len(best) == count:
                break
            await asyncio.sleep(_LOOK)
        self._taken |= {one["Id"] for one in best}
        return best

    def _chosen(self, books: Mapping[str, Any], count: int, *, one_payer: bool) -> list[Shown]:
        sent = [
            one
            for one in books["Invoice"]
            if one["EmailStatus"] == "EmailSent"
            and one["Balance"] == one["TotalAmt"] > 1
            and one["Id"] not in self._taken
        ]
        self.dice.shuffle(sent)
        if not one_payer:
            return sent[:count]
        payers = {one["CustomerRef"]["value"]: None for one in sent}
        groups = [[one for one in sent if one["CustomerRef"]["value"] == payer] for payer in payers]
        return max(groups, key=len, default=[])[:count]

    async def _until_it_came_back(self, payment_id: str) -> None:
        for _ in range(int(self.patience)):
            if self.came_back(self.tenant, payment_id):
                return
            await asyncio.sleep(1)


def _part(amount: Decimal) -> Decimal:
    """Some forty per cent, to the cent."""
    return (Decimal(amount) * Decimal("0.4")).quantize(_CENT)
