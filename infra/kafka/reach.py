"""Whether Kafka answers, and which cluster it is."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from aiokafka import errors
from aiokafka.admin import AIOKafkaAdminClient

from consumers.ports import LogUnreachable, Reassigned

# What a broker that is away, or a group that is being put together, causes: it passes.
_PASSING: Final = (errors.KafkaConnectionError, errors.KafkaTimeoutError, OSError, TimeoutError)


async def cluster_id(address: str) -> str:
    """Kafka's id of the cluster at this address. Raises what `reaching` makes of it."""
    admin = AIOKafkaAdminClient(bootstrap_servers=address, client_id="klipsync-intake")
    try:
        await admin.start()
        described = await admin.describe_cluster()
    finally:
        await admin.close()
    return str(described["cluster_id"])


@asynccontextmanager
async def reaching(address: str) -> AsyncIterator[None]:
    """Say in intake's words what passes by itself (LogUnreachable, Reassigned); all else is raised as it is."""
    try:
        yield
    except errors.IllegalStateError as error:
        raise Reassigned from error
    except _PASSING as error:
        raise LogUnreachable(f"Kafka does not answer at {address} ({type(error).__name__})") from error
    except errors.KafkaError as error:
        if not error.retriable:
            raise
        raise LogUnreachable(f"Kafka at {address} cannot answer now ({type(error).__name__})") from error
