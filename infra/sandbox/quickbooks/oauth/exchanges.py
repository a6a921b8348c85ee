"""Two token calls at once for one company: what the second one gets is a switch."""

from collections.abc import Callable
from datetime import datetime, timedelta

from infra.sandbox.quickbooks.oauth.refused import INVALID, NotGranted
from infra.sandbox.quickbooks.switches import Switches

# Two calls nearer to each other than this are at once. Answers here take no time, so nearness has to stand for it.
AT_ONCE = timedelta(seconds=1)

Key = tuple[str, str, str]  # client id, company, grant type


class Exchanges:
    """When each app last exchanged something for each company."""

    def __init__(self) -> None:
        self._last: dict[Key, datetime] = {}

    def begin(self, key: Key, *, at: datetime, switches: Switches, kill: Callable[[], None]) -> None:
        """Note a call. Raises NotGranted for the second of two at once; `kill` ends what the first one got."""
        last = self._last.get(key)
        self._last[key] = at
        if switches.tokens_at_once == "served" or last is None or at - last >= AT_ONCE:
            return
        if switches.tokens_at_once == "both_die":
            kill()
        raise NotGranted("invalid_grant", INVALID)
