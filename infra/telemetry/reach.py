"""Whether Kafka answers: asked for a person who looks, and of no consequence for the worker itself."""

import asyncio
from typing import Final

from aiokafka import errors
from aiokafka.conn import collect_hosts, create_conn

TIME_OUT: Final = 2.0  # seconds for one broker


async def kafka_answers(address: str) -> bool:
    """Whether any broker of `address` (`host:port[,host:port]`) answers the first question of Kafka's protocol.

    Over a connection of its own: the consumer's and the producer's say nothing while there is nothing to be said.
    """
    for host, port, _ in collect_hosts(address):
        if await _answers(host, port):
            return True
    return False


async def _answers(host: str, port: int) -> bool:
    try:
        async with asyncio.timeout(TIME_OUT):
            connection = await create_conn(host, port, client_id="klipsync-health")
    except (errors.KafkaError, OSError):  # TimeoutError is an OSError
        return False
    connection.close()
    return True
