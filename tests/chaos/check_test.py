#!/usr/bin/env python3
"""The checker can fail: for each thing that it looks for, logs in which that alone is wrong.

    tests/chaos/check_test.py"""

import copy
import sys
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parent))
from check import NAMES, OUTCOMES, check  # noqa: E402


def outcomes(**counts):
    return {outcome: counts.get(outcome, 0) for outcome in [*OUTCOMES, "pending"]}


def published(number, items, at, topic=None):
    items = [dict(zip(("id", "channel", "seq", "recipients"), item)) for item in items]
    return {"what": "published", "at": at, "number": number, "topic": topic, "items": items}


def final(id, channel, seq, recipients, **counts):
    return {"what": "final", "id": id, "channel": channel, "seq": seq, "recipients": recipients, "outcomes": outcomes(**counts)}


def push(who, began, id, channel, seq, number, status=201, **other):
    line = {"subscription": who, "began": began, "ended": began + 5, "connection": "one", "status": status}
    return line | {"answered": True, "id": id, "channel": channel, "seq": seq, "number": number} | other


def moved(what, at, who, channel):
    return {"what": what, "at": at, "subscription": who, "channel": channel}


class Story(unittest.TestCase):
    """Two people in `news`, one of them in `team` too; three notifications, and a kill after the second."""

    def setUp(self):
        self.calls = [
            moved("joined", [1, 2], "ann", "news"),
            moved("joined", [3, 4], "bob", "news"),
            moved("joined", [5, 6], "bob", "team"),
            published("1", [("n1", "news", 1, 2)], [100, 110]),
            published("2", [("n2", "news", 2, 2), ("t1", "team", 1, 1)], [200, 210]),
            {"what": "killed", "at": [300, 310]},
            published("3", [("n3", "news", 3, 2)], [400, 410]),
            final("n1", "news", 1, 2, accepted=2),
            final("n2", "news", 2, 2, accepted=2),
            final("n3", "news", 3, 2, accepted=2),
            final("t1", "team", 1, 1, accepted=1),
        ]
        self.requests = [
            push("ann", 120, "n1", "news", 1, "1"),
            push("bob", 130, "n1", "news", 1, "1"),
            push("ann", 220, "n2", "news", 2, "2"),
            push("bob", 230, "n2", "news", 2, "2"),
            push("bob", 420, "t1", "team", 1, "2"),
            push("ann", 440, "n3", "news", 3, "3"),
            push("bob", 450, "n3", "news", 3, "3"),
        ]

    def found(self):
        findings, figures = check(self.calls, self.requests)
        self.assertEqual({name: figures[name] for name in NAMES}, {name: len(findings[name]) for name in NAMES})
        return {name: len(found) for name, found in findings.items() if found}

    def request(self, who, id):
        return next(one for one in self.requests if (one["subscription"], one["id"]) == (who, id))

    def final(self, id):
        return next(call for call in self.calls if call["what"] == "final" and call["id"] == id)

    def call(self, what, place=0):
        return [call for call in self.calls if call["what"] == what][place]

    def settle(self, id, **counts):
        self.final(id)["outcomes"] = outcomes(**counts)


