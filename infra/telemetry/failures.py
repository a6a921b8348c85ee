"""What a log tells of an exception: its type, its message, and where in our own code it passed."""

import traceback
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Any, Final

from pydantic import ValidationError

_ROOT: Final = Path(__file__).parents[2]
_OURS: Final = ("schemas", "mapping", "consumers", "producers", "infra")
_MOST_FRAMES: Final = 12
_MOST_ERRORS: Final = 8  # of a chain or a group
_LONGEST: Final = 2000  # characters of a message: a statement of SQL fits


def described(error: BaseException) -> list[dict[str, Any]]:
    """The error, then what it came from: type, message, and frames as `file:line function`, the innermost last."""
    return [
        {"type": _name(type(one)), "message": _message(one), "frames": _frames(one)}
        for one, _ in zip(_chain(error, seen=set()), range(_MOST_ERRORS), strict=False)
    ]


def spoken(errors: Sequence[Mapping[str, Any]]) -> str:
    """The same for a person."""
    told = []
    for one in errors:
        told += [f"  {one['type']}: {one['message']}", *(f"    {frame}" for frame in one["frames"])]
    return "\n".join(told)


def _chain(error: BaseException, *, seen: set[int]) -> Iterator[BaseException]:
    if id(error) in seen:
        return
    seen.add(id(error))
    yield error
    if isinstance(error, BaseExceptionGroup):
        for one in error.exceptions:
            yield from _chain(one, seen=seen)
    before = error.__cause__ if error.__suppress_context__ else error.__cause__ or error.__context__
    if before is not None:
        yield from _chain(before, seen=seen)


def _name(kind: type[BaseException]) -> str:
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _message(error: BaseException) -> str:
    if isinstance(error, ValidationError):
        # Its own text quotes what it refuses, and that is a customer's.
        flaws = error.errors(include_url=False, include_context=False, include_input=False)
        return "; ".join(f"{error.title}.{'.'.join(map(str, flaw['loc']))}: {flaw['msg']}" for flaw in flaws)[:_LONGEST]
    return str(error)[:_LONGEST]


def _frames(error: BaseException) -> list[str]:
    """Ours, and where it was raised if that is somebody else's."""
    walked = [(frame, line) for frame, line in traceback.walk_tb(error.__traceback__)]
    kept = [(frame, line) for frame, line in walked if _within(frame) is not None]
    if walked and (not kept or walked[-1] != kept[-1]):
        kept.append(walked[-1])
    return [f"{_file(frame)}:{line} {frame.f_code.co_name}" for frame, line in kept[-_MOST_FRAMES:]]


def _within(frame: FrameType) -> Path | None:
    """Our own file, from the repository's root or from where klipsync is installed."""
    path = Path(frame.f_code.co_filename)
    if not path.is_relative_to(_ROOT):
        return None
    inside = path.relative_to(_ROOT)
    return inside if inside.parts[0] in _OURS else None


def _file(frame: FrameType) -> str:
    ours = _within(frame)
    return "/".join(Path(frame.f_code.co_filename).parts[-2:]) if ours is None else ours.as_posix()
