"""What a publish says, which is one object for many publishes where nobody keeps it."""

from __future__ import annotations

import sys
import threading

from newswire import Bus, Published


def test_what_a_publish_has_said_stays_so_whatever_is_published_later() -> None:
    bus = Bus()
    queue = bus.pull("deploy.*")
    said = [bus.publish("deploy.finished", count=count) for count in range(1000)]
    assert [published.seq for published in said] == list(range(1, 1001))
    assert {published.matched for published in said} == {1}
    first = bus.publish("deploy.finished")
    queue.close()
    assert bus.publish("deploy.finished").matched == 0
    assert (first.seq, first.matched, first.delivered) == (1001, 1, 1)


def test_two_that_are_compared_at_once_are_two() -> None:
    bus = Bus()
    queue = bus.pull("deploy.*")
    assert bus.publish("deploy.finished") != bus.publish("deploy.finished")
    queue.close()
    assert bus.publish("deploy.finished") == bus.publish("deploy.finished")


def test_what_says_the_same_is_equal_and_has_one_hash() -> None:
    def published(bus: Bus) -> Published:
        queue = bus.pull("deploy.*")
        said = bus.publish("deploy.finished")
        queue.close()
        return said

    one, other = published(Bus()), published(Bus())
    assert one == other and one is not other
    assert hash(one) == hash(other)
    assert repr(one) == "Published(seq=1, matched=1, delivered=1, deferred=0, dropped=0, blocked=0)"


def test_a_handler_that_publishes_leaves_what_its_publisher_is_told() -> None:
    bus = Bus()
    inner: list[Published] = []
    bus.on("deploy.asked", lambda event: inner.append(bus.publish("deploy.finished")), mode="inline")
    queue = bus.pull("deploy.finished")
    outer = bus.publish("deploy.asked")
    assert (outer.seq, outer.matched) == (1, 1)
    assert [(published.seq, published.matched) for published in inner] == [(2, 1)]
    queue.close()


def test_threads_are_told_their_own() -> None:
    bus = Bus()
    queue = bus.pull("deploy.*", buffer=100_000)
    seqs: list[list[int | None]] = [[] for _ in range(4)]

    def publish(mine: list[int | None]) -> None:
        mine.extend(bus.publish("deploy.finished").seq for _ in range(2000))

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        threads = [threading.Thread(target=publish, args=(mine,)) for mine in seqs]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(before)
    assert sorted(seq for mine in seqs for seq in mine if seq) == list(range(1, 8001))
    assert all(mine == sorted(seq for seq in mine if seq) for mine in seqs)
    queue.close()
