"""Books fetched from the sandbox and judged: every tenant's company against the events, every payment against what
came back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from infra.demo.control import Control, Opened
from infra.demo.expected import Expectation
from infra.demo.inbox import Inbox
from infra.demo.judge import Company, Verdict, judge
from infra.demo.paid import PaymentVerdict, judge_payments


@dataclass(slots=True, kw_only=True)
class Comparison:
    """What is compared; `before` is what each company began with, by tenant, which no event explains."""

    control: Control
    companies: Sequence[Opened]
    inbox: Inbox
    before: dict[str, frozenset[tuple[str, str]]] = field(default_factory=dict)

    async def remember(self) -> None:
        """Look into the books before the first event."""
        for company in self.companies:
            self.before[company.tenant] = _objects(await self.control.books(company.realm))

    async def compare(self, expectation: Expectation) -> tuple[Verdict, PaymentVerdict]:
        """How the books and the payments stand now."""
        books = {one.tenant: await self.control.books(one.realm) for one in self.companies}
        verdict = judge(expectation, [self._company(one, books[one.tenant]) for one in self.companies])
        told = list(self.inbox.told)
        return verdict, judge_payments(tenants=books, invoice_ids=verdict.invoice_ids, told=told)

    def _company(self, opened: Opened, books: Mapping[str, Any]) -> Company:
        return Company(
            tenant=opened.tenant,
            income_account=opened.income_account,
            books=books,
            before=self.before[opened.tenant],
        )


def right(verdict: Verdict, payments: PaymentVerdict) -> bool:
    """Whether nothing differs."""
    return not (verdict.mismatched or verdict.missing or verdict.duplicated) and payments.complete


def _objects(books: Mapping[str, Any]) -> frozenset[tuple[str, str]]:
    return frozenset((type_, one["Id"]) for type_, found in books.items() if type_ != "deleted" for one in found)
