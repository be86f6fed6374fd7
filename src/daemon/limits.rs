//! The configured limits, as the API takes them.

use crate::config::limits::LimitsConfig;
use crate::http::HttpLimits;

pub(super) fn http(config: &LimitsConfig) -> HttpLimits {
    HttpLimits {
        connections: config.connections,
        connections_per_address: config.connections_per_address,
        head_timeout: config.head_timeout,
        body_timeout: config.body_timeout,
        idle_timeout: config.idle_timeout,
        subscribe_per_address: config.subscribe_per_address,
        subscribe_per_token: config.subscribe_per_token,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::num::NonZeroUsize;

    use super::*;
    use crate::config::Config;
    use crate::config::sources::{Machine, Sources};

    #[test]
    fn what_holds_by_default_is_the_same_in_the_configuration_and_in_the_api() {
        let sources = Sources {
            file: None,
            environment: BTreeMap::new(),
            flags: BTreeMap::new(),
            machine: Machine { cores: NonZeroUsize::MIN, terminal: false },
        };
        let config = Config::load(&sources).unwrap().config;
        assert_eq!(http(&config.limits), HttpLimits::default());
    }
}
