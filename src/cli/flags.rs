//! The flags of the configuration: every command takes them, before or after its own. Their values are read where
//! those from the file and the environment are, so that all are refused in the same words.

use std::collections::BTreeMap;
use std::path::PathBuf;

/// One field for each key of the configuration; a test holds the two together.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(
    next_help_heading = "Configuration (each also as a variable: FANFARE_LISTEN for --listen)"
)]
pub(super) struct Flags {
    /// The configuration file [default: fanfare.toml, when it exists]
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Where to listen [default: 127.0.0.1:8080]
    #[arg(long, global = true, value_name = "ADDRESS")]
    listen: Option<String>,
    /// A listener of its own for dashboard, metrics and observe
    #[arg(long, global = true, value_name = "ADDRESS")]
    observe_listen: Option<String>,
    /// How browsers reach the daemon [default: the listen URL]
    #[arg(long, global = true, value_name = "URL")]
    public_url: Option<String>,
    /// Networks whose X-Forwarded-For is believed (repeatable)
    #[arg(long, global = true, value_name = "CIDR")]
    trusted_proxies: Vec<String>,
    /// Where database, lock and control socket are [default: ./fanfare-data]
    #[arg(long, global = true, value_name = "DIR")]
    data_dir: Option<String>,
    /// The database [default: SQLite in the data directory]
    #[arg(long, global = true, value_name = "URL")]
    database_url: Option<String>,
    /// How long a notification can be looked up after it is done, at least 1h [default: 7days]
    #[arg(long, global = true, value_name = "DURATION")]
    retention: Option<String>,
    /// Whom push services may write to: mailto: or https:
    #[arg(long, global = true, value_name = "URI")]
    vapid_subject: Option<String>,
    /// Whether the channel `demo` is public
    #[arg(long, global = true, value_name = "true|false")]
    demo: Option<String>,
    /// Whether whoever observes may restart actors, pause and drain, each with a line in the audit log [default: false]
    #[arg(long, global = true, value_name = "true|false")]
    observe_acting: Option<String>,
    /// How long a shutdown waits for what is in flight [default: 30s]
    #[arg(long, global = true, value_name = "DURATION")]
    drain_deadline: Option<String>,
    /// What to log: a level, or directives such as fanfare=debug,info [default: info]
    #[arg(long, global = true, value_name = "FILTER")]
    log: Option<String>,
    /// How a line of the log looks [default: text on a terminal, else json]
    #[arg(long, global = true, value_name = "text|json")]
    log_format: Option<String>,
    /// Delivery arbiters [default: the number of cores]
    #[arg(long, global = true, value_name = "NUMBER")]
    workers: Option<String>,
    /// How long an actor without work lives [default: 60s]
    #[arg(long, global = true, value_name = "DURATION")]
    delivery_idle: Option<String>,
    /// The first pause after a failure [default: 1s]
    #[arg(long, global = true, value_name = "DURATION")]
    delivery_retry_min: Option<String>,
    /// The longest pause between attempts [default: 1h]
    #[arg(long, global = true, value_name = "DURATION")]
    delivery_retry_max: Option<String>,
    /// How many attempts a delivery has [default: as many as its TTL allows]
    #[arg(long, global = true, value_name = "NUMBER")]
    delivery_max_attempts: Option<String>,
    /// What may be reached though private or on another port: host:port or CIDR (repeatable)
    #[arg(long, global = true, value_name = "HOST:PORT|CIDR")]
    egress_allow: Vec<String>,
    /// Roots to trust besides the system's, as PEM
    #[arg(long, global = true, value_name = "FILE")]
    egress_ca_file: Option<String>,
    /// The deadline of a request to a push service [default: 10s]
    #[arg(long, global = true, value_name = "DURATION")]
    egress_timeout: Option<String>,
    /// Whether only well-known push services are reached [default: false]
    #[arg(long, global = true, value_name = "true|false")]
    egress_known_only: Option<String>,
    /// Connections at once [default: 10000]
    #[arg(long, global = true, value_name = "NUMBER")]
    limits_connections: Option<String>,
    /// Connections at once from one address [default: 1000]
    #[arg(long, global = true, value_name = "NUMBER")]
    limits_connections_per_address: Option<String>,
    /// How long a request's head may take to arrive [default: 10s]
    #[arg(long, global = true, value_name = "DURATION")]
    limits_head_timeout: Option<String>,
    /// How long a request's body may take to arrive [default: 30s]
    #[arg(long, global = true, value_name = "DURATION")]
    limits_body_timeout: Option<String>,
    /// How long a connection is kept between two requests [default: 75s]
    #[arg(long, global = true, value_name = "DURATION")]
    limits_idle_timeout: Option<String>,
    /// Registrations a minute from one address, by whoever has no API key [default: 600]
    #[arg(long, global = true, value_name = "NUMBER")]
    limits_subscribe_per_address: Option<String>,
    /// Registrations a minute with one subscriber token [default: 100]
    #[arg(long, global = true, value_name = "NUMBER")]
    limits_subscribe_per_token: Option<String>,
}

