#!/usr/bin/env python3
"""What came of a run, from two logs alone: what the backend was told (calls) and what the push services got (requests).

    check.py CALLS REQUESTS                                                                        Python 3.10 or later

Prints a table and every finding by name; its exit status is 1 if there is any. It knows nothing of Fanfare's code. What it
holds Fanfare to:

lost            A notification was accepted (202), somebody was surely in its channel, and neither did their push service
                take it or refuse it for good, nor did they leave, nor did they go (404, 410), nor was it taken back or
                replaced. An accept without an answer may have happened or not; if it did, all of it counts.
out of order    A push of a lower number than one before it, to the same subscription, of the same channel.
two at once     A push began before the one before it to the same subscription had ended, and no kill lay between.
foreign         A push that nobody published, that is not what was published, or to somebody who was not in the channel.
doubled         One publish under two ids, or two publishes under one: an Idempotency-Key did not hold, or a log forked.
forgotten       A notification was accepted (202), and the daemon's last word does not know it.
sums            The daemon's last word on a notification is not what the push services' log says.
repeated        A push that had been taken, or refused for good, came again, and no kill explains it (below).
empty           Nothing was accepted, or nothing was taken: then all of the above holds, and says nothing.

What a kill explains. The next push to a subscription starts only when the result of the one before is on disk. So what
is not on disk at a kill is, for each subscription, at most its very last push before it: that one may come again, once,
and no other. Of these last ones again only those may that were in flight, with no answer when the kill came; and those
that were answered, but whose result was not committed. Which of the answered were not, the logs do not say, but they
know most of those that were: results are committed in the order in which the answers came in over one connection. So
whatever was answered there before an answer whose subscription has had another push since, whose result therefore was
on disk, was on disk too. How many are left is the bound of that kill."""

import json
import sys
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict

# What a push service says with them is final; everything else is asked again (RFC 8030, and what Fanfare documents).
ASKED_AGAIN = {None, 408, 421, 425, 429} | set(range(500, 600))
GONE = {404, 410}
OUTCOMES = ["accepted", "gone", "expired", "superseded", "rejected", "too_large", "unsubscribed", "cancelled"]


class Request:
    """One push as its push service saw it."""

    def __init__(self, line):
        self.subscription = line["subscription"]
        self.began, self.ended = line["began"], line["ended"]
        self.connection = line["connection"]
        self.status, self.answered = line["status"], line["answered"]
        self.id, self.channel, self.seq, self.number = line["id"], line["channel"], line["seq"], line["number"]
        self.is_final = self.status not in ASKED_AGAIN
        self.is_taken = self.status is not None and 200 <= self.status < 300

    def __str__(self):
        return f"{self.subscription}: {self.channel} {self.seq} ({self.id}) at {self.began / 1e9:.6f} s"


class Notification:
    """One publish to one channel: what is known of it from answers, from the daemon's last word, and from pushes."""

    def __init__(self, id, channel, seq):
        self.id, self.channel, self.seq = id, channel, seq
        self.number = self.at = self.topic = self.recipients = self.final = None
        self.cancelled = False

    def __str__(self):
        return f"{self.channel} {self.seq} ({self.id})"


