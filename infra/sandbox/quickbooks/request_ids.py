"""What a company remembers of `requestid`: the same id again is answered with the first answer."""

from dataclasses import dataclass
from hashlib import sha256

from infra.sandbox.quickbooks.answers import Answer
from infra.sandbox.quickbooks.faults import refusal
from infra.sandbox.quickbooks.switches import Switches

LONGEST = 50
FIRST_FAULT = 400


@dataclass(frozen=True, slots=True)
class Remembered:
    """The first answer to an id, and a digest of the request that it answered."""

    request: bytes
    answer: Answer


class RequestIds:
    """The ids of one sandbox, by company."""

    def __init__(self) -> None:
        self._answers: dict[tuple[str, str], Remembered] = {}

    def recall(self, *, realm: str, request_id: str, request: bytes, switches: Switches) -> Answer | None:
        """The answer to play back; None when the request is to be executed. Raises Refusal (600, 2130)."""
        if len(request_id) > LONGEST:
            raise refusal("request_id_format", value=request_id)
        known = self._answers.get((realm, request_id))
        if known is None or switches.request_ids == "none" or not request_id:
            return None
        if known.answer.status >= FIRST_FAULT and switches.after_fault == "forgotten":
            return None
        if known.request != sha256(request).digest() and switches.other_body == "refused":
            raise refusal("request_id_reused", value=request_id)
        return known.answer

    def remember(self, *, realm: str, request_id: str, request: bytes, answer: Answer, switches: Switches) -> None:
        """Keep the answer; an id that was executed again keeps the newest."""
        if request_id and switches.request_ids == "forever":
            self._answers[realm, request_id] = Remembered(sha256(request).digest(), answer)
