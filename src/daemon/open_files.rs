//! How many files the process may have open: each connection is one, and the soft limit of a shell (1024) is far below
//! what `limits.connections` lets in.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Files besides the callers' connections: the database, and connections to push services.
const OTHERS: u64 = 1_024;

/// Raises the soft limit to the hard one, and says so where even that is too little.
pub(super) fn raise(connections: u32) {
    let limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum
        && let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit })
    {
        tracing::warn!(%error, "the limit of open files could not be raised");
    }
    let needed = u64::from(connections) + OTHERS;
    if let Some(may) = getrlimit(Resource::Nofile).current.filter(|may| *may < needed) {
        tracing::warn!(
            "this process may open {may} files, and limits.connections is {connections}: raise the former \
             (LimitNOFILE, `ulimit -n`) to {needed}, or lower the latter"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_process_may_open_as_many_files_as_it_can_be_allowed() {
        raise(1);
        let limit = getrlimit(Resource::Nofile);
        assert_eq!(limit.current, limit.maximum);
    }
}
