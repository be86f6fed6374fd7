"""`POST /fanfare/token`: a page gets what its user may read, and nothing else."""

import pytest

from fake_fanfare import Reply

ARTICLES = "/buckets/blog/collections/articles"


def own(app, user):
    return f"user:{app.user_id(user)}"


def test_who_is_not_authenticated_gets_none(app, fanfare):
    assert app.token(user=None, status=401)["errno"] == 104
    assert fanfare.tokens == []


def test_it_is_for_the_users_own_channel_and_what_the_user_may_read(app, fanfare):
    app.collection("blog", "articles", read=(app.user_id("bob"),))
    app.collection("blog", "drafts")
    answer = app.token(user="bob")
    assert answer == {
        "token": "token-1",
        "channels": [own(app, "bob"), "blog/articles"],
        "truncated": False,
        "expires_in": 3600,
        "server": fanfare.url,
        "app": "kinto",
    }
    assert fanfare.tokens == [{"channels": answer["channels"], "expires_in": 3600}]


def test_it_is_kept_by_no_cache_and_readable_by_pages_of_other_origins(app):
    answer = app.call("post", "/fanfare/token", headers={"Origin": "https://www.example.com"})
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_who_may_read_or_write_a_bucket_gets_its_collections(app):
    app.call("put", "/buckets/blog", {"permissions": {"read": [app.user_id("bob")]}})
    for name in ("articles", "drafts"):
        app.call("put", f"/buckets/blog/collections/{name}", {})
    app.collection("shop", "orders")
    assert app.token(user="bob")["channels"] == [own(app, "bob"), "blog/articles", "blog/drafts"]
    assert app.token(user="alice")["channels"] == [own(app, "alice"), "blog/articles", "blog/drafts", "shop/orders"]


def test_a_group_reads_for_its_members_until_they_leave_it(app):
    app.call("put", "/buckets/blog", {})
    app.call("put", "/buckets/blog/groups/team", {"data": {"members": [app.user_id("bob")]}})
    app.collection("blog", "articles", read=("/buckets/blog/groups/team",))
    assert "blog/articles" in app.token(user="bob")["channels"]
    app.call("put", "/buckets/blog/groups/team", {"data": {"members": []}})
    assert "blog/articles" not in app.token(user="bob")["channels"]
    app.token(ARTICLES, user="bob", status=403)


@pytest.mark.parametrize("principal", ["system.Everyone", "system.Authenticated"])
def test_what_everybody_may_read_is_in_everybodys(app, principal):
    app.collection("blog", "articles", read=(principal,))
    assert "blog/articles" in app.token(user="bob")["channels"]


def test_who_may_only_create_records_gets_no_news_of_others(app):
    app.collection("blog", "articles", record_create=(app.user_id("bob"),))
    app.call("get", ARTICLES, user="bob", status=200)  # Kinto shows the collection's attributes, not its records
    assert app.token(user="bob")["channels"] == [own(app, "bob")]
    app.token(ARTICLES, user="bob", status=403)


def test_who_may_read_one_record_gets_no_news_of_its_neighbours(app):
    app.collection("blog", "articles")
    app.call("put", f"{ARTICLES}/records/one", {"permissions": {"read": [app.user_id("bob")]}})
    assert app.token(user="bob")["channels"] == [own(app, "bob")]
    app.token(f"{ARTICLES}/records/one", user="bob", status=403)


def test_what_the_permission_backend_lists_too_generously_is_not_given(app, monkeypatch):
    app.collection("blog", "articles", read=(app.user_id("bob"),))
    app.collection("blog", "drafts")
    listed = ("/buckets/blog", f"{ARTICLES}", "/buckets/blog/collections/drafts", f"{ARTICLES}/records/one")
    permission = app.web.app.registry.permission
    monkeypatch.setattr(permission, "get_accessible_objects", lambda *_, **__: {uri: {"read"} for uri in listed})
    assert app.token(user="bob")["channels"] == [own(app, "bob"), "blog/articles"]


