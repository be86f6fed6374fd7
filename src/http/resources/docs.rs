//! `/docs`: the OpenAPI document and the kinds of problems as one page to read, without scripts.

use std::fmt::Write;
use std::sync::LazyLock;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::Value;

use super::{assets, openapi};
use crate::http::caching;
use crate::http::problem::ProblemKind;

mod html;
mod schema;

use html::{escaped, prose};

static PAGE: LazyLock<String> = LazyLock::new(|| {
    let document = serde_json::from_str(&openapi::DOCUMENT).expect("it was written as JSON");
    page(&document)
});

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// The documentation of the API.
pub async fn show(req: HttpRequest) -> HttpResponse {
    let tag = caching::of(PAGE.as_bytes());
    let mut response = if caching::is_known(&req, &tag) {
        HttpResponse::NotModified()
    } else {
        HttpResponse::Ok()
    };
    assets::as_page(&mut response);
    response
        .insert_header(header::ETag(tag))
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .content_type("text/html; charset=utf-8")
        .body(PAGE.as_str())
}

fn page(document: &Value) -> String {
    let mut main = String::new();
    let mut menu = String::new();
    for tag in array(&document["tags"]) {
        let name = text(&tag["name"]);
        item(&mut menu, name, name);
        section(&mut main, name, name, text(&tag["description"]));
        for (path, method, operation) in operations(document, name) {
            self::operation(&mut main, path, method, operation);
        }
        main.push_str("</section>\n");
    }
    item(&mut menu, "schemas", "schemas");
    section(&mut main, "schemas", "Schemas", "What bodies and answers hold.");
    for (name, schema) in object(&document["components"]["schemas"]) {
        schema::define(&mut main, name, schema);
    }
    main.push_str("</section>\n");
    item(&mut menu, "problems", "problems");
    problems(&mut main);
    let version = env!("CARGO_PKG_VERSION");
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>Fanfare: the API</title>\n\
         <link rel=\"icon\" href=\"/web/icon.svg\" type=\"image/svg+xml\">\n\
         <link rel=\"stylesheet\" href=\"/web/base.css\">\n\
         <link rel=\"stylesheet\" href=\"/web/docs.css\">\n</head>\n<body>\n\
         <header><h1>Fanfare’s API</h1>{}<p>Version {version}. For programs: <a href=\"/openapi.json\">/openapi.json</a>. \
         To try it: <a href=\"/demo\">the demo</a>. To see it at work: <a href=\"/dashboard\">the dashboard</a>.</p></header>\n\
         <nav aria-label=\"Contents\"><ul>{menu}</ul></nav>\n<main>\n{main}</main>\n</body>\n</html>\n",
        prose(text(&document["info"]["description"])),
    )
}

fn item(menu: &mut String, id: &str, title: &str) {
    put(menu, format_args!("<li><a href=\"#{0}\">{1}</a></li>", escaped(id), escaped(title)));
}

fn section(out: &mut String, id: &str, title: &str, description: &str) {
    let id = escaped(id);
    put(
        out,
        format_args!(
            "<section aria-labelledby=\"{id}\">\n<h2 id=\"{id}\">{}</h2>\n",
            escaped(title)
        ),
    );
    out.push_str(&prose(description));
}

/// The operations of a tag, in the order of their paths.
fn operations<'a>(
    document: &'a Value,
    tag: &'a str,
) -> impl Iterator<Item = (&'a str, &'static str, &'a Value)> {
    object(&document["paths"])
        .flat_map(|(path, item)| METHODS.iter().map(move |method| (path, *method, &item[*method])))
        .filter(move |(_, _, operation)| array(&operation["tags"]).any(|found| found == tag))
}

