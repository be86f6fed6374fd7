"""What is missing or wrong stops the start, by name and with an example; and what Kinto then says of itself."""

import pytest
from pyramid.exceptions import ConfigurationError

from fake_fanfare import ALL_WELL, KEY
from kinto_fanfare.settings import EXAMPLES, read_settings

LEAST = {"fanfare.server": "http://127.0.0.1:8080", "fanfare.key": KEY}


def error(**settings):
    given = {**LEAST, **{name.replace("__", "."): value for name, value in settings.items()}}
    with pytest.raises(ConfigurationError) as raised:
        read_settings({name: value for name, value in given.items() if value is not None})
    return str(raised.value)


def test_a_server_and_a_key_are_enough():
    settings = read_settings(LEAST)
    assert settings.server == settings.public_server == "http://127.0.0.1:8080"
    assert (settings.app, settings.channel.text, settings.ttl) == ("default", "{bucket_id}/{collection_id}", 86400)
    assert settings.actions == {"create", "update", "delete"}
    assert (settings.queue_size, settings.retry_max_seconds, settings.token_seconds) == (1000, 60.0, 3600)


@pytest.mark.parametrize("name", ["server", "key"])
def test_what_is_missing_is_named_with_an_example(name):
    assert error(**{f"fanfare__{name}": None}) == (
        f"setting fanfare.{name}: it is missing (for example: fanfare.{name} = {EXAMPLES[name]})"
    )


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("server", "push.example.com", "it is not the address of a server"),
        ("server", "https://user:secret@push.example.com", "it is not the address of a server"),
        ("server", "https://push.example.com/v1", "it is not the address of a server"),
        ("public_server", "ftp://push.example.com", "it is not the address of a server"),
        ("key", "admin", "it is not an API key of Fanfare"),
        ("key_file", "/nowhere", "fanfare.key is there as well"),
        ("channel", "{bucket}", "it has no field {bucket}"),
        ("channel", "{bucket_id!r}", "takes no format"),
        ("channel", "{bucket_id", "expected '}'"),
        ("channel", "news", "names neither {bucket_id} nor {user_id}"),
        ("channel", "{action}", "names neither {bucket_id} nor {user_id}"),
        ("channel", "{user_id}/{collection_id}", "{collection_id} needs {bucket_id}"),
        ("channel", "{bucket_id}/{id}", "{record_id} needs {collection_id}"),
        ("channel", "{bucket_id}-{collection_id}", "there must be a `/`"),
        ("channel", "{user_id}/{bucket_id}/{user_id}", "{user_id} is there twice"),
        ("channel", "user:{bucket_id}", "are users' own"),
        ("channel", "user:{user_id}/{action}", "are users' own"),
        ("channel", "{bucket_id}/*", "no `*`"),
        ("channel", "{bucket_id}" + "x" * 201, "at most 200 bytes"),
        ("resources", "blog", "blog is not the URI of"),
        ("resources", "/buckets/blog /buckets/*", "/buckets/* is not the URI of"),
        ("exclude", "/buckets/blog/collections", "is not the URI of"),
        ("actions", "create read", "read is not one of create, update, delete"),
        ("exclude_actions", "create update delete", "it leaves no action at all"),
        ("notification.body", "{count} changes", "fanfare.notification.title: it is missing"),
        ("notification.title", "{title}", "it has no field {title}"),
        ("ttl", "a day", "it must be a number from 0 to 2.4192e+06, not 'a day'"),
        ("ttl", "-1", "it must be a number from 0"),
        ("urgency", "urgent", "urgent is not one of very-low, low, normal, high"),
        ("timeout_seconds", "nan", "it must be a number"),
        ("queue_size", "0", "it must be a number from 1"),
        ("give_up_seconds", "86400", "it must be a number from 0 to 80000"),
        ("token_seconds", "86400", "it must be a number from 1 to 3600"),
    ],
)
def test_what_is_wrong_is_named_with_the_reason_and_an_example(name, value, why):
    said = error(**{f"fanfare__{name}": value})
    assert why in said
    assert "(for example: fanfare." in said
    assert KEY not in said


def test_a_link_of_a_notification_is_https():
    said = error(**{"fanfare.notification.title": "News", "fanfare.notification.navigate": "/{id}"})
    assert "fanfare.notification.navigate: it is not an absolute https URL" in said


def test_an_unknown_setting_is_refused_with_the_nearest_known_one():
    assert error(fanfare__resource="/buckets/blog") == (
        "there is no setting fanfare.resource; did you mean fanfare.resources?"
    )


def test_a_start_with_a_wrong_setting_fails(start):
    with pytest.raises(ConfigurationError, match="fanfare.channel"):
        start(fanfare__channel="{bucket}")


def test_a_key_is_read_from_its_file(tmp_path):
    file = tmp_path / "key"
    file.write_text(f"{KEY}\n")
    given = {"fanfare.server": LEAST["fanfare.server"], "fanfare.key_file": str(file)}
    assert read_settings(given).key == KEY
    missing = error(fanfare__key=None, fanfare__key_file=str(tmp_path / "none"))
    assert "cannot be read: No such file" in missing


def test_the_environment_goes_first_also_for_what_the_file_does_not_have(monkeypatch):
    monkeypatch.setenv("KINTO_FANFARE_SERVER", "https://push.example.com")
    monkeypatch.setenv("KINTO_FANFARE_NOTIFICATION_TITLE", "News")
    monkeypatch.setenv("KINTO_FANFARE_TTL", "60")
    settings = read_settings({**LEAST, "fanfare.ttl": 5})
    assert (settings.server, settings.ttl) == ("https://push.example.com", 60)
    assert settings.notification["title"].text == "News"


def test_the_key_is_not_shown_by_the_settings():
    assert KEY not in repr(read_settings(LEAST))


def test_kinto_names_the_server_that_browsers_use_and_the_app(start, fanfare):
    app = start(fanfare__public_server="https://push.example.com")
    capability = app.call("get", "/", user=None).json["capabilities"]["fanfare"]
    assert (capability["server"], capability["app"]) == ("https://push.example.com", "kinto")
    assert capability["description"]
    assert capability["url"] == "https://push.example.com/docs"
    assert KEY not in str(capability)


def test_kintos_own_description_of_its_api_has_the_token(app):
    paths = app.call("get", "/__api__", user=None).json["paths"]
    assert paths["/fanfare/token"]["post"]["operationId"] == "fanfare_token"


def test_the_heartbeat_says_whether_fanfare_accepts_and_the_queue_has_room(start, fanfare):
    app = start(fanfare__queue_size="1")
    assert app.call("get", "/__heartbeat__").json["fanfare"] is True
    for part in ["store", "tree"]:
        fanfare.parts = {**ALL_WELL, part: "failing"}
        assert app.call("get", "/__heartbeat__", status=503).json["fanfare"] is False
    fanfare.parts = {**ALL_WELL, "delivery": "draining"}
    assert app.call("get", "/__heartbeat__").json["fanfare"] is True, "it accepts, and sends later"
    fanfare.parts = ALL_WELL
    fanfare.open.clear()
    app.collection("blog", "one")
    assert fanfare.arrived.acquire(timeout=10)
    app.collection("blog", "two")
    assert app.call("get", "/__heartbeat__", status=503).json["fanfare"] is False
    fanfare.open.set()
    app.sent()
    assert app.call("get", "/__heartbeat__").json["fanfare"] is True
