"""How calls get to Fanfare when it is slow, away, busy or of another mind; and that no write ever minds."""

import logging
import os
import socket
import threading

import pytest

from fake_fanfare import KEY, FakeFanfare, Reply
from kinto_app import LONG
from kinto_fanfare.client import Client, Unavailable, _seconds
from kinto_fanfare.message import Call
from kinto_fanfare.sender import Limits, Sender

QUICK = Limits(size=10, retry_min=0.01, retry_max=0.02, give_up=LONG, flush=LONG)


@pytest.fixture
def sender(fanfare):
    made = Sender(Client(fanfare.url, "kinto", KEY, LONG).notify, QUICK)
    yield made
    fanfare.open.set()
    made.close()


def call(number, channel="news"):
    return Call(channel, b'{"data": {"n": %d}}' % number)


def numbers(notifications):
    return [one.body["data"]["n"] for one in notifications]


def unused_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def test_a_write_is_answered_while_fanfare_still_thinks(app, fanfare):
    fanfare.open.clear()
    app.collection("blog", "articles")
    assert fanfare.arrived.acquire(timeout=LONG), "the call is under way"
    app.call("put", "/buckets/blog/collections/articles/records/one", {}, status=201)
    assert fanfare.accepted == []
    fanfare.open.set()
    app.sent()
    assert len(fanfare.accepted) == 2


def test_a_write_is_answered_when_nobody_listens_there(start, caplog):
    app = start(server=f"http://127.0.0.1:{unused_port()}", fanfare__give_up_seconds="0")
    app.collection("blog", "articles")
    app.sent()
    assert "cannot be reached" in caplog.text


def test_the_same_call_is_repeated_under_the_same_key_until_it_is_accepted(sender, fanfare, caplog):
    fanfare.replies = [Reply(503), Reply(500), Reply(502)]
    sender.put([call(1), call(2)])
    assert sender.wait_until_sent(LONG)
    assert numbers(fanfare.attempts) == [1, 1, 1, 1, 2]
    assert len({one.key for one in fanfare.attempts}) == 2
    said = [(record.levelname, record.getMessage()) for record in caplog.records if record.name == "kinto_fanfare"]
    assert said == [
        ("WARNING", "Fanfare takes no notifications, they wait: 503: as the test wants it"),
        ("WARNING", "Fanfare takes notifications again, after 3 failed attempts and 0 dropped notifications"),
    ]


def test_nothing_is_tried_again_sooner_than_retry_after_says(fanfare):
    fanfare.replies = [Reply(503, {"Retry-After": "7"})]
    waits = []
    sender = Sender(Client(fanfare.url, "kinto", KEY, LONG).notify, QUICK)
    wait = sender._changed.wait

    def as_if_waited(timeout=None):
        if timeout is None or not sender._not_before:
            return wait(timeout)
        waits.append(timeout)
        sender._not_before = 0.0
        return True

    sender._changed.wait = as_if_waited
    sender.put([call(1)])
    assert fanfare.arrived.acquire(timeout=LONG)
    assert fanfare.arrived.acquire(timeout=LONG), "the second attempt"
    sender.close()
    assert 6 < waits[0] <= 7
    assert numbers(fanfare.accepted) == [1]


def test_retry_after_is_read_as_seconds_or_a_date_and_nonsense_is_none():
    assert _seconds("120") == 120
    assert _seconds("99999999") == 3600
    assert _seconds("Wed, 21 Oct 2015 07:28:00 GMT") == 0
    assert _seconds("Fri, 31 Dec 9999 23:59:59 GMT") == 3600
    assert [_seconds(text) for text in ("-1", "soon", "", None, "1e400", "٣")] == [None, None, None, None, None, 3.0]


def test_a_busy_channel_waits_alone(sender, fanfare, caplog):
    fanfare.busy = {"busy": Reply(429, {"Retry-After": "0"}, "10,000 notifications are open")}
    sender.put([call(1, "busy"), call(2, "news"), call(3, "busy"), call(4, "news")])
    for _ in range(5):  # both of the news, and no more than that of the busy one's first
        assert fanfare.arrived.acquire(timeout=LONG)
    assert numbers(fanfare.accepted) == [2, 4]
    fanfare.busy = {}
    assert sender.wait_until_sent(LONG)
    by_channel = {name: [one for one in fanfare.accepted if one.channel == name] for name in ("busy", "news")}
    assert numbers(by_channel["news"]) == [2, 4]
    assert numbers(by_channel["busy"]) == [1, 3], "in their order"
    assert "10,000 notifications are open" in caplog.text


def test_what_fanfare_refuses_is_dropped_and_told_with_its_detail_but_not_each_time(sender, fanfare, caplog):
    fanfare.replies = [Reply(422, detail="topic must be shorter", type="/problems/invalid-field")] * 9
    sender.put([call(number) for number in range(9)])
    assert sender.wait_until_sent(LONG)
    sender.put([call(9)])
    assert sender.wait_until_sent(LONG)
    assert numbers(fanfare.accepted) == [9]
    told = [record.getMessage() for record in caplog.records if record.name == "kinto_fanfare"]
    assert told == ["Fanfare did not take a notification (1 for this reason so far): 422: topic must be shorter"]