fn operation(out: &mut String, path: &str, method: &str, operation: &Value) {
    let title = format!("{} {path}", method.to_uppercase());
    let id = escaped(&title.replace(['/', ' ', '{', '}'], "-")).into_owned();
    put(
        out,
        format_args!(
            "<article aria-labelledby=\"{id}\">\n<h3 id=\"{id}\"><code>{}</code></h3>\n",
            escaped(&title)
        ),
    );
    out.push_str(&prose(text(&operation["summary"])));
    out.push_str(&prose(text(&operation["description"])));
    put(out, format_args!("<dl>\n<dt>Who</dt><dd>{}</dd>\n", callers(&operation["security"])));
    for parameter in array(&operation["parameters"]) {
        let kind = schema::describe(&parameter["schema"]);
        let (name, place) = (escaped(text(&parameter["name"])), escaped(text(&parameter["in"])));
        let about = html::inline(text(&parameter["description"]));
        put(
            out,
            format_args!(
                "<dt><code>{name}</code> <small>{place}, {kind}</small></dt><dd>{about}</dd>\n"
            ),
        );
    }
    for (media_type, content) in object(&operation["requestBody"]["content"]) {
        let kind = schema::describe(&content["schema"]);
        put(
            out,
            format_args!("<dt>Body <small>{}</small></dt><dd>{kind}</dd>\n", escaped(media_type)),
        );
    }
    for (status, response) in
        object(&operation["responses"]).filter(|(status, _)| *status != "default")
    {
        let about = html::inline(text(&response["description"]));
        let kinds: Vec<_> = object(&response["content"])
            .map(|(_, content)| schema::describe(&content["schema"]))
            .collect();
        put(
            out,
            format_args!("<dt>{}</dt><dd>{} {about}</dd>\n", escaped(status), kinds.join(", ")),
        );
    }
    out.push_str("</dl>\n</article>\n");
}

fn callers(security: &Value) -> String {
    let callers: Vec<_> = array(security)
        .map(|requirement| match object(requirement).next() {
            None => "anyone".to_owned(),
            Some((scheme, scopes)) => {
                let scopes: Vec<_> = array(scopes)
                    .map(|scope| format!("<code>{}</code>", escaped(text(scope))))
                    .collect();
                let scheme = escaped(scheme).replace('_', " ").replace("api", "API");
                if scopes.is_empty() {
                    scheme
                } else {
                    format!("{scheme} with {}", scopes.join(", "))
                }
            }
        })
        .collect();
    callers.join(" · ")
}

fn problems(out: &mut String) {
    section(
        out,
        "problems",
        "Problems",
        "Every error is `application/problem+json` (RFC 9457). Its `type` ends in one of these names, which are kept.",
    );
    for kind in ProblemKind::ALL {
        let (slug, status, title) = (kind.slug(), kind.status(), escaped(kind.title()));
        let remedy = prose(kind.remedy());
        put(
            out,
            format_args!(
                "<article><h3 id=\"{slug}\"><code>{slug}</code> <small>{status}</small></h3><p>{title}.</p>{remedy}</article>\n"
            ),
        );
    }
    out.push_str("</section>\n");
}

fn put(out: &mut String, what: std::fmt::Arguments<'_>) {
    out.write_fmt(what).expect("a String takes everything");
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn array(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn object(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value.as_object().into_iter().flatten().map(|(key, value)| (key.as_str(), value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_and_every_problem_has_its_place() {
        for kind in ProblemKind::ALL {
            assert!(PAGE.contains(&format!("id=\"{}\"", kind.slug())), "{}", kind.slug());
        }
        let document: Value = serde_json::from_str(&openapi::DOCUMENT).unwrap();
        let mut count = 0;
        for (path, item) in object(&document["paths"]) {
            for (method, _) in object(item).filter(|(method, _)| METHODS.contains(method)) {
                let title = format!("<code>{} {}</code>", method.to_uppercase(), path);
                assert!(PAGE.contains(&title), "{title}");
                count += 1;
            }
        }
        assert_eq!(count, PAGE.matches("<article aria-labelledby").count());
    }

    #[test]
    fn the_page_is_whole_without_scripts_or_strangers() {
        for forbidden in ["<script", "<style", "style=", "http://", "src="] {
            assert!(!PAGE.contains(forbidden), "{forbidden}");
        }
        let ids: Vec<_> =
            PAGE.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        let distinct: std::collections::BTreeSet<_> = ids.iter().collect();
        assert_eq!(ids.len(), distinct.len());
        for link in PAGE.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(ids.contains(&link), "{link}");
        }
    }
}
