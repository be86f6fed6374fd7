//! The tables, for diesel: the same as in `migrations/sqlite`, which is what creates them.

diesel::table! {
    meta (key) {
        key -> Text,
        value -> Binary,
    }
}

diesel::table! {
    app (id) {
        id -> BigInt,
        name -> Text,
        settings -> Text,
        token_secret -> Binary,
        created -> BigInt,
        subscriptions -> BigInt,
    }
}

diesel::table! {
    vapid_key (id) {
        id -> BigInt,
        app_id -> BigInt,
        public -> Binary,
        scalar -> Binary,
        is_current -> Bool,
        created -> BigInt,
    }
}

diesel::table! {
    api_key (hash) {
        hash -> Binary,
        public_id -> Text,
        app_id -> BigInt,
        title -> Text,
        scopes -> Text,
        bootstrap -> Bool,
        created -> BigInt,
    }
}

diesel::table! {
    channel (id) {
        id -> BigInt,
        app_id -> BigInt,
        name -> Text,
        epoch -> Text,
        head -> BigInt,
        members -> BigInt,
        open -> BigInt,
        deleted -> Nullable<BigInt>,
        scheduled -> BigInt,
    }
}

diesel::table! {
    subscription (id) {
        id -> BigInt,
        public_id -> Text,
        app_id -> BigInt,
        part -> BigInt,
        generation -> BigInt,
        endpoint -> Text,
        p256dh -> Binary,
        auth -> Binary,
        vapid_key_id -> BigInt,
        expires -> Nullable<BigInt>,
        created -> BigInt,
        not_before -> Nullable<BigInt>,
        failures -> BigInt,
        trying_channel -> Nullable<BigInt>,
        trying_seq -> Nullable<BigInt>,
        trying_attempts -> Nullable<BigInt>,
        gone -> Nullable<BigInt>,
        origin_id -> BigInt,
        departed -> Nullable<BigInt>,
        quarantine_id -> Nullable<BigInt>,
        unheard_since -> Nullable<BigInt>,
        trouble -> Nullable<Text>,
        trouble_status -> Nullable<Integer>,
    }
}

diesel::table! {
    push_origin (id) {
        id -> BigInt,
        app_id -> BigInt,
        origin -> Text,
        live -> BigInt,
    }
}

diesel::table! {
    departure (origin_id, minute) {
        origin_id -> BigInt,
        minute -> BigInt,
        count -> BigInt,
    }
}

diesel::table! {
    quarantine (id) {
        id -> BigInt,
        public_id -> Text,
        app_id -> BigInt,
        origin_id -> BigInt,
        cause -> SmallInt,
        opened -> BigInt,
        held -> BigInt,
        gather_from -> Nullable<BigInt>,
        resolution -> Nullable<SmallInt>,
        moved -> BigInt,
        closed -> Nullable<BigInt>,
    }
}

diesel::table! {
    membership (channel_id, subscription_id) {
        channel_id -> BigInt,
        subscription_id -> BigInt,
        done_seq -> BigInt,
        joined -> BigInt,
    }
}

diesel::table! {
    past_membership (app_id, channel, subscription_id) {
        app_id -> BigInt,
        channel -> Text,
        subscription_id -> BigInt,
    }
}

diesel::table! {
    notification (id) {
        id -> BigInt,
        public_id -> Text,
        group_id -> Nullable<Text>,
        channel_id -> BigInt,
        seq -> BigInt,
        content_kind -> SmallInt,
        content -> Binary,
        accepted_at -> BigInt,
        expires -> BigInt,
        now_or_never -> Bool,
        urgency -> SmallInt,
        topic -> Nullable<Text>,
        exclude -> Nullable<Text>,
        recipients -> BigInt,
        accepted -> BigInt,
        gone -> BigInt,
        expired -> BigInt,
        superseded -> BigInt,
        rejected -> BigInt,
        too_large -> BigInt,
        unsubscribed -> BigInt,
        cancelled -> BigInt,
        closed -> Nullable<SmallInt>,
        finished -> Nullable<BigInt>,
        created -> Nullable<BigInt>,
        send_at -> Nullable<BigInt>,
        shown -> BigInt,
        clicked -> BigInt,
        dismissed -> BigInt,
    }
}

diesel::table! {
    receipt (notification_id, subscription_id) {
        notification_id -> BigInt,
        subscription_id -> BigInt,
        events -> SmallInt,
    }
}

diesel::table! {
    scheduled (id) {
        id -> BigInt,
        public_id -> Text,
        group_id -> Nullable<Text>,
        channel_id -> BigInt,
        content_kind -> SmallInt,
        content -> Binary,
        created -> BigInt,
        send_at -> BigInt,
        expires -> BigInt,
        now_or_never -> Bool,
        urgency -> SmallInt,
        topic -> Nullable<Text>,
        exclude -> Nullable<Text>,
        cancelled -> Nullable<BigInt>,
    }
}

diesel::table! {
    failure (id) {
        id -> BigInt,
        notification_id -> BigInt,
        subscription_id -> BigInt,
        outcome -> SmallInt,
        status -> Nullable<Integer>,
        reason -> Text,
        attempts -> BigInt,
        at -> BigInt,
    }
}

diesel::table! {
    idempotency (app_id, key) {
        app_id -> BigInt,
        key -> Text,
        fingerprint -> Binary,
        reply -> Text,
        created -> BigInt,
    }
}

diesel::table! {
    audit (id) {
        id -> BigInt,
        at -> BigInt,
        key -> Text,
        title -> Text,
        address -> Nullable<Text>,
        act -> Text,
        target -> Text,
        request -> Text,
    }
}

diesel::table! {
    pause (id) {
        id -> BigInt,
        origin -> Nullable<Text>,
        channel_id -> Nullable<BigInt>,
        since -> BigInt,
        paused_by -> Text,
    }
}

diesel::joinable!(membership -> channel (channel_id));
diesel::joinable!(membership -> subscription (subscription_id));
diesel::joinable!(notification -> channel (channel_id));
diesel::joinable!(scheduled -> channel (channel_id));
diesel::joinable!(pause -> channel (channel_id));
diesel::joinable!(failure -> notification (notification_id));
diesel::joinable!(failure -> subscription (subscription_id));
diesel::joinable!(quarantine -> push_origin (origin_id));
diesel::joinable!(subscription -> quarantine (quarantine_id));
diesel::allow_tables_to_appear_in_same_query!(
    app,
    api_key,
    channel,
    departure,
    failure,
    idempotency,
    membership,
    meta,
    notification,
    pause,
    past_membership,
    push_origin,
    quarantine,
    receipt,
    scheduled,
    subscription,
    vapid_key,
);
