"""What a consent gives: a chain of refresh tokens that roll, and access tokens; with their lives."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

REFRESH_LIFE = timedelta(days=100)  # counted anew at each use
CHAIN_LIFE = timedelta(days=5 * 365)  # counted from the consent; no refresh makes it longer
DAY = timedelta(hours=24)
AT_ONCE = timedelta(0)


@dataclass(frozen=True, slots=True)
class Rotation:
    """How refresh tokens change: how long a value is handed out, and how long it lives on after the next one."""

    same_for: timedelta
    former_lives: timedelta


ROTATIONS = {
    "grace": Rotation(same_for=DAY, former_lives=DAY),
    "daily": Rotation(same_for=DAY, former_lives=AT_ONCE),
    "each_use": Rotation(same_for=AT_ONCE, former_lives=DAY),
    "harsh": Rotation(same_for=AT_ONCE, former_lives=AT_ONCE),
}


@dataclass(slots=True)
class Grant:
    """What one consent gave: the chain of refresh tokens of one app for one company."""

    app: str
    realm: str
    scopes: tuple[str, ...]
    consented: datetime
    value: str
    made: datetime  # this value
    used: datetime
    older: dict[str, datetime] = field(default_factory=dict)  # former values and when they die

    @property
    def ends(self) -> datetime:
        """When the chain dies unless it is used before."""
        return min(self.used + REFRESH_LIFE, self.consented + CHAIN_LIFE)

    def accepts(self, value: str, now: datetime) -> bool:
        """Whether that value is good for a refresh: the chain's newest, or one that lives on beside it."""
        return now < self.ends and (value == self.value or self.older.get(value, now) > now)


@dataclass(frozen=True, slots=True)
class Held:
    """Whose an access token is, and until when."""

    app: str
    realm: str
    scopes: tuple[str, ...]
    expires: datetime


@dataclass(frozen=True, slots=True)
class Issued:
    """Tokens as they were just given; lives in seconds."""

    grant: Grant
    access_token: str
    access_seconds: int
    refresh_seconds: int
    chain_seconds: int  # until only a new consent helps
