//! Entity tags: what a client has need not be sent again (RFC 9110 §13.1.2).

use actix_web::HttpRequest;
use actix_web::http::header::{EntityTag, Header, IfNoneMatch};
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// The tag of a text that is itself short and safe.
pub fn strong(text: String) -> EntityTag {
    EntityTag::new_strong(text)
}

/// The tag of some content.
pub fn of(content: &[u8]) -> EntityTag {
    strong(hash(content))
}

/// A name of some content, short and safe.
pub fn hash(content: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(&digest(&SHA256, content).as_ref()[..12])
}

/// Whether the client has what `tag` names.
pub fn is_known(req: &HttpRequest, tag: &EntityTag) -> bool {
    match IfNoneMatch::parse(req) {
        Ok(IfNoneMatch::Any) => true,
        Ok(IfNoneMatch::Items(tags)) => tags.iter().any(|known| known.weak_eq(tag)),
        Err(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header;
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn a_known_tag_is_recognised_also_weak_and_in_a_list() {
        let tag = strong("abc".into());
        for (value, known) in [
            ("\"abc\"", true),
            ("W/\"abc\"", true),
            ("\"x\", \"abc\"", true),
            ("*", true),
            ("\"x\"", false),
        ] {
            let req = TestRequest::default()
                .insert_header((header::IF_NONE_MATCH, value))
                .to_http_request();
            assert_eq!(is_known(&req, &tag), known, "{value}");
        }
        assert!(!is_known(&TestRequest::default().to_http_request(), &tag));
    }
}
