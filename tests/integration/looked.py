"""Somebody who looks at a worker's own port, as Prometheus and a keeper of processes do."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families

from infra import bootstrap
from infra.settings import Settings
from infra.worker.worker import Worker


@dataclass(frozen=True, slots=True)
class Looker:
    """Asks at `port`."""

    port: int

    async def page(self) -> str:
        """All of /metrics."""
        async with aiohttp.ClientSession() as session, session.get(self._url("metrics")) as answer:
            assert answer.status == 200
            return await answer.text()

    async def gauges(self) -> dict[str, float]:
        """By name, with the labels' values behind it in the order of the labels' names: name{value}{value}."""
        return {
            sample.name + "".join(f"{{{value}}}" for value in sample.labels.values()): sample.value
            for family in text_string_to_metric_families(await self.page())
            for sample in family.samples
        }

    async def health(self) -> tuple[int, dict[str, Any]]:
        """Status and content of /health."""
        async with aiohttp.ClientSession() as session, session.get(self._url("health")) as answer:
            return answer.status, await answer.json()

    def _url(self, page: str) -> str:
        return f"http://127.0.0.1:{self.port}/{page}"


@asynccontextmanager
async def looking(settings: Settings, worker: Worker) -> AsyncIterator[Looker]:
    """The worker's port is open; what is read of the database is read anew in each of these."""
    async with bootstrap.telemetry(settings.model_copy(update={"metrics_port": 0}), worker) as port:
        assert port is not None
        yield Looker(port)


class Counted:
    """How much counters have grown since this was made: they belong to the process, and other tests count too."""

    def __init__(self, name: str, *labels: dict[str, str]) -> None:
        self._of = [(f"klipsync_{name}_total", one) for one in labels]
        self._before = self._now()

    @property
    def grown(self) -> list[float]:
        """By each of the labels."""
        return [now - before for now, before in zip(self._now(), self._before, strict=True)]

    def _now(self) -> list[float]:
        return [REGISTRY.get_sample_value(name, labels) or 0.0 for name, labels in self._of]
