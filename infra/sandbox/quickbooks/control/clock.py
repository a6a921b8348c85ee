"""The clock: read it, set it, move it forward, speed it up."""

from datetime import UTC, datetime

from aiohttp import web

from infra.sandbox.quickbooks.control import ways
from infra.sandbox.quickbooks.control.ways import Route
from infra.sandbox.quickbooks.moved_clock import MovedClock, checked_speed

FROZEN = "frozen"  # as a speed: stand still
MOVES = frozenset({"set", "advance_seconds", "speed"})


async def move_clock(request: web.Request) -> web.StreamResponse:
    """{"set": ISO time} or {"advance_seconds": n}, forward only; {"speed": factor, 0 or "frozen"}; or several."""
    body, clock = await ways.body(request), ways.sandbox(request).clock
    if not body or not body.keys() <= MOVES:
        raise ValueError(f"the clock takes {', '.join(sorted(MOVES))}")
    speed = _speed(body["speed"]) if "speed" in body else clock.speed
    if "set" in body:
        clock.set(_moment(str(body["set"])))
    if "advance_seconds" in body:
        clock.advance(float(body["advance_seconds"]))
    clock.run_at(speed)
    return ways.told(_shown(clock))


async def read_clock(request: web.Request) -> web.StreamResponse:
    """The sandbox's time, and how fast it runs."""
    return ways.told(_shown(ways.sandbox(request).clock))


def _speed(wanted: object) -> float:
    return checked_speed(0.0 if wanted == FROZEN else float(str(wanted)))


def _moment(text: str) -> datetime:
    """A time without an offset is UTC."""
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _shown(clock: MovedClock) -> dict[str, object]:
    return {"now": clock.now().isoformat(), "speed": clock.speed}


ROUTES: tuple[Route, ...] = (
    ("POST", "/_sandbox/clock", move_clock),
    ("GET", "/_sandbox/clock", read_clock),
)
