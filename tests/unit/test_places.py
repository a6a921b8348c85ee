"""Which Kafka and which PostgreSQL a test run takes."""

import pytest

from tests.places import Form, choose

VARIABLE = "KLIPSYNC_TEST_KAFKA"


@pytest.mark.parametrize(
    ("environment", "docker", "form"),
    [
        ({VARIABLE: "broker:9092", "KLIPSYNC_TEST_FORM": "embedded"}, True, Form.ADDRESS),
        ({"KLIPSYNC_TEST_FORM": "embedded"}, True, Form.EMBEDDED),
        ({"KLIPSYNC_TEST_FORM": "containers"}, False, Form.CONTAINERS),
        ({VARIABLE: ""}, True, Form.CONTAINERS),
        ({}, False, Form.EMBEDDED),
    ],
)
def test_an_address_wins_then_the_wish_then_docker(environment: dict[str, str], *, docker: bool, form: Form) -> None:
    """An address is taken before all else; without one or a wish, containers where a daemon answers, else embedded."""
    place = choose(part="kafka", variable=VARIABLE, environment=environment, docker=lambda: docker)

    assert place.form is form
    assert place.address == environment.get(VARIABLE, "")


def test_a_form_that_does_not_exist_is_refused() -> None:
    """A misspelt wish stops the run: testing on another server than the one asked for would look like success."""
    with pytest.raises(ValueError, match="dockers"):
        choose(part="kafka", variable=VARIABLE, environment={"KLIPSYNC_TEST_FORM": "dockers"}, docker=lambda: True)
