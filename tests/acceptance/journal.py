"""What the sandbox's journal shows of who wrote what: worker and fence stand in each call's User-Agent."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

_SENDER = re.compile(r"worker=([^;]+); fence=(\d+)")


class Sender(NamedTuple):
    """Who sent a call."""

    worker: str
    fence: int


def sender(entry: Mapping[str, Any]) -> Sender:
    """The sender of a call of klipsync."""
    found = _SENDER.search(entry["user_agent"])
    assert found is not None, entry["user_agent"]
    return Sender(found.group(1), int(found.group(2)))


def fallen(entries: Iterable[Mapping[str, Any]]) -> list[Sequence[int]]:
    """The fences of each object's writes, where they ever fall; repeats of a request id seen before do not count."""
    seen: set[str] = set()
    fences: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for entry in entries:
        if entry["request_id"] in seen:
            continue
        seen.add(entry["request_id"])
        if entry["object_id"] is not None:
            fences[entry["realm"], entry["entity"], entry["object_id"]].append(sender(entry).fence)
    return [found for found in fences.values() if found != sorted(found)]
