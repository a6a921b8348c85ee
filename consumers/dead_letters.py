"""Messages that nobody can read, put aside for a person: the original untouched, and headers that say why."""

from typing import Final

from consumers.ports import Arrived
from mapping import identity
from schemas import topics
from schemas.envelope import Message

PREFIX: Final = "klipsync-"
"""What the headers that we add begin with; whoever sends the message again leaves them out."""

VERSION_REUSED: Final = "version_reused"
BUG: Final = "bug"

BUG_SENTENCE: Final = (
    "klipsync could not fold this message, and it is not known why ({error}). "
    "Report it; once it is corrected, send the message again."
)

_ROOM: Final = 1024
"""Bytes for what Kafka itself writes around a record."""


def letter(*, arrived: Arrived, cluster: str, reason: str, sentence: str, tries: int) -> Message:
    """The dead letter of a message: key, headers and value as they came, with where from, why and how often.

    What even the dead letters' topic does not take is told without its value, then without its key and headers too; of
    what nobody could take apart, only where it stands is told.
    """
    original, ours = arrived.message, _headers(arrived, cluster=cluster, reason=reason, sentence=sentence, tries=tries)
    size = f"{original.size} bytes" if arrived.flaw is None else "everything"
    left_out = (PREFIX + "left-out", f"{size}; read it at this topic, partition and offset".encode())
    bare = Message(topic=topics.DEAD_LETTERS, key=None, headers=(*ours, left_out), value=b"")
    if arrived.flaw is not None:
        return bare
    whole = Message(
        topic=topics.DEAD_LETTERS,
        key=original.key,
        headers=(*original.headers, *ours),
        # Kafka's client refuses a message with neither key nor value.
        value=b"" if original.key is None and original.value is None else original.value,
    )
    if _fits(whole):
        return whole
    told = Message(topic=whole.topic, key=whole.key, headers=(*whole.headers, left_out), value=b"")
    return told if _fits(told) else bare


def _fits(message: Message) -> bool:
    return message.size + _ROOM <= topics.MAX_DEAD_LETTER


def _headers(
    arrived: Arrived, *, cluster: str, reason: str, sentence: str, tries: int
) -> tuple[tuple[str, bytes], ...]:
    place = arrived.place
    told = {
        "id": identity.dead_letter_id(cluster, place.topic, place.partition, arrived.offset),
        "reason": reason,
        "explanation": sentence,
        "tries": str(tries),
        "cluster": cluster,
        "topic": place.topic,
        "partition": str(place.partition),
        "offset": str(arrived.offset),
        "time": arrived.time.isoformat(),
    }
    # A sentence may quote what was sent, and that need not be proper Unicode.
    return tuple((PREFIX + name, value.encode(errors="backslashreplace")) for name, value in told.items())
