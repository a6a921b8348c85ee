"""`python benchmarks/constant.py`: an aiohttp server that answers every call alike. As fast as the sandbox can be."""

import asyncio
import sys

from aiohttp import web

_BODY = b'{"Customer":{"DisplayName":"Ada Park","Id":"1","SyncToken":"0","Notes":"' + b"x" * 500 + b'"}}'


async def _answer(request: web.Request) -> web.StreamResponse:
    await request.read()
    return web.Response(body=_BODY, content_type="application/json")


async def _serve() -> None:
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", _answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.to_thread(sys.stdin.read)  # until whoever started it is gone
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(_serve())
