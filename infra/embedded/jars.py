"""Kafka's jars: fetched once from their Maven coordinates, and each held against the committed list of hashes.

A jar enters the cache by one rename, after its hash was checked, so whatever is there is whole.
"""

import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Final, NewType

from infra.embedded.errors import JarChanged, JarsNotFetched

if TYPE_CHECKING:
    from jgo.maven import Artifact

Sha256 = NewType("Sha256", str)
"""64 lower-case hex characters."""

Report = Callable[[str], None]
"""Takes one line of progress for a person."""

KAFKA: Final = "Apache Kafka 4.3.0"
FOLDER: Final = "kafka-4.3.0"
LIST: Final = Path(__file__).with_name("kafka-jars.sha256")

# Resolved one by one, never together: log4j's bridge and Kafka in one resolution pull kafka-clients down to 3.9.1,
# and nothing starts. The bridge has the version of the log4j-core that Kafka brings.
COORDINATES: Final = (
    ("org.apache.kafka", "kafka_2.13", "4.3.0"),
    ("org.apache.logging.log4j", "log4j-slf4j-impl", "2.25.4"),
)
TIMEOUT: Final = 30  # seconds without a byte: a slow mirror is no reason to give up, a dead one is


def cache_folder() -> Path:
    """Where jars are kept between runs: `KLIPSYNC_CACHE`, else `~/.cache/klipsync`."""
    return Path(os.environ.get("KLIPSYNC_CACHE") or "~/.cache/klipsync").expanduser().absolute()


def expected_jars(text: str) -> dict[str, Sha256]:
    """File name -> hash, from lines as `sha256sum` writes them."""
    pairs = (line.split() for line in text.splitlines() if line.strip())
    return {name: Sha256(digest) for digest, name in pairs}


def kafka_jars(*, cache: Path, report: Report, listing: Path = LIST) -> list[Path]:
    """All of Kafka's jars, checked; those the cache lacks are fetched first.

    Raises:
        JarChanged: a jar in the cache, or a fetched one, has another hash than the list says.
        JarsNotFetched: the jars cannot be had.
    """
    expected = expected_jars(listing.read_text())
    folder = cache / FOLDER
    if not _present(folder, expected):
        folder.mkdir(parents=True, exist_ok=True)
        with _alone(cache / "fetch.lock", report=report):
            _fetch_missing(folder, expected=expected, staging=cache / "fetching", report=report)
    for name, digest in expected.items():
        _check(folder / name, digest)
    return [folder / name for name in expected]


def _present(folder: Path, expected: dict[str, Sha256]) -> bool:
    return all((folder / name).is_file() for name in expected)


@contextmanager
def _alone(path: Path, *, report: Report) -> Iterator[None]:
    """One fetch at a time on this machine: jgo's cache breaks when two fill it. The kernel frees a dead one's lock."""
    with path.open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            report(f"waiting for another klipsync that is fetching {KAFKA}")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _fetch_missing(folder: Path, *, expected: dict[str, Sha256], staging: Path, report: Report) -> None:
    missing = {name for name in expected if not (folder / name).is_file()}
    if not missing:
        return  # somebody fetched them while we waited
    # A fetch that was killed leaves half a file under its final name, which jgo would take for whole: start clean.
    shutil.rmtree(staging, ignore_errors=True)
    report(f"fetching {KAFKA}: asking Maven Central what it consists of")
    try:
        for artifact in _artifacts(staging, report=report):
            if artifact.filename in missing:
                done = len(expected) - len(missing) + 1
                report(f"fetching {KAFKA}: {done} of {len(expected)} jars, {artifact.filename}")
                _place(artifact, folder=folder, digest=expected[artifact.filename])
                missing.discard(artifact.filename)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    if missing:
        raise JarsNotFetched(
            f"Maven Central no longer names these jars as parts of {KAFKA}: {', '.join(sorted(missing))}. "
            f"Use a Kafka of your own by its address, and tell klipsync's maintainers."
        )


def _artifacts(staging: Path, *, report: Report) -> Iterator["Artifact"]:
    """Everything Kafka needs at run time, in jgo's pure-Python resolution: no Maven, no Java.

    Not `jgo.build`, which beyond the jars downloads a JDK of its own to sort them into modules.
    """
    from jgo.config import GlobalSettings
    from jgo.constants import MAVEN_CENTRAL_URL
    from jgo.maven import MavenContext, PythonResolver
    from jgo.parse import Coordinate

    remotes = {"central": MAVEN_CENTRAL_URL, **GlobalSettings.load().repositories}
    resolver = PythonResolver(progress_callback=_descriptions_told(report))
    context = MavenContext(resolver=resolver, repo_cache=staging, remote_repos=remotes, timeout=TIMEOUT)
    for group, name, version in COORDINATES:
        wanted = context.create_dependency(Coordinate(group, name, version, scope="compile"))
        with _told_as_not_fetched(f"what {name} {version} needs"):
            given, transitive = context.resolver.resolve([wanted])
        yield from (each.artifact for each in (*given, *transitive) if each.scope in ("compile", "runtime"))


def _descriptions_told(report: Report) -> Callable[[str, int], AbstractContextManager[Callable[[int], None]]]:
    """Tell now and then how many of Maven's descriptions were read: that is most of the time, and jars come after."""
    seen = count(1)

    def begun(file_name: str, _size: int) -> AbstractContextManager[Callable[[int], None]]:
        if file_name.endswith(".pom") and (number := next(seen)) % 25 == 0:
            report(f"fetching {KAFKA}: {number} descriptions of its parts read")
        return nullcontext(lambda _: None)

    return begun


@contextmanager
def _told_as_not_fetched(what: str) -> Iterator[None]:
    try:
        yield
    # Nothing reached, nothing found, or a log-in page where XML should be (ElementTree's errors are SyntaxErrors).
    except (OSError, RuntimeError, ValueError, SyntaxError) as error:
        raise JarsNotFetched(
            f"Could not fetch {what} from Maven Central: {error}\nLook at the network (proxies are read from "
            f"HTTPS_PROXY, further repositories from jgo's settings), then start again: jars already fetched are "
            f"kept. Or use a Kafka of your own by its address."
        ) from error


def _place(artifact: "Artifact", *, folder: Path, digest: Sha256) -> None:
    with _told_as_not_fetched(artifact.filename):
        fetched = artifact.resolve()
    _check(fetched, digest)
    # Checked before it takes its name: a crash here leaves no jar, never a wrong one.
    fetched.replace(folder / artifact.filename)


def _check(path: Path, expected: Sha256) -> None:
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != expected:
        raise JarChanged(
            f"{path.name} is not the jar klipsync was tested with: its SHA-256 is {found}, expected {expected}.\n"
            f"Delete {path} (if it is still there) and start again, and it is fetched anew. If this comes back, the "
            f"Maven repository of this machine serves another file: do not use it, and tell whoever runs it."
        )
