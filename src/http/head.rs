//! How large a request's head may be. actix reads at most 128 KiB and 96 fields of one, and refuses more with a bare
//! 431; these bounds are below those, and say what they are.

use actix_web::dev::ServiceRequest;

use super::problem::{Problem, ProblemKind};

/// The longest path that means something has two encoded names of 200 bytes; the rest is room for queries.
const MAX_TARGET: usize = 8 * 1024;

/// The largest token has 4 KiB. The rest is room for what proxies add, and for a site's cookies, which nobody reads.
const MAX_FIELDS_LEN: usize = 32 * 1024;

/// A browser sends about 20.
const MAX_FIELDS: usize = 64;

/// Refuses a head that is larger than anybody needs.
pub fn check(req: &ServiceRequest) -> Result<(), Problem> {
    let target = req.uri().path_and_query().map_or(0, |target| target.as_str().len());
    if target > MAX_TARGET {
        let detail =
            format!("the path and query have {target} bytes, and at most {MAX_TARGET} are allowed");
        return Err(Problem::new(ProblemKind::TargetTooLong, detail));
    }
    let count = req.headers().iter().count();
    let bytes: usize =
        req.headers().iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if count > MAX_FIELDS || bytes > MAX_FIELDS_LEN {
        let detail = format!(
            "there are {count} headers with {bytes} bytes, and at most {MAX_FIELDS} with {MAX_FIELDS_LEN} are allowed"
        );
        return Err(Problem::new(ProblemKind::HeadTooLarge, detail));
    }
    Ok(())
}
