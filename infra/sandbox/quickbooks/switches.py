"""What QuickBooks' documents leave open, or differs between companies: each a switch, with a harsh default."""

import sys
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args, get_origin, get_type_hints

RequestIdLife = Literal["forever", "24h", "none"] | int
# Whole numbers that may be other than from 1 without end.
RANGES = {"query_lag_seconds": (0, 60), "feed_lag_seconds": (0, 60), "batch_size": (1, 30)}


@dataclass(frozen=True, slots=True)
class Switches:
    """How this sandbox behaves where the real thing is undocumented. `changed` makes another set."""

    request_ids: RequestIdLife = "forever"  # how long a request id is remembered; a number is seconds
    after_fault: Literal["played_back", "forgotten", "refused"] = "played_back"  # a repeated id after a fault
    other_body: Literal["played_back", "refused"] = "played_back"  # a repeated id with another request (refused: 600)
    while_running: Literal["waits", "executes_twice", "refused"] = "waits"  # a repeated id before the first answer
    query_lag_seconds: int = 0  # queries see the company as it was so long ago; reads by id do not
    feed_lag_seconds: int = 0  # the same for the change feed
    feed_reach: Literal["30_days", "any"] = "30_days"  # how far back the change feed goes; in 2020 it went to the start
    bare_numbers: Literal["read", "refused"] = "read"  # numbers without quotes in a query (refused: 4000)
    batch_size: int = 30
    batch_order: Literal["request", "shuffled"] = "request"  # of execution, and of the answer
    longest_call_seconds: int = 120  # a call that takes longer is cut off
    # grace, daily: the same value for 24 h, then a new one; each_use, harsh: a new one at each use. In grace and
    # each_use the former one lives on for 24 h; in daily and harsh it is dead at once.
    refresh_tokens: Literal["grace", "daily", "each_use", "harsh"] = "grace"
    # Two refreshes or two code exchanges of a company and app within a second: the second may be refused, and then the
    # first one's tokens may die too.
    tokens_at_once: Literal["served", "second_refused", "both_die"] = "served"
    disconnected_as: Literal["401", "403"] = "401"  # an access token whose app a user disconnected: dead, or forbidden
    access_token_seconds: int = 3600
    limits: Literal["on", "off"] = "on"
    calls_per_minute: int = 500  # per company
    rate_form: Literal["per_second", "concurrent"] = "per_second"  # what the ten of a company and app are
    calls_per_second: int = 10  # per company and app
    concurrent_calls: int = 10  # per company and app, where rate_form says so
    batches_per_minute: int = 120  # per company
    app_batches_per_minute: int = 40  # per company and app
    app_calls_per_minute: int = 800  # per company and app, over all APIs
    mails_per_day: int = 40  # per company
    throttle_as: Literal["429", "400"] = "429"  # 400: an ordinary fault with the same code
    subscription: Literal["paid", "ended"] = "paid"  # ended: writes are refused (6190), reads go on
    user_rights: Literal["admin", "lost"] = "admin"  # of who consented; lost: every call is refused (120)
    same_child_name: Literal["refused", "allowed"] = "refused"  # one sub-customer name under two parents
    inactive_names: Literal["taken", "free"] = "taken"  # does an inactive record still hold its name
    paid_invoice_delete: Literal["unlinks", "refused"] = "unlinks"
    paid_invoice_void: Literal["allowed", "refused", "matched"] = "allowed"  # refused: 6000, matched: 6480
    # Whether tax is on what a discount leaves even where ApplyTaxAfterDiscount is false: recordings against documents.
    discount_before_tax: Literal["always", "as_told"] = "always"
    void_bumps_payment: Literal["yes", "no"] = "yes"  # does voiding an invoice move its payments' sync tokens

    send_bumps_token: Literal["yes", "no"] = "yes"  # does mailing a form move its sync token

    def changed(self, wanted: dict[str, Any]) -> "Switches":
        """A copy with these switches set. Raises ValueError that names the wrong switch or value."""
        hints = get_type_hints(Switches)
        for name, value in wanted.items():
            if name not in hints:
                raise ValueError(f"there is no switch {name}")
            _check(name, value, hints[name])
        return replace(self, **wanted)


def _check(name: str, value: object, hint: object) -> None:
    """Raises ValueError that names the switch and what it may be."""
    literal = [one for one in (hint, *get_args(hint)) if get_origin(one) is Literal]
    choices = [choice for one in literal for choice in get_args(one)]
    counts = hint is int or int in get_args(hint)
    least, most = RANGES.get(name, (1, sys.maxsize))
    if isinstance(value, int) and not isinstance(value, bool):
        fits = counts and least <= value <= most
    else:
        fits = value in choices
    if not fits:
        numbers = f"a whole number from {least}" + (f" to {most}" if most < sys.maxsize else "")
        told = [f"one of {', '.join(choices)}"] * bool(choices) + [numbers] * counts
        raise ValueError(f"{name} is {' or '.join(told)}")