def test_named_resources_are_all_given_or_none(app, fanfare):
    app.collection("blog", "articles", read=(app.user_id("bob"),))
    app.collection("blog", "drafts")
    assert app.token(ARTICLES, user="bob")["channels"] == [own(app, "bob"), "blog/articles"]
    assert app.token(f"/v1{ARTICLES}/records/one", user="bob")["channels"] == [own(app, "bob"), "blog/articles"]
    refused = app.token(ARTICLES, "/buckets/blog/collections/drafts", user="bob", status=403)
    assert refused["message"] == "/buckets/blog/collections/drafts is not yours to read"
    assert len(fanfare.tokens) == 2


def test_what_is_not_there_is_refused_as_what_is_not_yours(app):
    app.collection("blog", "secret")
    answers = [app.token(f"/buckets/blog/collections/{name}", user="bob", status=403) for name in ("secret", "nothing")]
    assert answers[0]["message"].replace("secret", "nothing") == answers[1]["message"]


def test_the_default_bucket_is_the_users_own(app):
    app.call("put", "/buckets/default/collections/tasks", {})
    bucket = app.call("get", "/").json["user"]["bucket"]
    assert app.token("/buckets/default/collections/tasks")["channels"] == [own(app, "alice"), f"{bucket}/tasks"]
    app.token(f"/buckets/{bucket}/collections/tasks", user="bob", status=403)


@pytest.mark.parametrize(
    "resource",
    [
        "*",
        "",
        "/buckets",
        "/buckets/*/collections/*",
        "/buckets/blog/collections/art*",
        "/buckets/blog/collections/articles\n",
        "/buckets/blog",
        "/buckets/blog/groups/team",
        "/buckets/user:basicauth:1/collections/x",
        "/buckets/blog/collections/../../shop/orders",
        "/buckets/blog/collections/..",
        "/buckets/blog/collections/a:b",
        "user:basicauth:1",
    ],
)
def test_no_name_makes_a_wildcard_or_somebody_elses_channel(start, fanfare, resource):
    # Everybody may read everything here, so that the name alone decides.
    app = start(collection_read_principals="system.Everyone", record_read_principals="system.Everyone")
    app.token(resource, user="bob", status=400)
    assert fanfare.tokens == []


def test_a_body_that_asks_for_something_else_is_refused(app):
    for body in ({"collections": ["blog/articles"]}, {"resources": []}, {"resources": "all"}, {"resources": [1]}, []):
        answer = app.call("post", "/fanfare/token", body, status=400).json
        assert answer["errno"] in (107, 106), body


def test_permissions_of_the_settings_hold_for_what_is_named(start):
    app = start(collection_read_principals="system.Authenticated", record_read_principals="system.Authenticated")
    app.collection("blog", "articles")
    assert app.token(ARTICLES, user="bob")["channels"] == [own(app, "bob"), "blog/articles"]


def test_permission_for_collections_alone_is_none_for_their_records(start):
    app = start(collection_read_principals="system.Authenticated")
    app.collection("blog", "articles")
    app.call("get", f"{ARTICLES}/records", user="bob", status=403)
    app.token(ARTICLES, user="bob", status=403)


def test_channels_of_buckets_are_for_who_may_read_the_whole_bucket(start):
    app = start(fanfare__channel="bucket:{bucket_id}/{action}", fanfare__actions="create delete")
    app.collection("blog", "articles", read=(app.user_id("bob"),))
    assert app.token(user="bob")["channels"] == [own(app, "bob")]
    app.token(ARTICLES, user="bob", status=403)
    assert app.token(ARTICLES)["channels"] == [own(app, "alice"), "bucket:blog/create", "bucket:blog/delete"]


