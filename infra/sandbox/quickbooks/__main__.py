"""`python -m infra.sandbox.quickbooks`: starts a sandbox, prints one line of JSON when it answers, ends on SIGTERM."""

import argparse
import asyncio
import json
import signal
import sys
from collections.abc import Sequence

from infra.clock import SystemClock
from infra.sandbox.quickbooks.server import RunningSandbox, serve
from infra.sandbox.quickbooks.switches import Switches


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until SIGTERM or SIGINT."""
    asyncio.run(_run(_options(arguments)))
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m infra.sandbox.quickbooks", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes any free port")
    parser.add_argument("--request-ids", choices=("forever", "none"), default="forever")
    parser.add_argument("--refresh-tokens", choices=("grace", "harsh"), default="grace")
    parser.add_argument("--json", action="store_true", help="the ready line is JSON either way")
    return parser.parse_args(arguments)


async def _run(options: argparse.Namespace) -> None:
    switches = Switches(request_ids=options.request_ids, refresh_tokens=options.refresh_tokens)
    running = await serve(clock=SystemClock(), switches=switches, host=options.host, port=options.port)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    sys.stdout.write(json.dumps(_told(running)) + "\n")
    sys.stdout.flush()
    await stop.wait()
    await running.close()


def _told(running: RunningSandbox) -> dict[str, str]:
    names = ("base_url", "token_url", "control_url", "client_id", "client_secret")
    return {name: getattr(running, name) for name in names}


if __name__ == "__main__":
    sys.exit(main())
