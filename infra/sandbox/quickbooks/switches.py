"""What QuickBooks' documents leave open, or differs between companies: each a switch, with a harsh default."""

from dataclasses import dataclass, fields, replace
from typing import Any, Literal, get_args, get_type_hints


@dataclass(frozen=True, slots=True)
class Switches:
    """How this sandbox behaves where the real thing is undocumented. `changed` makes another set."""

    request_ids: Literal["forever", "none"] = "forever"  # how long a request id is remembered
    after_fault: Literal["played_back", "forgotten"] = "played_back"  # a repeated id whose first answer was a fault
    other_body: Literal["played_back", "refused"] = "played_back"  # a repeated id with another request (refused: 600)
    refresh_tokens: Literal["grace", "harsh"] = (
        "grace"  # same value for 24 h, or a new one at each use, the old one dead
    )
    access_token_seconds: int = 3600
    limits: Literal["on", "off"] = "on"
    calls_per_minute: int = 500  # per company
    calls_per_second: int = 10  # per company
    same_child_name: Literal["refused", "allowed"] = "refused"  # one sub-customer name under two parents
    inactive_names: Literal["taken", "free"] = "taken"  # does an inactive record still hold its name
    paid_invoice_delete: Literal["unlinks", "refused"] = "unlinks"
    void_bumps_payment: Literal["yes", "no"] = "yes"  # does voiding an invoice move its payments' sync tokens

    def changed(self, wanted: dict[str, Any]) -> "Switches":
        """A copy with these switches set. Raises ValueError that names the wrong switch or value."""
        hints = get_type_hints(Switches)
        for name, value in wanted.items():
            if name not in {field.name for field in fields(Switches)}:
                raise ValueError(f"there is no switch {name}")
            choices = get_args(hints[name])
            if choices and value not in choices:
                raise ValueError(f"{name} is one of {', '.join(choices)}")
            if not choices and (not isinstance(value, int) or isinstance(value, bool) or value < 1):
                raise ValueError(f"{name} is a whole number from 1")
        return replace(self, **wanted)
