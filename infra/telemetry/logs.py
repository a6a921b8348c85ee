"""How a process of ours logs: one line for each event on standard error, our libraries' among them, without secrets."""

import json
import logging
import os
import sys
from collections.abc import MutableMapping
from types import TracebackType
from typing import Any, Final, TextIO

import structlog
from structlog.stdlib import ProcessorFormatter
from structlog.typing import Processor

from infra.telemetry import failures
from infra.telemetry.redaction import redacted

_OURS: Final = ("klipsync", "infra", "consumers", "producers")
"""Loggers that tell from INFO on; everybody else's tell from WARNING on."""

_FIRST: Final = ("timestamp", "level", "logger", "event")

_NOISE: Final = (
    # A broker that has just started makes its group's topic at the first question, and is asked again at once.
    ("aiokafka.consumer.group_coordinator", "Group Coordinator Request failed: [Error 15]"),
    # Topics that somebody makes at this moment; who needs one of them says so by itself.
    ("aiokafka.cluster", "not found in cluster metadata"),
    ("aiokafka.cluster", "is not available during auto-create initialization"),
    # A partition that has no leader yet, or another one than a moment ago: asked again at once.
    ("aiokafka.consumer.fetcher", "[Error 6] NotLeaderForPartitionError"),
)
"""Logger and a part of the message: what libraries shout while everything is in order."""

_STAMPS: Final[tuple[Processor, ...]] = (
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
)


def configure(*, as_json: bool) -> None:
    """Let everything that is logged from now on go to standard error: a line of JSON each, or one for people."""
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *_STAMPS, ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    out = logging.StreamHandler(sys.stderr)
    out.addFilter(_lower_noise)
    out.setFormatter(_formatter(as_json=as_json, stream=sys.stderr))
    logging.getLogger().handlers[:] = [out]
    logging.getLogger().setLevel(logging.WARNING)
    for name in _OURS:
        logging.getLogger(name).setLevel(logging.INFO)
    logging.captureWarnings(capture=True)
    sys.excepthook = _tell_last_words


def _formatter(*, as_json: bool, stream: TextIO) -> ProcessorFormatter:
    """What happens to an event, ours or a library's, once it is to be shown."""
    ending: tuple[Processor, ...] = (_json_line,) if as_json else (_speak_failures, _plain_line(stream))
    return ProcessorFormatter(
        foreign_pre_chain=_STAMPS,
        processors=[ProcessorFormatter.remove_processors_meta, _describe_failure, _redact, *ending],
    )


def _lower_noise(record: logging.LogRecord) -> bool:
    """Whether a record is shown: noise counts as DEBUG, whatever its author thinks."""
    if any(record.name == logger and part in record.getMessage() for logger, part in _NOISE):
        record.levelno, record.levelname = logging.DEBUG, "DEBUG"
        return logging.getLogger(record.name).isEnabledFor(logging.DEBUG)
    return True


def _describe_failure(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    given = event.pop("exc_info", None)
    error = sys.exc_info()[1] if given is True else given[1] if isinstance(given, tuple) else given
    if isinstance(error, BaseException):
        event["exception"] = failures.described(error)
    return event


def _redact(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    clean: MutableMapping[str, Any] = redacted(event)
    return clean


def _json_line(_logger: object, _method: str, event: MutableMapping[str, Any]) -> str:
    """In ASCII: whatever the encoding of standard error is, the line can be read again."""
    first = {name: event[name] for name in _FIRST if name in event}
    return json.dumps(first | {name: value for name, value in event.items() if name not in first})


def _speak_failures(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    if "exception" in event:
        event["exception"] = failures.spoken(event["exception"])
    return event


def _plain_line(stream: TextIO) -> Processor:
    # Texts among the fields are quoted, so that none of them can look like another line or another field.
    return structlog.dev.ConsoleRenderer(
        colors=stream.isatty() and not os.environ.get("NO_COLOR"),
        sort_keys=False,
        pad_event_to=0,
        repr_native_str=True,
        exception_formatter=structlog.dev.plain_traceback,
    )


def _tell_last_words(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Python's own last words would quote lines of source, and are no JSON."""
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    structlog.get_logger("klipsync").critical("klipsync ended on a bug", action="ended_on_a_bug", exc_info=error)
