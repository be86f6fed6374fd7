//! An app's settings at the door: every wrong field is named, and what is right is brought into its one form.

use std::collections::BTreeMap;

use url::Url;

use super::auth::token;
use super::channel_name::ChannelName;
use crate::store::directory::AppSettings;
use crate::store::limit::Limit;
use crate::webpush::field::FieldError;
use crate::webpush::link;

const MAX_NAME: usize = 64;
/// A title is shown in one line.
const MAX_TITLE: usize = 200;
/// Each list is looked through at every request.
const MAX_ITEMS: usize = 100;
const MAX_HOME: usize = 2048;

/// Whether an app may be called so.
pub fn is_app_name(name: &str) -> bool {
    let legal =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_.".contains(&byte);
    (1..=MAX_NAME).contains(&name.len())
        && name.bytes().all(legal)
        && name.as_bytes()[0].is_ascii_alphanumeric()
}

/// The settings, when all of them can be.
pub fn checked(mut settings: AppSettings) -> Result<AppSettings, Vec<FieldError>> {
    let mut errors = Vec::new();
    check_title(&settings.title, &mut errors);
    check_home(&mut settings.home, &mut errors);
    for (index, origin) in settings.origins.iter_mut().enumerate() {
        match self::origin(origin) {
            Some(normal) => *origin = normal,
            None => errors.push(FieldError::new(
                format!("#/origins/{index}"),
                "must be an origin such as https://shop.example, without a path",
            )),
        }
    }
    each(&settings.public_channels, "public_channels", &mut errors, |name| {
        ChannelName::parse(name).err().map(|error| error.to_string())
    });
    each(&settings.exclusive, "exclusive", &mut errors, |prefix| {
        ChannelName::parse_prefix(prefix).err().map(|error| error.to_string())
    });
    each(&settings.token_keys, "token_keys", &mut errors, |pem| {
        token::check_public_key(pem).err().map(ToOwned::to_owned)
    });
    check_limits(&settings.limits, &mut errors);
    for (name, len) in [
        ("origins", settings.origins.len()),
        ("public_channels", settings.public_channels.len()),
        ("exclusive", settings.exclusive.len()),
        ("token_keys", settings.token_keys.len()),
    ] {
        if len > MAX_ITEMS {
            let detail = format!("has {len} items, and at most {MAX_ITEMS} are allowed");
            errors.push(FieldError::new(format!("#/{name}"), detail));
        }
    }
    if errors.is_empty() { Ok(settings) } else { Err(errors) }
}

/// What is wrong with the name of a limit, if it is none of them.
pub fn unknown_limit(name: &str) -> Option<FieldError> {
    if Limit::parse(name).is_some() {
        return None;
    }
    let known = Limit::ALL.map(Limit::name).join(", ");
    let name: String = name.chars().filter(|c| c.is_ascii_graphic()).take(64).collect();
    let name = name.replace('~', "~0").replace('/', "~1");
    Some(FieldError::new(format!("#/limits/{name}"), format!("is not a limit; there are {known}")))
}

fn check_limits(limits: &BTreeMap<String, i64>, errors: &mut Vec<FieldError>) {
    for (name, number) in limits {
        let Some(limit) = Limit::parse(name) else {
            errors.extend(unknown_limit(name));
            continue;
        };
        let (least, most) = limit.range();
        if !(least..=most).contains(number) {
            let detail = format!("must be a whole number from {least} to {most}");
            errors.push(FieldError::new(format!("#/limits/{name}"), detail));
        }
    }
}

fn check_title(title: &str, errors: &mut Vec<FieldError>) {
    let legal = !title.trim().is_empty() && !title.chars().any(char::is_control);
    if !legal || title.len() > MAX_TITLE {
        let detail = format!("must have 1 to {MAX_TITLE} bytes of text in one line");
        errors.push(FieldError::new("#/title", detail));
    }
}

