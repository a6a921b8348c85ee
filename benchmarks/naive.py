"""The naive integration that end_to_end.py measures beside klipsync: one post for each event, then its offset.

It is given a tidy world: every event once, in order, after whatever it refers to, and a QuickBooks without limits that
never fails. It keeps ids and sync tokens in its memory and nowhere else, so a crash at any moment loses them, and one
between a post and its commit doubles the post. `python benchmarks/naive.py FILE`: FILE is a `Task` as JSON.
"""

import asyncio
import json
import sys
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any, Final

import aiohttp
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from schemas import exact

_CENT: Final = Decimal("0.01")
_TYPES: Final = {"client": "Customer", "client_location": "Customer", "supplier": "Vendor", "invoice": "Invoice"}
Body = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What it needs to know. `topics` are read to their end one group after the other: so many events of each."""

    kafka: str
    api: str
    companies: Mapping[str, Mapping[str, str]]
    """Tenant -> realm, access_token and income_account."""
    topics: list[tuple[list[str], int]]


@dataclass(slots=True, kw_only=True)
class Naive:
    """All that it knows: the QuickBooks id and the newest sync token of each thing, and the ids of items by name."""

    task: Task
    http: aiohttp.ClientSession
    known: dict[tuple[str, str], Body] = field(default_factory=dict)
    items: dict[tuple[str, str], str] = field(default_factory=dict)

    async def post_event(self, record: ConsumerRecord) -> None:
        """Create or update the event's thing."""
        headers = {name: value.decode() for name, value in record.headers}
        tenant, subject, content = headers["ce_tenantid"], headers["ce_subject"], json.loads(record.value)
        kind = subject.partition("/")[0]
        body = await self._body(tenant, kind, content)
        if (known := self.known.get((tenant, subject))) is not None:
            body |= {**known, "sparse": True}
        answered = await self._post(tenant, _TYPES[kind], body)
        self.known[tenant, subject] = {name: answered[name] for name in ("Id", "SyncToken")}

    async def _body(self, tenant: str, kind: str, content: Mapping[str, Any]) -> Body:
        if kind == "invoice":
            return await self._invoice(tenant, content)
        body = {"DisplayName": content["name"]}
        if content["email"]:
            body["PrimaryEmailAddr"] = {"Address": content["email"]}
        if content["phone"]:
            body["PrimaryPhone"] = {"FreeFormNumber": content["phone"]}
        if kind == "client_location":
            body |= {"Job": True, "ParentRef": self._ref(tenant, "client", content["client_id"])}
        return body

    async def _invoice(self, tenant: str, content: Mapping[str, Any]) -> Body:
        mail = {"EmailStatus": "NotSet" if content["status"] == "Draft" else "EmailSent"}
        if "lines" not in content:  # StatusChanged
            return mail
        place = ("client_location", content["location_id"]) if content["location_id"] else None
        return {
            "DocNumber": content["number"],
            "CustomerRef": self._ref(tenant, *(place or ("client", content["client_id"]))),
            "TxnDate": content["issued_on"],
            "DueDate": content["due_on"],
            "Line": [_line(line, await self._item(tenant, line["name"])) for line in content["lines"]],
            **mail,
        }

    async def _item(self, tenant: str, name: str) -> str:
        if (tenant, name) not in self.items:
            account = {"value": self.task.companies[tenant]["income_account"]}
            item = await self._post(tenant, "Item", {"Name": name, "Type": "NonInventory", "IncomeAccountRef": account})
            self.items[tenant, name] = item["Id"]
        return self.items[tenant, name]

    def _ref(self, tenant: str, kind: str, id_: str) -> Body:
        return {"value": self.known[tenant, f"{kind}/{id_}"]["Id"]}

    async def _post(self, tenant: str, type_: str, body: Body) -> Body:
        company = self.task.companies[tenant]
        url = f"{self.task.api}/v3/company/{company['realm']}/{type_.lower()}"
        headers = {"Authorization": f"Bearer {company['access_token']}", "Accept": "application/json"}
        async with self.http.post(url, data=exact.dumps(body), headers=headers) as answer:
            answer.raise_for_status()
            shown: Body = (await answer.json())[type_]
            return shown


def _line(line: Mapping[str, Any], item: str) -> Body:
    quantity, price = Decimal(line["quantity"]), Decimal(line["unit_price"])
    return {
        "DetailType": "SalesItemLineDetail",
        "Amount": (quantity * price).quantize(_CENT, ROUND_HALF_UP),
        "Description": line.get("description") or line["name"],
        "SalesItemLineDetail": {"ItemRef": {"value": item}, "Qty": quantity, "UnitPrice": price},
    }


async def run(task: Task) -> None:
    """Say "ready" once every consumer has its partitions, then post everything."""
    async with AsyncExitStack() as stack:
        consumers = [await _consumer(stack, task.kafka, topics) for topics, _ in task.topics]
        naive = Naive(task=task, http=await stack.enter_async_context(aiohttp.ClientSession()))
        print("ready", flush=True)
        for consumer, (_, count) in zip(consumers, task.topics, strict=True):
            for _ in range(count):
                record = await consumer.getone()
                await naive.post_event(record)
                await consumer.commit({TopicPartition(record.topic, record.partition): record.offset + 1})
        print("done", flush=True)
        await asyncio.Event().wait()  # whoever started it reads its CPU seconds, then ends it


async def _consumer(stack: AsyncExitStack, kafka: str, topics: list[str]) -> AIOKafkaConsumer:
    consumer = AIOKafkaConsumer(
        *topics,
        bootstrap_servers=kafka,
        group_id=f"naive {topics[0]}",
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        enable_auto_commit=False,
    )
    stack.push_async_callback(consumer.stop)
    await consumer.start()
    return consumer


if __name__ == "__main__":
    asyncio.run(run(Task(**json.loads(Path(sys.argv[1]).read_text()))))