class Run:
    """Both logs, sorted so that questions are cheap."""

    def __init__(self, calls, requests):
        self.findings = defaultdict(list)
        self.requests = sorted((Request(line) for line in requests), key=lambda request: request.began)
        self.to, self.to_in = defaultdict(list), defaultdict(list)
        for request in self.requests:
            self.to[request.subscription].append(request)
            self.to_in[request.subscription, request.channel].append(request)
        self.began = {who: [request.began for request in sent] for who, sent in self.to.items()}
        self.moves = defaultdict(list)
        self.kills, self.unanswered, self.publishes = [], {}, 0
        self.notifications, self.numbers = {}, defaultdict(set)
        for line in sorted(calls, key=lambda line: line.get("at", [float("inf")])[0]):
            getattr(self, "read_" + line["what"])(line)
        self.gone_from = {}
        for request in self.requests:
            if request.status in GONE:
                self.gone_from.setdefault(request.subscription, request.began)
        self.surface()

    def find(self, name, what):
        self.findings[name].append(str(what))

    def read_joined(self, line, joins=True):
        self.moves[line["subscription"], line["channel"]].append((*line["at"], joins))

    def read_left(self, line):
        self.read_joined(line, False)

    def read_killed(self, line):
        self.kills.append(tuple(line["at"]))

    def read_unanswered(self, line):
        self.unanswered[line["number"]] = line

    def read_published(self, line):
        self.publishes += 1
        for item in line["items"]:
            known = self.notifications.get(item["id"])
            one = known or Notification(item["id"], item["channel"], item["seq"])
            if known and (one.number, one.channel, one.seq) != (line["number"], item["channel"], item["seq"]):
                self.find("doubled", f"{one} is publish {one.number} and publish {line['number']}")
            if not known:
                one.number, one.at, one.topic = line["number"], line["at"], line["topic"]
                one.recipients = item["recipients"]
                self.notifications[one.id] = one
            self.numbers[line["number"], one.channel].add(one.id)

    def read_cancelled(self, line):
        self.notifications[line["id"]].cancelled = True

    def read_final(self, line):
        one = self.notifications.get(line["id"])
        if one is None:
            one = self.notifications[line["id"]] = Notification(line["id"], line["channel"], line["seq"])
            one.recipients = line["recipients"]
        one.final = line

    def surface(self):
        """Accepts without an answer that happened all the same: their pushes say which they are."""
        for request in self.requests:
            one = self.notifications.get(request.id)
            line = self.unanswered.get(request.number)
            if one and one.at is None and line and one.channel in line["channels"]:
                one.number, one.at, one.topic = request.number, line["at"], line["topic"]
                self.numbers[one.number, one.channel].add(one.id)

    def was_member(self, who, channel, at):
        """True, False, or None where that cannot be told: they came or went meanwhile, or their endpoint had ended."""
        is_in = False
        for began, ended, joins in self.moves[who, channel]:
            if began < at[1] and ended > at[0]:
                return None
            if ended <= at[0]:
                is_in = joins
        return None if is_in and self.gone_from.get(who, float("inf")) < at[1] else is_in

    def last_before(self, who, time):
        """The last push to a subscription that began before then."""
        place = bisect_left(self.began.get(who, []), time)
        return self.to[who][place - 1] if place else None

    def kill_after(self, time):
        """The first kill that was not over then, by its place."""
        return bisect_right(self.kills, time, key=lambda kill: kill[1])


def check_pushes(run):
    """Each push by itself: it is one of what was published, and its reader was in the channel."""
    for request in run.requests:
        one = run.notifications.get(request.id)
        if one is None or one.at is None:
            run.find("foreign", f"nobody published {request}")
            continue
        if (one.channel, one.seq, one.number) != (request.channel, request.seq, request.number):
            run.find("foreign", f"{request} says {request.number}; publish {one.number} is {one}")
        elif run.was_member(request.subscription, one.channel, one.at) is False:
            run.find("foreign", f"not in the channel when it was published: {request}")
    for (who, channel), moves in run.moves.items():
        ends = [began for began, _, joins in moves[1:] if joins] + [float("inf")]
        for left in (ended for _, ended, joins in moves if not joins):
            # The one that was in hand then may still go out: its worker hears of it when it has its result.
            back = next(end for end in ends if end > left)
            late = [request for request in run.to_in[who, channel] if left < request.began < back]
            for request in late[1:]:
                run.find("foreign", f"left the channel, and had one more since: {request}")


def check_order(run, undone):
    """Each subscription's pushes: in order, one at a time, again only where a kill undid them; answers how many came
    again after each kill."""
    repeats = Counter()
    for sent in run.to.values():
        tops, before = {}, None
        for request in sent:
            top = tops.get(request.channel)
            if before and request.began < before.ended and not is_killed_between(run, before, request):
                run.find("two at once", f"{before} and {request}")
            if top and request.seq < top.seq:
                run.find("out of order", f"after {top.seq} came {request}")
            elif top and request.seq == top.seq and top.is_final:
                kill = run.kill_after(top.began)
                if top in undone[kill] and run.kills[kill][0] < request.began:
                    repeats[kill] += 1
                else:
                    run.find("repeated", f"it had been answered {top.status} at {top.ended / 1e9:.6f} s: {request}")
            if not top or request.seq >= top.seq:
                tops[request.channel] = request
            before = request
    return repeats


def is_killed_between(run, before, after):
    kill = run.kill_after(before.began)
    return kill < len(run.kills) and run.kills[kill][0] < after.began


