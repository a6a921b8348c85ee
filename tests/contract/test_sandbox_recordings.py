"""The sandbox, held against recorded answers of a real company: status, properties and their order, types, numbers."""

import pytest

from tests.contract.recorded import NAMES, RECORDINGS, differences, read
from tests.contract.recorded import pairs as recorded_pairs
from tests.contract.recorded_company import SEEDS, recorded_company, repeat


@pytest.mark.parametrize("name", NAMES)
async def test_every_recorded_request_is_answered_as_it_was_recorded(name: str) -> None:
    """In a company that holds what the recording presupposes, at the recorded time, one request after the other."""
    async with recorded_company(name) as it:
        for pair in recorded_pairs(name):
            told = await repeat(it, pair)

            assert told.status == pair.status, told.text
            assert told.headers["Content-Type"] == pair.content_type
            assert ("QBO-Version" in told.headers) == pair.versioned
            assert "intuit_tid" in told.headers
            assert differences(read(told.text), pair.answer) == []


def test_every_recording_has_its_seed() -> None:
    """None is left out."""
    assert set(SEEDS) == set(NAMES)


RECORDED = (
    '{"Id": "7", "Amount": 337.5, "Balance": 0, "Qty": 4.5, "Ok": true, "Ref": {"value": "1"}, "Line": [{"A": "x"}]}'
)
ANSWERED = '{"Id":"7","Amount":337.50,"Balance":0,"Qty":4.5,"Ok":true,"Ref":{"value":"1"},"Line":[{"A":"x"}]}'


@pytest.mark.parametrize(
    ("instead", "of", "told"),
    [
        ('"Amount":337.5,', '"Amount":337.50,', ".Amount: 337.5 instead of 337.50"),
        ('"Balance":0.00', '"Balance":0', ".Balance: 0.00 instead of 0"),
        ('"Qty":4.50', '"Qty":4.5', ".Qty: 4.50 instead of 4.5"),
        ('"Amount":"337.50"', '"Amount":337.50', ".Amount: 337.50 instead of 337.50"),
        ('"Ok":"true"', '"Ok":true', ".Ok: 'true' instead of True"),
        ('"Id":"8"', '"Id":"7"', ".Id: '8' instead of '7'"),
        ('"value":"1","name":null', '"value":"1"', ".Ref: properties ['value', 'name'] instead of ['value']"),
        ('[{"A":"x"},{"A":"x"}]', '[{"A":"x"}]', ".Line: 2 instead of 1"),
        ('"x"', '"y"', ""),
    ],
)
def test_the_comparison_sees_each_difference(instead: str, of: str, told: str) -> None:
    """Formats, types, properties, lengths; else the tests above would prove nothing."""
    changed = ANSWERED.replace(of, instead)

    found = differences(read(changed), read(RECORDED))

    assert found == ([told] if told else [])


def test_the_comparison_sees_the_order_of_properties() -> None:
    """A client may not care; a recording does."""
    assert differences(read('{"B": 1, "A": 2}'), read('{"A": 2, "B": 1}')) == [
        "top: properties ['B', 'A'] instead of ['A', 'B']"
    ]


def test_no_recording_is_missing() -> None:
    """A folder that was emptied would let everything pass."""
    assert len(NAMES) == len(list(RECORDINGS.glob("*.json"))) == 11
