"""A channel's name belongs to one thing, and to one user; no name is more than a name."""

from itertools import product

import pytest

from kinto_fanfare.channels import ChannelTemplate, is_channel_name, own_channel

IDS = ("a", "b", "a-b", "b-a", "user")
#: An authentication of one's own may call its users anything.
USERS = ("account:alice", "account:a", "a/b", "a", "b/a/b", "user:a")
FIELDS = {"bucket_id": IDS, "collection_id": IDS, "record_id": IDS, "user_id": USERS}


def test_names_are_what_fanfare_takes():
    for name in ("a", "blog/articles", "user:account:alice", "é" * 100, "...", "a b"):
        assert is_channel_name(name), name
    for name in ("", ".", "..", "a*", "*", "a\nb", "a\x85", "é" * 101, "\ud800"):
        assert not is_channel_name(name), name


@pytest.mark.parametrize("user_id", ["*", "account:*", "account:a*", "account:a\n", "basicauth:" + "x" * 186])
def test_a_user_whose_id_cannot_be_a_name_has_no_channel(user_id):
    assert own_channel(user_id) is None
    assert ChannelTemplate("user:{user_id}").name({"user_id": user_id}) is None


def test_a_users_channel_is_the_same_for_what_is_told_and_what_is_given():
    assert ChannelTemplate("user:{user_id}").name({"user_id": "account:alice"}) == own_channel("account:alice")


@pytest.mark.parametrize(
    "template",
    [
        "{bucket_id}",
        "{bucket_id}/{collection_id}",
        "kinto:{bucket_id}-x/{collection_id}/y:{record_id}",
        "{user_id}/{bucket_id}/{collection_id}",
        "{bucket_id}/{user_id}/{collection_id}",
        "{bucket_id}/of/{user_id}",
        "user:{user_id}",
    ],
)
def test_two_things_never_share_a_name(template):
    channel = ChannelTemplate(template)
    seen = {}
    for values in product(*(FIELDS[field] for field in channel.fields)):
        name = channel.name(dict(zip(channel.fields, values, strict=True)))
        if name is not None:
            assert seen.setdefault(name, values) == values
            assert template == "user:{user_id}" or not name.startswith("user:")
    assert seen


def test_a_change_without_one_of_the_fields_has_no_channel():
    channel = ChannelTemplate("{bucket_id}/{collection_id}")
    assert channel.name({"bucket_id": "blog"}) is None
    assert channel.name({"bucket_id": "blog", "collection_id": ""}) is None


def test_id_is_another_name_of_record_id():
    values = {"bucket_id": "blog", "collection_id": "articles", "record_id": "one"}
    assert ChannelTemplate("{bucket_id}/{collection_id}/{id}").name(values) == "blog/articles/one"
