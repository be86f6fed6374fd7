"""What is told, to whom, and when."""

import json

RECORDS = "/buckets/blog/collections/articles/records"
SUBSCRIPTION = "sub_0123456789012345678901"


def told(fanfare):
    return {one.channel: one.told for one in fanfare.accepted}


def test_a_created_record_is_told_in_its_collections_channel(app, fanfare):
    app.collection("blog", "articles")
    app.sent()
    fanfare.accepted.clear()
    made = app.call("post", RECORDS, {"data": {"title": "secret plans"}}).json["data"]
    app.sent()
    [one] = fanfare.accepted
    assert one.channel == "blog/articles"
    uri = f"{RECORDS}/{made['id']}"
    change = {"action": "create", "resource_name": "record", "uri": uri, "id": made["id"]}
    assert one.body == {
        "ttl": 86400,
        "urgency": "normal",
        "data": {
            "kinto": {
                "changes": [{**change, "last_modified": made["last_modified"]}],
                "total": 1,
                "truncated": False,
            }
        },
    }
    assert "secret plans" not in json.dumps(one.body)


def test_updates_and_deletions_are_told_with_their_own_timestamps(app, fanfare):
    app.collection("blog", "articles")
    app.call("put", f"{RECORDS}/one", {"data": {"n": 1}})
    app.sent()
    fanfare.accepted.clear()
    updated = app.call("patch", f"{RECORDS}/one", {"data": {"n": 2}}).json["data"]["last_modified"]
    deleted = app.call("delete", f"{RECORDS}/one").json["data"]["last_modified"]
    app.sent()
    changes = [(one["action"], one["last_modified"]) for sent in fanfare.accepted for one in sent.kinto["changes"]]
    assert changes == [("update", updated), ("delete", deleted)]


def test_a_deleted_list_of_records_names_each_of_them(app, fanfare):
    app.collection("blog", "articles")
    for name in ("one", "two"):
        app.call("put", f"{RECORDS}/{name}", {})
    app.sent()
    fanfare.accepted.clear()
    app.call("delete", RECORDS)
    app.sent()
    [one] = fanfare.accepted
    assert sorted(one.told) == [("delete", f"{RECORDS}/one"), ("delete", f"{RECORDS}/two")]


def test_nothing_is_told_of_a_write_that_kinto_refuses(app, fanfare):
    app.collection("blog", "articles")
    app.sent()
    before = len(fanfare.attempts)
    app.call("put", f"{RECORDS}/one", {}, user="mallory", status=403)
    app.call("put", f"{RECORDS}/one", {"data": 1}, status=400)
    app.call("put", f"{RECORDS}/one", {}, headers={"If-Match": '"1"'}, status=412)
    app.sent()
    assert len(fanfare.attempts) == before


def test_nothing_is_told_of_a_batch_that_is_rolled_back(app, fanfare, monkeypatch):
    app.collection("blog", "articles")
    app.sent()
    fanfare.accepted.clear()
    storage = app.web.app.registry.storage
    update = storage.update

    def failing(*args, **kwargs):
        if kwargs["object_id"] == "bad":
            raise RuntimeError("the database went away")
        return update(*args, **kwargs)

    app.call("put", f"{RECORDS}/bad", {})
    app.sent()
    fanfare.accepted.clear()
    monkeypatch.setattr(storage, "update", failing)
    requests = [{"method": "PUT", "path": f"{RECORDS}/{name}", "body": {"data": {}}} for name in ("good", "bad")]
    app.call("post", "/batch", {"requests": requests}, status=500)
    monkeypatch.undo()
    app.call("put", f"{RECORDS}/after", {})
    app.sent()
    assert told(fanfare) == {"blog/articles": [("create", f"{RECORDS}/after")]}


def test_a_batch_is_one_call_per_channel_in_the_order_of_its_requests(app, fanfare):
    app.collection("blog", "articles")
    app.collection("blog", "drafts")
    app.sent()
    fanfare.accepted.clear()
    paths = [f"{RECORDS}/1", "/buckets/blog/collections/drafts/records/2", f"{RECORDS}/3"]
    requests = [{"method": "PUT", "path": path, "body": {"data": {}}} for path in paths]
    requests.append({"method": "PATCH", "path": f"{RECORDS}/1", "body": {"data": {"n": 1}}})
    app.call("post", "/batch", {"requests": requests})
    app.sent()
    assert told(fanfare) == {
        "blog/articles": [("create", paths[0]), ("create", paths[2]), ("update", paths[0])],
        "blog/drafts": [("create", paths[1])],
    }
    assert len(fanfare.attempts) == len({one.key for one in fanfare.attempts})


def test_a_refused_part_of_a_batch_is_left_out(app, fanfare):
    app.collection("blog", "articles")
    app.sent()
    fanfare.accepted.clear()
    requests = [
        {"method": "PUT", "path": f"{RECORDS}/1", "body": {"data": {}}},
        {"method": "PUT", "path": f"{RECORDS}/2", "body": {"data": {}}, "headers": {"If-Match": '"1"'}},
    ]
    app.call("post", "/batch", {"requests": requests})
    app.sent()
    assert told(fanfare) == {"blog/articles": [("create", f"{RECORDS}/1")]}


