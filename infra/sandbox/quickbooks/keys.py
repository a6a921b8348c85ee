"""Where the web application keeps the sandbox."""

from aiohttp import web

from infra.sandbox.quickbooks.sandbox import Sandbox

SANDBOX = web.AppKey("sandbox", Sandbox)
