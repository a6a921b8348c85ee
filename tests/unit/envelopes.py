"""Messages as an upstream would send them, one attribute or field changed at a time."""

import json
from typing import Any, Final

from schemas import topics
from schemas.envelope import Message

ATTRIBUTES: Final = {
    "specversion": "1.0",
    "id": "e-1",
    "source": "klipboard/crm",
    "type": "ClientCreated",
    "subject": "client/c-17",
    "time": "2026-03-02T09:30:00Z",
    "tenantid": "acme",
    "aggregateversion": "5",
}

INVOICE: Final[dict[str, Any]] = {
    "number": "INV-1",
    "client_id": "c-17",
    "status": "Draft",
    "currency": "GBP",
    "created_on": "2026-03-02",
    "issued_on": "2026-03-02",
    "due_on": "2026-04-01",
    "lines": [{"id": "l1", "name": "Boiler service", "quantity": "1.5", "unit_price": "10.00"}],
    "total": "15.00",
}


def message(
    *,
    data: Any = None,  # noqa: ANN401 - JSON, also the wrong kind
    value: bytes | None = b"",
    key: bytes | None = b"acme",
    more: tuple[tuple[str, bytes], ...] = (),
    **changed: str | None,
) -> Message:
    """A ClientCreated; `changed` sets attributes, or leaves one out with None; `value` goes before `data`."""
    attributes = {name: held for name, held in {**ATTRIBUTES, **changed}.items() if held is not None}
    headers = tuple((f"ce_{name}", held.encode()) for name, held in attributes.items())
    told = json.dumps({"name": "Harbour Hotel"} if data is None else data).encode()
    return Message(topic=topics.CLIENTS, key=key, headers=(*headers, *more), value=value if value != b"" else told)


def line(*, data: Any = None, **changed: Any) -> bytes:  # noqa: ANN401 - JSON, also the wrong kind
    """The same event as a line of a file; `changed` as in `message`."""
    attributes = {name: held for name, held in {**ATTRIBUTES, **changed}.items() if held is not None}
    return json.dumps({**attributes, "data": {"name": "Harbour Hotel"} if data is None else data}).encode()