impl Flags {
    /// The values that were given, by the flags' names.
    pub(super) fn values(&self) -> BTreeMap<String, Vec<String>> {
        let one = |value: &Option<String>| value.iter().cloned().collect::<Vec<_>>();
        let all = [
            ("listen", one(&self.listen)),
            ("observe-listen", one(&self.observe_listen)),
            ("public-url", one(&self.public_url)),
            ("trusted-proxies", self.trusted_proxies.clone()),
            ("data-dir", one(&self.data_dir)),
            ("database-url", one(&self.database_url)),
            ("retention", one(&self.retention)),
            ("vapid-subject", one(&self.vapid_subject)),
            ("demo", one(&self.demo)),
            ("observe-acting", one(&self.observe_acting)),
            ("drain-deadline", one(&self.drain_deadline)),
            ("log", one(&self.log)),
            ("log-format", one(&self.log_format)),
            ("workers", one(&self.workers)),
            ("delivery-idle", one(&self.delivery_idle)),
            ("delivery-retry-min", one(&self.delivery_retry_min)),
            ("delivery-retry-max", one(&self.delivery_retry_max)),
            ("delivery-max-attempts", one(&self.delivery_max_attempts)),
            ("egress-allow", self.egress_allow.clone()),
            ("egress-ca-file", one(&self.egress_ca_file)),
            ("egress-timeout", one(&self.egress_timeout)),
            ("egress-known-only", one(&self.egress_known_only)),
            ("limits-connections", one(&self.limits_connections)),
            ("limits-connections-per-address", one(&self.limits_connections_per_address)),
            ("limits-head-timeout", one(&self.limits_head_timeout)),
            ("limits-body-timeout", one(&self.limits_body_timeout)),
            ("limits-idle-timeout", one(&self.limits_idle_timeout)),
            ("limits-subscribe-per-address", one(&self.limits_subscribe_per_address)),
            ("limits-subscribe-per-token", one(&self.limits_subscribe_per_token)),
        ];
        let given = all.into_iter().filter(|(_, values)| !values.is_empty());
        given.map(|(name, values)| (name.to_owned(), values)).collect()
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::config::key;

    #[derive(Parser)]
    struct Only {
        #[command(flatten)]
        flags: Flags,
    }

    #[test]
    fn every_key_that_may_be_a_flag_is_one_and_nothing_else_is() {
        let mut expected: Vec<String> =
            key::ALL.into_iter().filter(|key| key.is_in_file()).map(key::Key::flag).collect();
        let mut arguments = vec!["fanfare".to_owned()];
        arguments.extend(expected.iter().map(|flag| format!("--{flag}=x")));
        let only = Only::try_parse_from(arguments).unwrap_or_else(|error| panic!("{error}"));
        let given: Vec<String> = only.flags.values().into_keys().collect();
        expected.sort();
        assert_eq!(given, expected);
    }
}