def test_a_long_list_is_cut_and_says_so(start, fanfare):
    app = start(**{"fanfare__notification.title": "x" * 300})
    app.collection("blog", "articles")
    requests = [{"method": "POST", "path": RECORDS, "body": {"data": {}}} for _ in range(25)]
    app.sent()
    fanfare.accepted.clear()
    app.call("post", "/batch", {"requests": requests})
    app.sent()
    [one] = fanfare.accepted
    assert one.kinto["total"] == 25
    assert one.kinto["truncated"] is True
    assert 5 < len(one.kinto["changes"]) < 25


def test_in_the_default_bucket_the_buckets_own_id_is_told(app, fanfare):
    app.call("put", "/buckets/default/collections/tasks/records/one", {})
    app.sent()
    [one] = fanfare.accepted
    bucket = app.call("get", "/").json["user"]["bucket"]
    collection = f"/buckets/{bucket}/collections/tasks"
    assert one.channel == f"{bucket}/tasks"
    assert sorted(one.told) == [("create", collection), ("create", f"{collection}/records/one")]


def test_only_what_is_included_and_not_excluded_is_told(start, fanfare):
    app = start(
        fanfare__resources="/buckets/blog /buckets/shop/collections/orders",
        fanfare__exclude="/buckets/blog/collections/drafts",
        fanfare__exclude_actions="delete",
    )
    for bucket, collection in [("blog", "articles"), ("blog", "drafts"), ("shop", "orders"), ("shop", "orders2")]:
        app.collection(bucket, collection)
        app.call("put", f"/buckets/{bucket}/collections/{collection}/records/one", {})
        app.call("delete", f"/buckets/{bucket}/collections/{collection}/records/one")
    app.sent()
    assert {one.channel for one in fanfare.accepted} == {"blog/articles", "shop/orders"}
    assert {action for one in fanfare.accepted for action, _ in one.told} == {"create"}


def test_a_users_own_channel_tells_what_the_user_did_and_nothing_of_the_anonymous(start, fanfare):
    app = start(fanfare__channel="user:{user_id}")
    app.collection("blog", "articles", record_create=("system.Everyone",))
    app.sent()
    fanfare.accepted.clear()
    app.call("put", f"{RECORDS}/one", {}, user="bob")
    app.call("put", f"{RECORDS}/two", {}, user=None)
    app.sent()
    assert told(fanfare) == {f"user:{app.user_id('bob')}": [("create", f"{RECORDS}/one")]}


def test_a_notification_is_filled_with_what_changed(start, fanfare):
    app = start(
        **{
            "fanfare__notification.title": "{collection_id} ({bucket_id})",
            "fanfare__notification.body": "{count} changes, the last one {action} {id}",
            "fanfare__notification.navigate": "https://www.example.com/{user_id}",
            "fanfare__topic": "{bucket_id}",
            "fanfare__ttl": "60",
            "fanfare__urgency": "high",
        }
    )
    app.collection("blog", "articles")
    app.sent()
    fanfare.accepted.clear()
    requests = [{"method": "PUT", "path": f"{RECORDS}/{name}", "body": {"data": {}}} for name in ("a", "b")]
    app.call("post", "/batch", {"requests": requests})
    app.sent()
    [one] = fanfare.accepted
    assert one.body["notification"] == {
        "title": "articles (blog)",
        "body": "2 changes, the last one create b",
        "navigate": "https://www.example.com/" + app.user_id("alice").replace(":", "%3A"),
    }
    assert (one.body["topic"], one.body["ttl"], one.body["urgency"]) == ("blog", 60, "high")


def test_the_writers_own_subscription_is_left_out_when_its_header_names_it(app, fanfare):
    app.collection("blog", "articles")
    app.sent()
    fanfare.accepted.clear()
    app.call("put", f"{RECORDS}/one", {}, headers={"Fanfare-Subscription": SUBSCRIPTION})
    requests = [{"method": "PUT", "path": f"{RECORDS}/two", "body": {"data": {}}}]
    app.call("post", "/batch", {"requests": requests}, headers={"Fanfare-Subscription": SUBSCRIPTION})
    app.sent()
    assert [one.body["exclude"] for one in fanfare.accepted] == [[SUBSCRIPTION], [SUBSCRIPTION]]


def test_a_header_that_names_no_subscription_is_ignored(app, fanfare):
    app.collection("blog", "articles")
    app.sent()
    fanfare.accepted.clear()
    for name in ("sub_", "*", SUBSCRIPTION + "x", f"{SUBSCRIPTION}, {SUBSCRIPTION}"):
        app.call("put", f"{RECORDS}/one", {}, headers={"Fanfare-Subscription": name})
    app.sent()
    assert ["exclude" in one.body for one in fanfare.accepted] == [False] * 4


def test_a_page_of_another_origin_may_send_that_header(app):
    headers = {
        "Origin": "https://www.example.com",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type,fanfare-subscription",
    }
    app.collection("blog", "articles")
    for path in (RECORDS, "/batch", "/fanfare/token"):
        answer = app.call("options", path, user=None, headers=headers)
        assert "fanfare-subscription" in answer.headers["Access-Control-Allow-Headers"]


def test_what_has_no_legal_channel_is_not_told(app, fanfare):
    app.collection("blog", "a" * 195)
    app.collection("blog", "a" * 196)
    app.sent()
    assert [one.channel for one in fanfare.accepted] == ["blog/" + "a" * 195]
