"""One request over HTTP and its answer: noted in the journal, and sent whole, broken or not at all."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from random import Random

from aiohttp import web

from infra.sandbox.quickbooks.answers import Answer
from infra.sandbox.quickbooks.fault_rules import FaultRule
from infra.sandbox.quickbooks.journal import Entry
from infra.sandbox.quickbooks.pace import CutOff, Pace

VERSION = "1995.162"
PIECES = 10  # of an answer that drips
FIRST_FAULT = 400  # its version is not told from here on
_random = Random()


def fresh_tid() -> str:
    """An id of a request, as support asks for it."""
    return f"1-{_random.getrandbits(32):08x}-{_random.getrandbits(96):024x}"


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request, its entry in the journal, and the rule that breaks it, if one does."""

    request: web.Request
    entry: Entry
    rule: FaultRule | None
    pace: Pace
    now: Callable[[], datetime]  # in the company's time zone

    def broken_before(self) -> web.StreamResponse | None:
        """What a rule answers in place of executing; None when the call goes on."""
        kind = self.rule.kind if self.rule is not None else None
        if kind == "cut_before":
            return self.cut()
        return self._answered_by_rule() if kind == "status" else None

    async def sent(self, answer: Answer) -> web.StreamResponse:
        """Note the answer and send it as the rule wants: what it tells of has happened in any case."""
        self.entry.note(answer)
        match self.rule.kind if self.rule is not None else None:
            case "lose_answer":
                return self.cut()
            case "status_after":
                return self._answered_by_rule()
            case "malformed":
                return self._whole(answer, self._malformed(answer.body))
            case "cut_mid":
                return await self._half(answer)
            case "drip":
                return await self._dripped(answer)
        return self._whole(answer, answer.body)

    def cut(self) -> web.StreamResponse:
        """Close the connection; the response that aiohttp wants goes nowhere."""
        self.entry.answer_lost = True
        if self.request.transport is not None:
            self.request.transport.abort()
        return web.Response()

    def _answered_by_rule(self) -> web.Response:
        assert self.rule is not None  # noqa: S101 - for the type checker: only rules answer so
        told = self.rule.answer(self.now())
        self.entry.status, self.entry.fault_code = told.status, told.fault_code
        return self._whole(told, told.body)

    def _malformed(self, body: str) -> str:
        given = self.rule.body if self.rule is not None else ""
        return given or body[: len(body) // 2]

    def _whole(self, answer: Answer, body: str) -> web.Response:
        if self.request.transport is None or self.request.transport.is_closing():
            self.entry.answer_lost = True  # the client did not wait; what the call did is done all the same
        return web.Response(status=answer.status, body=body.encode(), headers=self._headers(answer))

    async def _begun(self, answer: Answer, length: int) -> web.StreamResponse:
        response = web.StreamResponse(status=answer.status, headers=self._headers(answer))
        response.content_length = length
        await response.prepare(self.request)
        return response

    async def _half(self, answer: Answer) -> web.StreamResponse:
        """The head and half of the body, then the connection closes."""
        body = answer.body.encode()
        response = await self._begun(answer, len(body))
        await response.write(body[: len(body) // 2])
        self.entry.answer_lost = True
        if self.request.transport is not None:
            self.request.transport.close()
        return response

    async def _dripped(self, answer: Answer) -> web.StreamResponse:
        """The body in pieces over the rule's seconds, unless the call is cut off before."""
        assert self.rule is not None  # noqa: S101 - for the type checker
        body = answer.body.encode()
        response = await self._begun(answer, len(body))
        size = -(-len(body) // PIECES)
        try:
            for start in range(0, len(body), size):
                await self.pace.rest(self.rule.seconds / PIECES)
                await response.write(body[start : start + size])
        except CutOff:
            self.cut()
        except ConnectionError:
            self.entry.answer_lost = True  # the client did not wait
        return response

    def _headers(self, answer: Answer) -> dict[str, str]:
        tid = self.entry.intuit_tid
        headers = {
            "Content-Type": answer.content_type,
            # The recordings cannot tell which of the two it is; clients read either.
            "intuit_tid": tid,
            "Intuit-Tid": tid,
            "Cache-Control": "max-age=0, no-cache, no-store, must-revalidate, private",
            **answer.headers,
        }
        return headers | self._headers_of_the_api(answer) if self.request.path.startswith("/v3/") else headers

    def _headers_of_the_api(self, answer: Answer) -> dict[str, str]:
        headers = {
            "X-Spanid": f"{_random.getrandbits(128):032x}",
            "X-Amzn-Trace-Id": f"Root={self.entry.intuit_tid}",
        }
        if answer.status <= FIRST_FAULT:
            headers["Service-Time"] = "total=8, db=3"
        if answer.status < FIRST_FAULT:
            headers["QBO-Version"] = VERSION
        return headers