def test_a_full_queue_drops_the_oldest_and_tells_once_how_many(sender, fanfare, caplog):
    fanfare.open.clear()
    sender.put([call(0)])
    assert fanfare.arrived.acquire(timeout=LONG), "the first is in hand"
    sender.put([call(number) for number in range(1, 14)])
    assert sender.is_full
    fanfare.open.set()
    assert sender.wait_until_sent(LONG)
    assert numbers(fanfare.accepted) == [0, *range(4, 14)]
    told = [record.getMessage() for record in caplog.records if record.name == "kinto_fanfare"]
    assert told == [
        "notifications are dropped, the oldest first: more than 10 wait (fanfare.queue_size)",
        "Fanfare takes notifications again, after 0 failed attempts and 3 dropped notifications",
    ]


def test_what_waits_too_long_is_given_up(fanfare, caplog):
    fanfare.replies = [Reply(503)]
    limits = Limits(size=10, retry_min=0.01, retry_max=0.02, give_up=0, flush=LONG)
    sender = Sender(Client(fanfare.url, "kinto", KEY, LONG).notify, limits)
    sender.put([call(1), call(2)])
    assert sender.wait_until_sent(LONG)
    sender.close()
    assert numbers(fanfare.attempts) == [1, 2]
    assert "tried for 0 seconds" in caplog.text


def test_a_fault_of_our_own_does_not_end_the_thread(caplog):
    sent = []

    def send(one):
        if one.channel == "bad":
            raise ZeroDivisionError
        sent.append(one.channel)

    sender = Sender(send, QUICK)
    sender.put([call(1, "bad"), call(2, "good")])
    assert sender.wait_until_sent(LONG)
    sender.close()
    assert sent == ["good"]
    assert "ZeroDivisionError" in caplog.text


def test_at_the_end_what_is_left_is_sent(fanfare):
    fanfare.open.clear()
    sender = Sender(Client(fanfare.url, "kinto", KEY, LONG).notify, QUICK)
    sender.put([call(1), call(2)])
    assert fanfare.arrived.acquire(timeout=LONG)
    threading.Timer(0, fanfare.open.set).start()
    sender.close()
    assert numbers(fanfare.accepted) == [1, 2]


def test_the_end_is_not_held_up_by_a_fanfare_that_is_away_and_the_loss_is_counted(caplog):
    attempts = []

    def send(one):
        attempts.append(one.body)
        raise Unavailable("away")

    sender = Sender(send, Limits(size=10, retry_min=LONG, retry_max=LONG, give_up=LONG, flush=LONG))
    sender.put([call(1), call(2)])
    sender.close()
    assert {call(1).body, call(2).body} == set(attempts), "each was tried once more, though its pause was not over"
    assert "2 notifications could not be sent before the process ended" in caplog.text
    sender._thread.join(LONG)
    assert not sender._thread.is_alive()


def test_each_forked_process_sends_what_it_was_given_itself(sender, fanfare):
    fanfare.open.clear()
    sender.put([call(1), call(2)])
    assert fanfare.arrived.acquire(timeout=LONG)
    child = os.fork()
    if child == 0:
        try:
            sender.put([call(3)])
            os._exit(0 if sender.wait_until_sent(LONG) else 1)
        finally:
            os._exit(2)  # nothing of this test runs twice
    assert fanfare.arrived.acquire(timeout=LONG), "the child's, though the parent's thread is held"
    fanfare.open.set()
    assert os.waitpid(child, 0)[1] == 0
    assert sender.wait_until_sent(LONG)
    assert sorted(numbers(fanfare.accepted)) == [1, 2, 3]


def test_a_redirect_is_not_followed_so_the_key_stays_here(sender, fanfare, caplog):
    elsewhere = FakeFanfare()
    fanfare.replies = [Reply(307, {"Location": f"{elsewhere.url}/v1/channels/news/notifications"})]
    sender.put([call(1)])
    assert sender.wait_until_sent(LONG)
    elsewhere.stop()
    assert elsewhere.attempts == []
    assert "a redirect, which is not followed" in caplog.text


def test_a_netrc_file_does_not_replace_the_key(sender, fanfare, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    sender.put([call(1)])
    assert sender.wait_until_sent(LONG)
    assert numbers(fanfare.accepted) == [1]


def test_the_key_is_in_no_log_whatever_goes_wrong(sender, start, fanfare, caplog):
    caplog.set_level(logging.DEBUG)
    fanfare.replies = [Reply(401), Reply(403), Reply(503), Reply(302, {"Location": "/"})]
    sender.put([call(number) for number in range(5)])
    assert sender.wait_until_sent(LONG)
    app = start()
    app.collection("blog", "articles")
    app.sent()
    assert KEY not in caplog.text
    assert KEY not in repr(app.plugin)
    assert "secret" not in repr(Call("news", b"secret"))
