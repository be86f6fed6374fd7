//! A file's bytes on their way out: as they are, or in gzip, which is made once. Each form has an entity tag of its own
//! (RFC 9110 §8.8.3).

use std::io::Write;

use actix_web::http::header::{self, AcceptEncoding, ContentEncoding, Encoding, EntityTag, Header};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::http::caching;

/// What is served under some path.
pub(super) struct Content {
    media_type: &'static str,
    plain: &'static [u8],
    /// Absent where it would be longer, as of an image.
    gzip: Option<Vec<u8>>,
    hash: String,
}

impl Content {
    /// Compresses it: a few milliseconds, once.
    pub(super) fn new(media_type: &'static str, plain: &'static [u8]) -> Self {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        let written = encoder.write_all(plain).and_then(|()| encoder.finish());
        let gzip = written.ok().filter(|gzip| gzip.len() < plain.len());
        Self { media_type, plain, gzip, hash: caching::hash(plain) }
    }

    /// As it is.
    pub(super) fn plain(&self) -> &'static [u8] {
        self.plain
    }

    /// Names its version; safe in a URL.
    pub(super) fn hash(&self) -> &str {
        &self.hash
    }

    /// All of it, or 304 where the client has it already, under the headers that `dress` adds.
    pub(super) fn answer(
        &'static self,
        req: &HttpRequest,
        dress: impl FnOnce(&mut HttpResponseBuilder),
    ) -> HttpResponse {
        let gzip = self.gzip.as_deref().filter(|_| takes_gzip(req));
        let tag = match gzip {
            Some(_) => format!("{}-gzip", self.hash),
            None => self.hash.clone(),
        };
        let tag = EntityTag::new_strong(tag);
        let is_known = caching::is_known(req, &tag);
        let mut response = if is_known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
        response.insert_header(header::ETag(tag)).content_type(self.media_type);
        if self.gzip.is_some() {
            response.insert_header((header::VARY, header::ACCEPT_ENCODING.as_str()));
        }
        dress(&mut response);
        match gzip {
            _ if is_known => response.finish(),
            Some(gzip) => response.insert_header(ContentEncoding::Gzip).body(gzip),
            None => response.body(self.plain),
        }
    }
}

fn takes_gzip(req: &HttpRequest) -> bool {
    let supported = [Encoding::gzip(), Encoding::identity()];
    AcceptEncoding::parse(req)
        .is_ok_and(|asked| asked.negotiate(supported.iter()) == Some(Encoding::gzip()))
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::sync::LazyLock;

    use actix_web::body::to_bytes;
    use actix_web::test::TestRequest;
    use flate2::read::GzDecoder;

    use super::*;

    static TEXT: LazyLock<Content> = LazyLock::new(|| Content::new("text/plain", &[b'a'; 2000]));

    fn ask(content: &'static Content, name: header::HeaderName, value: &str) -> HttpResponse {
        let req = TestRequest::default().insert_header((name, value)).to_http_request();
        content.answer(&req, |_| {})
    }

    #[actix_web::test]
    async fn it_is_compressed_for_who_asks_and_is_the_same_then() {
        for (asked, compressed) in [
            ("gzip", true),
            ("gzip, deflate, br, zstd", true),
            ("br;q=1, gzip;q=0.5", true),
            ("identity", false),
            ("gzip;q=0", false),
            ("br", false),
            ("", false),
        ] {
            let response = ask(&TEXT, header::ACCEPT_ENCODING, asked);
            let coding = response.headers().get(header::CONTENT_ENCODING);
            assert_eq!(coding.is_some(), compressed, "{asked}");
            let vary = response.headers().get(header::VARY).unwrap();
            assert_eq!(vary, "accept-encoding", "{asked}");
            let body = to_bytes(response.into_body()).await.unwrap();
            let mut text = Vec::new();
            if compressed {
                GzDecoder::new(&body[..]).read_to_end(&mut text).unwrap();
            } else {
                text.extend(&body);
            }
            assert_eq!(text, TEXT.plain(), "{asked}");
        }
    }

    #[test]
    fn each_form_is_known_by_its_own_tag() {
        let tag = |asked| {
            let response = ask(&TEXT, header::ACCEPT_ENCODING, asked);
            response.headers().get(header::ETAG).unwrap().to_str().unwrap().to_owned()
        };
        let (plain, gzip) = (tag("identity"), tag("gzip"));
        assert_ne!(plain, gzip);
        assert_eq!(ask(&TEXT, header::IF_NONE_MATCH, &plain).status(), 304);
        assert_eq!(ask(&TEXT, header::IF_NONE_MATCH, &gzip).status(), 200);
    }

    #[test]
    fn what_gzip_makes_longer_stays_as_it_is() {
        static SHORT: LazyLock<Content> = LazyLock::new(|| Content::new("text/plain", b"tea"));
        let response = ask(&SHORT, header::ACCEPT_ENCODING, "gzip");
        assert!(response.headers().get(header::CONTENT_ENCODING).is_none());
        assert!(response.headers().get(header::VARY).is_none());
    }
}