class Good(Story):
    def test_logs_of_nothing_show_nothing(self):
        self.calls = self.requests = []
        self.assertEqual(self.found(), {"empty": 1})

    def test_a_good_run_has_no_findings(self):
        self.assertEqual(self.found(), {})

    def test_the_last_push_before_a_kill_may_come_again_after_it_once(self):
        self.requests.append(push("ann", 427, "n2", "news", 2, "2"))
        findings, figures = check(self.calls, self.requests)
        self.assertEqual(self.found(), {})
        self.assertEqual(figures["repeats"], 1)
        self.requests.append(push("ann", 433, "n2", "news", 2, "2"))
        self.assertEqual(self.found(), {"repeated": 1}, "twice")

    def test_a_push_that_was_not_answered_for_good_comes_again_without_a_kill(self):
        for status in (None, 429, 503):
            self.setUp()
            self.request("ann", "n1")["status"] = status
            self.requests.append(push("ann", 150, "n1", "news", 1, "1"))
            self.assertEqual(self.found(), {}, status)

    def test_an_accept_without_an_answer_may_have_happened_or_not(self):
        line = self.call("published", 1)
        unanswered = {"what": "unanswered", "at": [200, 310], "number": "2", "channels": ["news", "team"], "topic": None}
        self.calls[self.calls.index(line)] = unanswered
        self.assertEqual(self.found(), {}, "it happened")
        self.requests = [one for one in self.requests if one["number"] != "2"]
        self.calls = [call for call in self.calls if call.get("id") not in ("n2", "t1")]
        for one in [self.final("n3"), self.call("published", 1)["items"][0], *self.requests[2:]]:
            one["seq"] = 2
        self.assertEqual(self.found(), {}, "it did not")

    def test_who_leaves_goes_or_is_refused_is_not_lost(self):
        self.requests.remove(self.request("ann", "n3"))
        lost = copy.deepcopy(self.calls)
        self.calls.append(moved("left", [405, 430], "ann", "news"))
        self.settle("n3", accepted=1, unsubscribed=1)
        self.assertEqual(self.found(), {}, "ann has left")
        self.calls = lost
        self.request("ann", "n2")["status"] = 410
        self.settle("n2", accepted=1, gone=1)
        self.settle("n3", accepted=1, gone=1)
        self.assertEqual(self.found(), {}, "ann's endpoint is gone")
        self.requests.append(push("ann", 440, "n3", "news", 3, "3", status=413))
        self.request("ann", "n2")["status"] = 201
        self.settle("n2", accepted=2)
        self.settle("n3", accepted=1, too_large=1)
        self.assertEqual(self.found(), {}, "it was too large for ann's")

    def test_who_took_the_last_push_before_a_kill_and_is_gone_by_the_next_may_count_as_gone(self):
        self.requests[4] |= {"status": 410}
        del self.requests[6]
        self.settle("n2", accepted=1, gone=1)
        self.settle("t1", gone=1)
        self.settle("n3", accepted=1, gone=1)
        self.assertEqual(self.found(), {})
        self.settle("n1", accepted=1, gone=1)
        self.assertEqual(self.found(), {"sums": 2})

    def test_who_joins_while_it_is_published_may_get_it_or_not(self):
        self.calls.append(moved("joined", [404, 406], "eve", "news"))
        self.assertEqual(self.found(), {})
        self.requests.append(push("eve", 440, "n3", "news", 3, "3"))
        self.call("published", 2)["items"][0]["recipients"] = self.final("n3")["recipients"] = 3
        self.settle("n3", accepted=3)
        self.assertEqual(self.found(), {})

    def test_what_was_taken_back_or_replaced_is_not_lost(self):
        self.requests.remove(self.request("ann", "n1"))
        self.settle("n1", accepted=1, cancelled=1)
        self.calls.append({"what": "cancelled", "at": [140, 150], "id": "n1"})
        self.assertEqual(self.found(), {})
        self.calls.pop()
        self.settle("n1", accepted=1, superseded=1)
        for place in (0, 2):
            self.call("published", place)["topic"] = "the latest"
        self.assertEqual(self.found(), {})


