"""Kafka's jars: none runs that was not tested, and what goes wrong is told."""

import shutil
from pathlib import Path

import pytest

from infra.embedded.errors import JarChanged, JarsNotFetched
from infra.embedded.jars import FOLDER, LIST, cache_folder, expected_jars, kafka_jars
from infra.embedded.parts import start

pytestmark = pytest.mark.timeout(120)


def silent(_: str) -> None:
    """Nobody listens to progress here."""


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """A cache of our own, its jars links to the real ones."""
    (tmp_path / FOLDER).mkdir()
    for jar in kafka_jars(cache=cache_folder(), report=silent):
        (tmp_path / FOLDER / jar.name).symlink_to(jar)
    return tmp_path


async def test_a_changed_jar_is_refused_by_its_name(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One byte more in one jar: nothing starts, and the message says which file to delete."""
    changed = cache / FOLDER / "kafka-clients-4.3.0.jar"
    original = changed.resolve()
    changed.unlink()
    shutil.copy(original, changed)
    with changed.open("ab") as file:
        file.write(b"!")
    monkeypatch.setenv("KLIPSYNC_CACHE", str(cache))

    with pytest.raises(JarChanged, match=f"Delete {changed} "):
        await start(tmp_path / "state", report=silent)


async def test_a_closed_way_to_the_jars_is_told(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a network a missing jar cannot be had; the message says what to look at, and what is there stays."""
    (cache / FOLDER / "re2j-1.8.jar").unlink()
    monkeypatch.setenv("KLIPSYNC_CACHE", str(cache))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")

    with pytest.raises(JarsNotFetched, match="HTTPS_PROXY"):
        await start(tmp_path / "state", report=silent, postgres=False)

    assert len(list((cache / FOLDER).iterdir())) == len(expected_jars(LIST.read_text())) - 1


def test_a_lost_jar_is_fetched_again_and_the_person_sees_it(cache: Path) -> None:
    """What a fetch brings is held against the list too; what was there is not fetched again."""
    (cache / FOLDER / "jspecify-1.0.0.jar").unlink()
    (cache / "fetching" / "org").mkdir(parents=True)  # left by a fetch that was killed
    said: list[str] = []

    jars = kafka_jars(cache=cache, report=said.append)

    assert said[-1] == "fetching Apache Kafka 4.3.0: 46 of 46 jars, jspecify-1.0.0.jar"
    assert sum(" jars, " in line for line in said) == 1
    assert all(jar.is_file() for jar in jars)
    assert not (cache / "fetching").exists()


def test_the_list_names_each_jar_with_a_whole_hash() -> None:
    """An empty or cut list would let anything run."""
    listed = expected_jars(LIST.read_text())

    assert {"kafka_2.13-4.3.0.jar", "log4j-slf4j-impl-2.25.4.jar"} <= listed.keys()
    assert len(listed) == 46
    assert all(len(digest) == 64 and set(digest) <= set("0123456789abcdef") for digest in listed.values())