def undone_by_kills(run):
    """What each kill may have undone: what was in flight, and what was answered and perhaps not committed. After the
    last kill nothing is."""
    lives = [[] for _ in range(len(run.kills) + 1)]
    for request in run.requests:
        lives[run.kill_after(request.began)].append(request)
    in_flight, uncommitted = [set() for _ in lives], [set() for _ in lives]
    for place, (kill, life) in enumerate(zip(run.kills, lives)):
        last = {request.subscription: request for request in life}
        committed = set()
        for request in sorted(life, key=lambda request: request.ended, reverse=True):
            if request is not last[request.subscription]:
                committed.add(request.connection)
            elif not request.answered or request.ended > kill[0]:
                in_flight[place].add(request)
            elif request.is_final and request.connection not in committed:
                uncommitted[place].add(request)
    return in_flight, uncommitted


def check_accepts(run):
    """Each publish is one notification in each of its channels, all or none, and none is forgotten."""
    for (number, channel), ids in run.numbers.items():
        if len(ids) > 1:
            run.find("doubled", f"publish {number} is in {channel} as {' and '.join(sorted(ids))}")
        line = run.unanswered.get(number, {"channels": [], "at": None})
        for other in (other for other in line["channels"] if not run.numbers.get((number, other))):
            if any(run.was_member(who, there, line["at"]) for who, there in list(run.moves) if there == other):
                run.find("lost", f"publish {number} is in {channel} and not in {other}, all or none")
    by_place, possible = defaultdict(list), Counter()
    for line in run.unanswered.values():
        possible.update(channel for channel in line["channels"] if not run.numbers.get((line["number"], channel)))
    for one in run.notifications.values():
        by_place[one.channel, one.seq].append(one)
        if one.final is None:
            run.find("forgotten", one)
        elif one.at is None:
            # It was pushed to nobody, so it is not known which publish it is.
            possible[one.channel] -= 1
            unsent = sum(one.final["outcomes"][outcome] for outcome in ["unsubscribed", "gone", "superseded"])
            if one.recipients != unsent:
                run.find("lost", f"{one} was accepted without an answer, and pushed to none of {one.recipients}")
    for channel in (channel for channel, count in possible.items() if count < 0):
        run.find("doubled", f"{channel} has {-possible[channel]} notifications more than were published")
    for place, ones in by_place.items():
        if len(ones) > 1:
            run.find("doubled", f"{' and '.join(map(str, ones))}: one number")
        if place[1] > 1 and (place[0], place[1] - 1) not in by_place:
            run.find("forgotten", f"{place[0]} {place[1] - 1}: a hole in the log")


def check_recipients(run):
    """Each notification: everybody who was to get it did, or it is known why not; and the daemon's sums say the same."""
    members, answers = defaultdict(set), defaultdict(lambda: defaultdict(list))
    for who, channel in list(run.moves):
        members[channel].add(who)
    for request in run.requests:
        if request.is_final:
            answers[request.id][request.subscription].append(request)
    with_topic = [one for one in run.notifications.values() if one.topic]
    latest = {one.channel: one.seq for one in sorted(with_topic, key=lambda one: one.seq)}
    for one in run.notifications.values():
        if one.at is None or one.final is None:
            continue
        is_replaced = one.topic is not None and latest[one.channel] > one.seq
        states = {who: run.was_member(who, one.channel, one.at) for who in members[one.channel]}
        check_notification(run, one, states, answers[one.id], is_replaced)


def check_notification(run, one, states, answers, is_replaced):
    outcomes = one.final["outcomes"]
    may, silent = Counter(), []
    for who, is_member in states.items():
        if who in answers:
            # A result that a kill took away: another channel's push, which came first then, may have said that they are gone.
            if all(may_be_unsettled(run, request) for request in answers[who]):
                may.update(excuse(run, one, who) & {"gone"})
            continue
        why = excuse(run, one, who)
        may.update(why)
        if is_member and not why:
            silent.append(who)
    closed = {"cancelled": one.cancelled, "superseded": is_replaced}
    room = sum(outcomes[outcome] for outcome, may_be in closed.items() if may_be)
    for who in silent if len(silent) > room else []:
        run.find("lost", f"{who} never got {one}" + (f"; {room} of these may" if room else ""))
    sure = sum(is_member is True for is_member in states.values())
    unsure = sum(is_member is None for is_member in states.values())
    if not sure <= one.recipients <= sure + unsure:
        run.find("sums", f"{one} has {one.recipients} recipients, {sure} to {sure + unsure} were in the channel")
    if outcomes["pending"] or sum(outcomes[outcome] for outcome in OUTCOMES) != one.recipients or one.final["recipients"] != one.recipients:
        run.find("sums", f"{one}: {outcomes} of {one.recipients} recipients, {one.final['recipients']} at the end")
    classes = defaultdict(dict)
    for who, given in answers.items():
        for request in given:
            classes[outcome_of(request.status)].setdefault(who, request)
    for outcome in OUTCOMES:
        # A result that a kill or a leaving took away has another outcome, and so may one that came again.
        unsettled = sum(may_be_unsettled(run, request) for request in classes[outcome].values())
        least, most = len(classes[outcome]) - unsettled, len(classes[outcome]) + may[outcome]
        if outcome in closed:
            least, most = (0, one.recipients) if closed[outcome] else (0, 0)
        elif outcome == "unsubscribed":
            most += sum(has_left(run, one, who) for who in answers)
        if not least <= outcomes[outcome] <= most:
            run.find("sums", f"{one}: {outcomes[outcome]} {outcome}, and the push services say {least} to {most}")


