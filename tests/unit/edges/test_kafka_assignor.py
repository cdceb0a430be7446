"""How shards are divided: nobody gets what another one still has, and few move."""

from __future__ import annotations

from itertools import chain

from hypothesis import given, strategies as st

from worker.edges.kafka_assignor import divide

CLAIMS = st.dictionaries(st.text("abcdef", min_size=1, max_size=2), st.frozensets(st.integers(0, 20)), min_size=1)


def shards(*numbers: int) -> frozenset[int]:
    return frozenset(numbers)


def test_a_worker_alone_gets_all() -> None:
    assert divide(3, {"a": shards()}) == {"a": shards(0, 1, 2)}


def test_a_second_worker_gets_nothing_before_the_first_let_go() -> None:
    assert divide(4, {"a": shards(0, 1, 2, 3), "b": shards()}) == {"a": shards(0, 1), "b": shards()}
    assert divide(4, {"a": shards(0, 1), "b": shards()}) == {"a": shards(0, 1), "b": shards(2, 3)}


def test_only_as_many_move_as_must() -> None:
    assert divide(6, {"a": shards(0, 2, 4), "b": shards(1, 3, 5), "c": shards()}) == {
        "a": shards(0, 2),
        "b": shards(1, 3),
        "c": shards(),
    }


def test_the_shards_of_one_that_left_go_to_the_others() -> None:
    assert divide(5, {"a": shards(0, 1), "b": shards(3)}) == {"a": shards(0, 1, 2), "b": shards(3, 4)}


def test_more_workers_than_shards_leave_some_with_none() -> None:
    assert divide(1, {"a": shards(), "b": shards(0)}) == {"a": shards(), "b": shards(0)}


def test_what_two_claim_is_given_to_neither() -> None:
    assert divide(2, {"a": shards(0, 1), "b": shards(1)}) == {"a": shards(0), "b": shards()}


def test_a_claim_to_a_shard_that_does_not_exist_counts_for_nothing() -> None:
    assert divide(2, {"a": shards(0, 7)}) == {"a": shards(0, 1)}


def test_no_shards_and_no_members_are_no_reason_to_fail() -> None:
    assert divide(0, {"a": shards()}) == {"a": shards()}
    assert divide(3, {}) == {}


@given(st.integers(1, 20), CLAIMS)
def test_no_shard_has_two_owners_or_goes_to_one_while_another_claims_it(
    count: int, claims: dict[str, frozenset[int]]
) -> None:
    given_now = divide(count, claims)

    assert given_now.keys() == claims.keys()
    assert len(set(chain(*given_now.values()))) == sum(map(len, given_now.values()))
    for member, own in given_now.items():
        others = set(chain(*(claimed for other, claimed in claims.items() if other != member)))
        assert own.isdisjoint(others)


@given(st.integers(1, 20), CLAIMS)
def test_after_a_second_round_all_is_given_evenly_and_then_nothing_moves(
    count: int, claims: dict[str, frozenset[int]]
) -> None:
    settled = divide(count, divide(count, claims))

    assert set(chain(*settled.values())) == set(range(count))
    assert max(map(len, settled.values())) - min(map(len, settled.values())) <= 1
    assert divide(count, settled) == settled
