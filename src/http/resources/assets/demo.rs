//! The demo page's files.

use super::{CSS, File, HTML, Reach, SCRIPT, script, source, style};

/// All of them.
pub(super) const FILES: &[File] = &[
    ("/demo", HTML, Reach::Page, source!("demo.html")),
    style!("demo.css"),
    script!("demo.js"),
    script!("demo/actions.js"),
    script!("demo/agreement.js"),
    script!("demo/arrivals.js"),
    script!("demo/client.js"),
    script!("demo/command.js"),
    script!("demo/failures.js"),
    script!("demo/field.js"),
    script!("demo/fields.js"),
    script!("demo/form.js"),
    script!("demo/keys.js"),
    style!("demo/progress.css"),
    script!("demo/progress.js"),
    script!("demo/send.js"),
    script!("demo/subscription.js"),
    script!("demo/support.js"),
    script!("demo/words.js"),
    ("/web/demo.webmanifest", "application/manifest+json", Reach::Own, source!("demo.webmanifest")),
];