fn check_home(home: &mut String, errors: &mut Vec<FieldError>) {
    if home.is_empty() {
        return;
    }
    let wrong = match link::sent(home) {
        None => format!("{}, or empty for the demo", link::MUST),
        Some(sent) if sent.len() > MAX_HOME => {
            format!("has {} bytes, and at most {MAX_HOME} are allowed", sent.len())
        }
        Some(sent) => {
            *home = sent.into_owned();
            return;
        }
    };
    errors.push(FieldError::new("#/home", wrong));
}

fn each(
    items: &[String],
    name: &str,
    errors: &mut Vec<FieldError>,
    wrong: impl Fn(&str) -> Option<String>,
) {
    for (index, item) in items.iter().enumerate() {
        if let Some(detail) = wrong(item) {
            errors.push(FieldError::new(format!("#/{name}/{index}"), detail));
        }
    }
}

/// An origin as browsers send it: lower case, without the default port and a final slash.
pub(super) fn origin(text: &str) -> Option<String> {
    let url = Url::parse(text).ok().filter(link::is_safe)?;
    let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    let anonymous = url.username().is_empty() && url.password().is_none();
    (bare && anonymous).then(|| url.origin().ascii_serialization())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_fit_for_headers_paths_and_commands() {
        for name in ["default", "shop-2", "a.b_c", "7"] {
            assert!(is_app_name(name), "{name}");
        }
        for name in ["", "Shop", "-x", ".", "a/b", "a b", "ü", &"x".repeat(65)] {
            assert!(!is_app_name(name), "{name}");
        }
    }

    #[test]
    fn origins_are_brought_into_the_form_that_browsers_send() {
        let cases = [
            ("https://Shop.Example/", Some("https://shop.example")),
            ("https://shop.example:443", Some("https://shop.example")),
            ("https://shop.example:8443", Some("https://shop.example:8443")),
            ("http://localhost:3000", Some("http://localhost:3000")),
            ("http://127.0.0.1:3000", Some("http://127.0.0.1:3000")),
            ("http://shop.example", None),
            ("https://shop.example/app", None),
            ("https://user@shop.example", None),
            ("shop.example", None),
            ("*", None),
            ("null", None),
        ];
        for (text, expected) in cases {
            assert_eq!(origin(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn every_wrong_setting_is_named() {
        let settings = AppSettings {
            title: "two\nlines".into(),
            home: "javascript:alert(1)".into(),
            origins: vec!["https://fine.example".into(), "*".into()],
            public_channels: vec!["a*".into()],
            exclusive: vec!["user:".into(), String::new()],
            token_keys: vec!["no key".into()],
            receipts: true,
            limits: [("nope".into(), 1), ("requests_per_second".into(), 0)].into(),
        };
        let errors = checked(settings).unwrap_err();
        let pointers: Vec<_> = errors.iter().map(|error| error.pointer.as_str()).collect();
        assert_eq!(
            pointers,
            [
                "#/title",
                "#/home",
                "#/origins/1",
                "#/public_channels/0",
                "#/exclusive/1",
                "#/token_keys/0",
                "#/limits/nope",
                "#/limits/requests_per_second"
            ]
        );
        assert!(checked(AppSettings::default()).is_ok());
    }

    #[test]
    fn a_home_is_a_link_of_a_certain_length_or_nothing() {
        let checked = |home: String| checked(AppSettings { home, ..AppSettings::default() });
        let at = |len: usize| format!("{:x<len$}", "https://shop.example/");
        assert_eq!(checked(at(2048)).unwrap().home.len(), 2048);
        for (home, detail) in [
            (at(2049), "has 2049 bytes, and at most 2048 are allowed"),
            (
                "/demo".to_owned(),
                "must be an absolute https URL (http for a loopback host alone), or empty for the demo",
            ),
        ] {
            assert_eq!(checked(home).unwrap_err()[0].detail, detail);
        }
    }
}