def excuse(run, one, who):
    """Why somebody may not have been sent a notification that was for them, as outcomes. Nobody is passed over: with a
    later number of the channel before they left or went, it is none."""
    why = set()
    end = has_left(run, one, who)
    if not end and who not in run.gone_from:
        return why
    pushed = [request for request in run.to_in[who, one.channel] if request.seq > one.seq]
    if end and not any(request.began < end for request in pushed):
        why.add("unsubscribed")
    if who in run.gone_from and all(request.status in GONE for request in pushed):
        why.add("gone")
    return why


def has_left(run, one, who):
    """When they first left the channel after it was published; 0 if they did not."""
    for _, ended, joins in run.moves[who, one.channel]:
        if not joins and ended > one.at[0]:
            return ended
    return 0


def may_be_unsettled(run, request):
    """Whether a kill, or leaving the channel, came before its result: the daemon's last word on it may be another."""
    for began, ended, joins in run.moves[request.subscription, request.channel]:
        if not joins and ended > run.notifications[request.id].at[0]:
            if began < request.began or run.last_before(request.subscription, ended) is request:
                return True
    kill = run.kill_after(request.began)
    return kill < len(run.kills) and run.last_before(request.subscription, run.kills[kill][1]) is request


def outcome_of(status):
    return "gone" if status in GONE else "accepted" if 200 <= status < 300 else "too_large" if status == 413 else "rejected"


def check(calls, requests):
    """Everything; answers the findings by name and the figures for the table."""
    run = Run(calls, requests)
    check_pushes(run)
    in_flight, uncommitted = undone_by_kills(run)
    undone = [flying | waiting for flying, waiting in zip(in_flight, uncommitted)]
    repeats = check_order(run, undone)
    check_accepts(run)
    check_recipients(run)
    if not run.publishes or not any(request.is_taken for request in run.requests):
        run.find("empty", f"{run.publishes} publishes were answered 202, {len(run.requests)} pushes came")
    most = max(range(len(undone)), key=lambda kill: repeats[kill])
    figures = {
        "kills": len(run.kills),
        "publishes answered 202": run.publishes,
        "publishes without an answer": len(run.unanswered),
        "notifications": len(run.notifications),
        "pushes": len(run.requests),
        "pushes taken": sum(request.is_taken for request in run.requests),
        "repeats": repeats.total(),
        "  bound": f"{sum(map(len, undone))}: {sum(map(len, in_flight))} in flight at a kill,"
        f" {sum(map(len, uncommitted))} perhaps not committed",
        "  most after one kill": f"{repeats[most]}, bound {len(undone[most])}: {len(in_flight[most])} in flight,"
        f" {len(uncommitted[most])} perhaps not committed",
        **{name: len(run.findings[name]) for name in NAMES},
    }
    return run.findings, figures


NAMES = ["lost", "out of order", "two at once", "foreign", "doubled", "forgotten", "sums", "repeated", "empty"]


def lines(file):
    with open(file, encoding="utf-8") as opened:
        return [json.loads(line) for line in opened]


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    findings, figures = check(*map(lines, sys.argv[1:]))
    for name, figure in figures.items():
        print(f"{name:<28} {figure}")
    found = [(name, what) for name in NAMES for what in findings[name]]
    for name, what in found[:50]:
        print(f"\n{name}: {what}", end="")
    print(f"\n... and {len(found) - 50} more" if len(found) > 50 else "\n" * bool(found), end="")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
