"""`python benchmarks/load.py TASK.json`: sends the same kind of call over and over, on raw sockets, and counts answers.

A client library would cost as much as the server that is measured. This one writes prepared bytes, and reads until the
length that the answer names.
"""

import asyncio
import itertools
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

Task = Mapping[str, Any]
Requests = Iterator[bytes]


def main() -> int:
    """Run one task; print its counts as one line of JSON."""
    task: Task = json.loads(Path(sys.argv[1]).read_text())
    print(json.dumps(asyncio.run(_run(task))))
    return 0


async def _run(task: Task) -> dict[str, Any]:
    until = time.monotonic() + task["seconds"]
    began, cpu = time.monotonic(), time.process_time()
    counts = await asyncio.gather(*(_connection(task, number, until) for number in range(task["connections"])))
    seconds = time.monotonic() - began
    refused = sum(bad for _, bad in counts)
    return {
        "calls": sum(good for good, _ in counts),
        "refused": refused,
        "seconds": seconds,
        "cpu": time.process_time() - cpu,
    }


async def _connection(task: Task, number: int, until: float) -> tuple[int, int]:
    """One call after the other on one connection; how many were answered with 200, and how many otherwise."""
    reader, writer = await asyncio.open_connection(task["host"], task["port"])
    requests, good, bad = KINDS[task["kind"]](task, number), 0, 0
    while time.monotonic() < until and good + bad < task["most"]:
        writer.write(next(requests))
        if await _answered(reader):
            good += 1
        else:
            bad += 1
    writer.close()
    return good, bad


async def _answered(reader: asyncio.StreamReader) -> bool:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = head.partition(b"content-length:")[2].partition(b"\r\n")[0]
    body = await reader.readexactly(int(length))
    return b" 200 " in head[:16] and b'"Fault"' not in body


def _call(task: Task, method: str, path: str, body: object = None) -> bytes:
    content = b"" if body is None else json.dumps(body, separators=(",", ":")).encode()
    head = (
        f"{method} /v3/company/{task['realm']}/{path} HTTP/1.1\r\nHost: {task['host']}\r\n"
        f"Authorization: Bearer {task['token']}\r\nAccept: application/json\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


def _names(task: Task, number: int) -> Iterator[str]:
    return (f"{task['run']} {number} {place}" for place in itertools.count())


def _creates(task: Task, number: int) -> Requests:
    return (_call(task, "POST", "customer", {"DisplayName": name}) for name in _names(task, number))


def _reads(task: Task, number: int) -> Requests:
    mine = task["customers"][number :: task["connections"]]
    return itertools.cycle([_call(task, "GET", f"customer/{one}") for one in mine])


def _updates(task: Task, number: int) -> Requests:
    """Each connection has customers of its own, so that it knows their sync tokens."""
    mine = task["customers"][number :: task["connections"]]
    for token in itertools.count(task["sync_token"]):
        for one in mine:
            changed = {"Id": one, "SyncToken": str(token), "sparse": True, "Notes": f"{task['run']} {token}"}
            yield _call(task, "POST", "customer", changed)


def _queries(task: Task, number: int) -> Requests:
    mine = task["numbers"][number :: task["connections"]]
    text = "query?query=select%20*%20from%20Invoice%20where%20DocNumber%20=%20'{}'"
    return itertools.cycle([_call(task, "GET", text.format(one).replace(" ", "%20")) for one in mine])


def _invoices(task: Task, number: int) -> Requests:
    mine = task["customers"][number :: task["connections"]]
    return (_call(task, "POST", "invoice", invoice(one)) for one in itertools.cycle(mine))


def _batches(task: Task, number: int) -> Requests:
    """Fifteen customers and fifteen invoices in each."""
    names, mine = _names(task, number), itertools.cycle(task["customers"][number :: task["connections"]])
    while True:
        items: list[dict[str, Any]] = []
        for place in range(15):
            items.append({"bId": f"c{place}", "operation": "create", "Customer": {"DisplayName": next(names)}})
            items.append({"bId": f"i{place}", "operation": "create", "Invoice": invoice(next(mine))})
        yield _call(task, "POST", "batch", {"BatchItemRequest": items})


def _constants(task: Task, number: int) -> Requests:  # noqa: ARG001 - the shape all kinds share
    return itertools.repeat(_call(task, "GET", "customer/1"))


def invoice(customer: str) -> dict[str, Any]:
    """Two lines."""
    lines = [
        {"Amount": amount, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {"ItemRef": {"value": item}}}
        for item, amount in (("1", 75), ("2", 22.5))
    ]
    return {"CustomerRef": {"value": customer}, "Line": lines}


KINDS: dict[str, Callable[[Task, int], Requests]] = {
    "constant": _constants,
    "create": _creates,
    "read": _reads,
    "update": _updates,
    "query": _queries,
    "invoice": _invoices,
    "batch": _batches,
}

if __name__ == "__main__":
    sys.exit(main())