def test_channels_of_records_are_given_for_records_that_are_named(start):
    app = start(fanfare__channel="{bucket_id}/{collection_id}/{record_id}")
    app.collection("blog", "articles")
    record = f"{ARTICLES}/records/one"
    app.call("put", record, {"permissions": {"read": [app.user_id("bob")]}})
    assert app.token(record, user="bob")["channels"] == [own(app, "bob"), "blog/articles/one"]
    assert app.token(user="bob")["channels"] == [own(app, "bob")]
    app.token(f"{ARTICLES}/records/two", user="bob", status=403)
    app.token(ARTICLES, user="bob", status=400)


def test_with_channels_of_users_each_gets_the_own_one_alone(start):
    app = start(fanfare__channel="user:{user_id}")
    app.collection("blog", "articles", read=("system.Everyone",))
    assert app.token(user="bob")["channels"] == [own(app, "bob")]
    app.token(ARTICLES, user="bob", status=400)


def test_a_users_changes_in_a_collection_are_for_that_user(start):
    app = start(fanfare__channel="{bucket_id}/{collection_id}/{user_id}")
    app.collection("blog", "articles", read=("system.Everyone",))
    expected = [own(app, "bob"), f"blog/articles/{app.user_id('bob')}"]
    assert app.token(user="bob")["channels"] == app.token(ARTICLES, user="bob")["channels"] == expected


def test_a_channel_that_looks_like_a_users_is_neither_told_in_nor_given(start, fanfare):
    app = start(fanfare__channel="{bucket_id}:changes")
    app.call("put", "/buckets/user", {})
    app.call("put", "/buckets/users", {})
    app.sent()
    assert [one.channel for one in fanfare.accepted] == ["users:changes"]
    given = app.token()["channels"]
    assert [name for name in given if name.startswith("user:")] == [own(app, "alice")]


def test_what_is_never_told_is_not_given(start):
    app = start(fanfare__resources="/buckets/blog", fanfare__exclude=f"{ARTICLES}")
    for bucket, name in (("blog", "articles"), ("blog", "drafts"), ("shop", "orders")):
        app.collection(bucket, name)
    assert app.token()["channels"] == [own(app, "alice"), "blog/drafts"]
    assert "are not told" in app.token(ARTICLES, status=400)["message"]


def test_more_than_a_token_holds_is_cut_and_says_so(app):
    app.call("put", "/buckets/blog", {})
    for number in range(101):
        app.call("put", f"/buckets/blog/collections/c{number:03}", {})
    answer = app.token()
    assert (len(answer["channels"]), answer["truncated"]) == (100, True)
    named = [f"/buckets/blog/collections/c{number:03}" for number in range(100)]
    assert "too many for one token" in app.token(*named, status=400)["message"]


def test_long_names_are_cut_before_the_token_is_too_long(app):
    app.call("put", "/buckets/blog", {})
    for number in range(20):
        app.call("put", f"/buckets/blog/collections/{'x' * 180}{number:02}", {})
    answer = app.token()
    assert answer["truncated"] is True
    assert len(str(answer["channels"])) < 2800


@pytest.mark.parametrize("reply", [Reply(503), Reply(429), Reply(403), Reply(302, {"Location": "/"})])
def test_when_fanfare_gives_none_the_page_is_told_to_come_again(app, fanfare, reply):
    fanfare.replies = [reply]
    answer = app.call("post", "/fanfare/token", status=503, headers={"Origin": "https://www.example.com"})
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.json["errno"] == 201
    assert app.token()["token"] == "token-1"


def test_when_fanfare_is_away_the_page_is_told_to_come_again(start):
    app = start(server="http://127.0.0.1:1")
    assert app.token(status=503)["errno"] == 201


def test_a_token_may_be_a_part_of_a_batch(app):
    requests = [{"method": "POST", "path": "/fanfare/token"}]
    [answer] = app.call("post", "/batch", {"requests": requests}).json["responses"]
    assert answer["body"]["channels"] == [own(app, "alice")]
