"""Why a message cannot be read: a code for machines, sentences for people."""

from enum import StrEnum
from typing import NamedTuple


class Reason(StrEnum):
    """The codes under which dead letters are counted."""

    NOT_DECODABLE = "not_decodable"
    BAD_ATTRIBUTE = "bad_attribute"
    UNKNOWN_TYPE = "unknown_type"
    UNKNOWN_VERSION = "unknown_version"
    SCHEMA_VIOLATION = "schema_violation"
    TOO_LARGE = "too_large"
    NO_TENANT_ID = "no_tenant_id"
    WRONG_KEY = "wrong_key"
    NO_VERSION = "no_version"


class Problem(NamedTuple):
    """One thing that is wrong: the field (`data.lines[0].quantity`) and a sentence that says the fix."""

    field: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.field}: {self.sentence}"


class Unreadable(ValueError):  # noqa: N818 - it is what a person calls it
    """This message cannot be read as an event. Correct the named field where it was made, and send it again."""

    def __init__(self, reason: Reason, *problems: Problem) -> None:
        super().__init__("; ".join(str(problem) for problem in problems))
        self.reason = reason
        self.problems = problems