class Bad(Story):
    def test_lost_by_one(self):
        self.requests.remove(self.request("ann", "n2"))
        self.assertEqual(self.found(), {"lost": 1, "sums": 1})
        self.settle("n2", accepted=1, expired=1)
        self.assertEqual(self.found(), {"lost": 1, "sums": 1}, "it has not expired")

    def test_lost_by_one_that_leaves_or_goes_only_later(self):
        self.requests.remove(self.request("ann", "n2"))
        self.settle("n2", accepted=1, unsubscribed=1)
        self.calls.append(moved("left", [500, 510], "ann", "news"))
        self.assertEqual(self.found(), {"lost": 1, "sums": 1})
        self.calls.pop()
        self.settle("n2", accepted=1, gone=1)
        self.requests.append(push("ann", 460, "n4", "news", 4, "4", status=410))
        self.calls += [published("4", [("n4", "news", 4, 2)], [455, 458]), final("n4", "news", 4, 2, accepted=1, gone=1)]
        self.requests.append(push("bob", 470, "n4", "news", 4, "4"))
        self.assertEqual(self.found(), {"lost": 1, "sums": 1})

    def test_lost_by_more_than_were_taken_back(self):
        for one in ("ann", "bob"):
            self.requests.remove(self.request(one, "n1"))
        self.settle("n1", accepted=1, cancelled=1)
        self.calls.append({"what": "cancelled", "at": [140, 150], "id": "n1"})
        self.assertEqual(self.found(), {"lost": 2, "sums": 1})

    def test_lost_with_half_of_an_accept_without_an_answer(self):
        line = self.call("published", 1)
        unanswered = {"what": "unanswered", "at": [200, 310], "number": "2", "channels": ["news", "team"], "topic": None}
        self.calls[self.calls.index(line)] = unanswered
        self.calls.remove(self.final("t1"))
        self.requests.remove(self.request("bob", "t1"))
        self.assertEqual(self.found(), {"lost": 1})

    def test_lost_without_an_answer_and_pushed_to_nobody(self):
        self.calls.append({"what": "unanswered", "at": [500, 510], "number": "4", "channels": ["news"], "topic": None})
        self.calls.append(final("n4", "news", 4, 2, accepted=2))
        self.assertEqual(self.found(), {"lost": 1})

    def test_out_of_order(self):
        self.requests.append(push("ann", 430, "n1", "news", 1, "1"))
        self.assertEqual(self.found(), {"out of order": 1}, "also after a kill")
        self.setUp()
        self.request("bob", "n2")["began"], self.request("bob", "n1")["began"] = 130, 230
        for id in ("n1", "n2"):
            one = self.request("bob", id)
            one["ended"] = one["began"] + 5
        self.call("published", 1)["at"] = [110, 115]
        self.assertEqual(self.found(), {"out of order": 1})

    def test_two_at_once(self):
        self.request("bob", "n1")["ended"] = 232
        self.assertEqual(self.found(), {"two at once": 1})

    def test_foreign_and_unreadable(self):
        self.requests.append(push("ann", 460, "n9", "news", 9, "9"))
        self.assertEqual(self.found(), {"foreign": 1}, "nobody published it")
        self.setUp()
        self.requests.append(push("ann", 460, None, None, None, None))
        self.assertEqual(self.found(), {"foreign": 1}, "it cannot be read")
        self.setUp()
        self.request("ann", "n3")["number"] = "2"
        self.assertEqual(self.found(), {"foreign": 1}, "another text")
        self.setUp()
        self.request("ann", "n3")["seq"] = 4
        self.assertEqual(self.found(), {"foreign": 1}, "another number")

    def test_foreign_to_one_who_was_not_there_yet_or_had_left(self):
        self.requests.append(push("ann", 430, "t1", "team", 1, "2"))
        self.assertEqual(self.found(), {"foreign": 1, "sums": 1}, "never in the team")
        self.setUp()
        self.calls.append(moved("joined", [250, 260], "ann", "team"))
        self.requests.append(push("ann", 430, "t1", "team", 1, "2"))
        self.assertIn("foreign", self.found(), "only later in the team")
        self.setUp()
        self.calls.append(moved("left", [411, 415], "ann", "news"))
        self.assertEqual(self.found(), {}, "it was in hand already")
        self.settle("n3", accepted=1, unsubscribed=1)
        self.assertEqual(self.found(), {}, "and came too late to be settled")
        self.request("ann", "n2").update(began=430, ended=435)
        self.assertEqual(self.found(), {"foreign": 1}, "one may be in hand, not two")

    def test_doubled_under_one_key(self):
        self.calls.append(published("3", [("n4", "news", 4, 2)], [420, 430]))
        self.calls.append(final("n4", "news", 4, 2, accepted=2))
        self.requests += [push(who, 460, "n4", "news", 4, "3") for who in ("ann", "bob")]
        self.assertEqual(self.found(), {"doubled": 1})

    def test_doubled_at_one_number(self):
        self.final("n3")["seq"] = self.call("published", 2)["items"][0]["seq"] = 2
        for who in ("ann", "bob"):
            self.request(who, "n3")["seq"] = 2
        self.assertIn("doubled", self.found())

    def test_doubled_without_anybody_having_published_it(self):
        self.calls.append(final("n4", "news", 4, 0))
        self.assertEqual(self.found(), {"doubled": 1})

    def test_forgotten(self):
        self.calls.remove(self.final("n3"))
        self.assertEqual(self.found(), {"forgotten": 1})
        self.setUp()
        for one in [self.final("n3"), self.call("published", 2)["items"][0], *self.requests[-2:]]:
            one["seq"] = 4
        self.assertEqual(self.found(), {"forgotten": 1}, "a hole")

    def test_sums(self):
        for wrong in [{"accepted": 1}, {"accepted": 1, "pending": 1}, {"accepted": 3}, {"accepted": 1, "rejected": 1}]:
            self.settle("n1", **wrong)
            self.assertIn("sums", self.found(), wrong)
            self.assertNotIn("lost", self.found())
        self.setUp()
        for one in (self.final("n1"), self.call("published")["items"][0]):
            one["recipients"] = 3
        self.settle("n1", accepted=2, unsubscribed=1)
        self.assertIn("sums", self.found(), "nobody else was there")

    def test_repeated_without_a_kill(self):
        self.requests.append(push("ann", 150, "n1", "news", 1, "1"))
        self.assertEqual(self.found(), {"repeated": 1})
        self.setUp()
        self.requests.append(push("ann", 460, "n3", "news", 3, "3"))
        self.assertEqual(self.found(), {"repeated": 1})

    def test_repeated_though_the_next_one_had_been_sent_elsewhere(self):
        self.request("bob", "t1").update(began=240, ended=245)
        self.requests.append(push("bob", 430, "n2", "news", 2, "2"))
        self.assertEqual(self.found(), {"repeated": 1})

    def test_repeated_though_a_later_answer_over_the_same_connection_was_on_disk(self):
        # Bob's answer came after ann's over the same connection, and his next push shows that it was on disk.
        self.request("bob", "t1").update(began=240, ended=245)
        self.requests.append(push("ann", 427, "n2", "news", 2, "2"))
        self.assertEqual(self.found(), {"repeated": 1})
        self.request("ann", "n2")["connection"] = "two"
        self.assertEqual(self.found(), {}, "over another connection it says nothing")


if __name__ == "__main__":
    unittest.main()
