"""`python -m infra.embedded --state DIR`: both parts on their own, until this process is told to end.

Prints one JSON line, `{"kafka": ..., "postgres": ...}`, once both take connections; progress goes to standard error.
Ends on SIGTERM, SIGINT, or the end of a standard input that is a pipe (whoever held its other end is gone).
"""

import argparse
import asyncio
import json
import os
import signal
import stat
import sys
from dataclasses import asdict
from pathlib import Path

from infra.embedded.parts import EmbeddedError, Parts, start


def main() -> int:
    """0 after an orderly end; 1 if the parts did not start, or ended by themselves (standard error says why)."""
    parser = argparse.ArgumentParser(prog="python -m infra.embedded", description="Start Kafka and PostgreSQL here.")
    parser.add_argument("--state", type=Path, required=True, help="the folder that keeps their data")
    parser.add_argument("--json", action="store_true", help="no progress, only the line with the addresses")
    given = parser.parse_args()
    try:
        return asyncio.run(_serve(given.state, quiet=given.json))
    except EmbeddedError as error:
        _say(str(error))
        return 1


async def _serve(state: Path, *, quiet: bool) -> int:
    wish = asyncio.Event()
    _listen_for(wish)
    starting = asyncio.create_task(start(state, report=(lambda _: None) if quiet else _say))
    wished = asyncio.create_task(wish.wait())
    await asyncio.wait((starting, wished), return_when=asyncio.FIRST_COMPLETED)
    if wish.is_set():
        starting.cancel()
    try:
        parts = await starting
    except asyncio.CancelledError:
        return 0
    async with parts:
        sys.stdout.write(json.dumps(asdict(parts.addresses)) + "\n")
        sys.stdout.flush()
        return await _stay(parts, wished)


async def _stay(parts: Parts, wished: "asyncio.Task[bool]") -> int:
    end = asyncio.create_task(parts.ended())
    await asyncio.wait((end, wished), return_when=asyncio.FIRST_COMPLETED)
    if not end.done():
        return 0
    _say(str(end.result()))
    return 1


def _listen_for(wish: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, wish.set)
    # A terminal or /dev/null says nothing about whoever started us.
    if stat.S_ISFIFO(os.fstat(0).st_mode) or stat.S_ISSOCK(os.fstat(0).st_mode):
        loop.add_reader(0, _read_to_the_end, loop, wish)


def _read_to_the_end(loop: asyncio.AbstractEventLoop, wish: asyncio.Event) -> None:
    if os.read(0, 1024) == b"":
        loop.remove_reader(0)
        wish.set()


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")


if __name__ == "__main__":
    sys.exit(main())
