"""Fanfare itself takes what the plugin sends, and gives it what it asks for."""

RECORDS = "/buckets/blog/collections/articles/records"


def test_a_batch_becomes_one_notification_in_the_collections_channel(app, daemon):
    app.collection("blog", "articles")
    requests = [{"method": "PUT", "path": f"{RECORDS}/{number}", "body": {"data": {}}} for number in range(25)]
    app.call("post", "/batch", {"requests": requests})
    app.sent()
    assert [one["seq"] for one in daemon.log_of("blog/articles")] in ([1, 2], [2, 1])


def test_the_longest_names_and_lists_fit_into_a_push(start, daemon):
    parts = {name: "€" * 300 for name in ("title", "body", "tag")}
    app = start(**{f"fanfare__notification.{name}": text for name, text in parts.items()})
    collection = "c" * 195
    app.collection("blog", collection)
    path = f"/buckets/blog/collections/{collection}/records"
    requests = [{"method": "PUT", "path": f"{path}/{number:0100}", "body": {"data": {}}} for number in range(25)]
    app.call("post", "/batch", {"requests": requests})
    app.sent()
    assert len(daemon.log_of(f"blog/{collection}")) == 2


def test_a_list_that_just_fits_is_accepted_without_a_notification_of_the_settings(app, daemon):
    collection = "c" * 195
    app.collection("blog", collection)
    path = f"/buckets/blog/collections/{collection}/records"
    for length in range(1, 100, 7):
        requests = [{"method": "PUT", "path": f"{path}/{'r' * length}{number:02}"} for number in range(25)]
        app.call("post", "/batch", {"requests": requests})
    app.sent()
    assert len(daemon.log_of(f"blog/{collection}")) == 1 + len(range(1, 100, 7))


def test_the_token_opens_the_channels_that_it_names_and_no_other(app, daemon):
    app.collection("blog", "articles", read=(app.user_id("bob"),))
    app.collection("blog", "drafts")
    answer = app.token(user="bob")
    for channel in answer["channels"]:
        assert daemon.subscribe(channel, answer["token"]).status_code in (200, 201)
    for channel in ("blog/drafts", f"user:{app.user_id('alice')}", "blog/articles2"):
        assert daemon.subscribe(channel, answer["token"]).status_code == 403


def test_the_longest_token_that_is_asked_for_is_one_that_fanfare_makes(app):
    app.call("put", "/buckets/blog", {})
    for number in range(40):
        app.call("put", f"/buckets/blog/collections/{'x' * 90}{number:02}", {})
    answer = app.token()
    assert answer["truncated"] is True
    assert 3500 < len(answer["token"]) <= 4096


def test_the_writer_who_names_its_subscription_is_not_a_recipient(app, daemon):
    app.collection("blog", "articles")
    token = app.token()["token"]
    mine = daemon.subscribe("blog/articles", token, "mine").json()["id"]
    daemon.subscribe("blog/articles", token, "other")
    app.call("put", f"{RECORDS}/one", {}, headers={"Fanfare-Subscription": mine})
    app.sent()
    newest = max(daemon.log_of("blog/articles"), key=lambda one: one["seq"])
    assert newest["recipients"] == 1


def test_a_user_who_may_no_longer_read_is_taken_out_as_the_readme_says(app, daemon):
    app.collection("blog", "articles", read=(app.user_id("bob"),))
    answer = app.token(user="bob")
    for channel in answer["channels"]:
        daemon.subscribe(channel, answer["token"])
    path = f"/channels/blog%2Farticles/subscriptions?in=user:{app.user_id('bob')}"
    assert daemon.call("DELETE", path).json() == {"removed": 1}
    app.call("put", f"{RECORDS}/one", {})
    app.sent()
    newest = max(daemon.log_of("blog/articles"), key=lambda one: one["seq"])
    assert newest["recipients"] == 0


def test_another_apps_name_is_refused_and_told(start, caplog):
    app = start(fanfare__app="another")
    app.collection("blog", "articles")
    app.sent()
    assert "Fanfare did not take a notification (1 for this reason so far): 403: " in caplog.text
    app.token(status=503)


def test_the_heartbeat_knows_the_daemon(app):
    assert app.call("get", "/__heartbeat__").json["fanfare"] is True
