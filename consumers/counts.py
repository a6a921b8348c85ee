"""Every metric of intake, in one list."""

from typing import Final

from prometheus_client import Counter

EVENTS: Final = Counter("klipsync_events", "Events read, by what folding made of them", ["outcome"])
"""outcome: applied, older, repeated, asked (SyncRequested), put_aside"""

DEAD_LETTERS: Final = Counter("klipsync_dead_letters", "Messages put aside for a person, by reason", ["reason"])

INTAKE_ALARMS: Final = Counter("klipsync_intake_alarms", "Stored offsets that do not fit Kafka's log", ["alarm"])
"""alarm: see consumers.starts.Alarm"""

INTAKE_REPEATS: Final = Counter("klipsync_intake_repeats", "Batches repeated because the database or Kafka was away")
