//! What writes lines down: a layer of `tracing`'s subscriber, behind the same filter as the log itself.

use std::fmt::{self, Write};

use serde_json::Value;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use super::LogTail;
use super::line::{Ids, Line};
use crate::clock::Clock;

/// Bytes of text that are kept of a line; of a longer one the beginning.
const MAX_TEXT: usize = 4096;

/// How long an id may be: ours have 26 characters, and an actor's has at most two numbers.
const MAX_ID: usize = 64;

/// Stands where a text was cut.
const CUT: char = '…';

/// What a line of another library's log says its module is; the next three say where in the source it was.
const FOREIGN_TARGET: &str = "log.target";
const FOREIGN: &str = "log.";

/// Writes lines down.
#[derive(Debug)]
pub struct TailLayer {
    tail: LogTail,
    clock: Clock,
}

impl TailLayer {
    pub(super) fn new(tail: LogTail, clock: Clock) -> Self {
        Self { tail, clock }
    }
}

impl<S> Layer<S> for TailLayer
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, span: &Id, context: Context<'_, S>) {
        let mut found = SpanIds(Ids::default());
        attributes.record(&mut found);
        if let Some(span) = context.span(span).filter(|_| !found.0.is_empty()) {
            span.extensions_mut().insert(found.0);
        }
    }

    fn on_record(&self, span: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let mut found = SpanIds(Ids::default());
        values.record(&mut found);
        let Some(span) = context.span(span).filter(|_| !found.0.is_empty()) else { return };
        let mut extensions = span.extensions_mut();
        // What is said last holds.
        if let Some(before) = extensions.get_mut::<Ids>() {
            found.0.fill_from(before);
        }
        extensions.replace(found.0);
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let metadata = event.metadata();
        let line = Line::new(self.clock.now(), *metadata.level(), metadata.target());
        let mut writer = Writer { line, left: MAX_TEXT };
        event.record(&mut writer);
        let mut line = writer.line;
        for span in context.event_scope(event).into_iter().flatten() {
            if let Some(outer) = span.extensions().get::<Ids>() {
                line.ids.fill_from(outer);
            }
        }
        self.tail.push(line);
    }
}

/// The ids among a span's fields.
struct SpanIds(Ids);

impl Visit for SpanIds {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if let Some(place) = self.0.named(field.name()) {
            *place = Some(id(value));
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if let Some(place) = self.0.named(field.name()) {
            *place = Some(id(&format_args!("{value}")));
        }
    }
}

/// An event's fields, on their way into a line.
struct Writer {
    line: Line,
    /// Bytes of text that may still be kept.
    left: usize,
}

impl Writer {
    fn text(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // However much else there is to say, whom it is about is kept.
        if let Some(place) = self.line.ids.named(field.name()) {
            *place = Some(id(value));
            return;
        }
        let mut text = Bounded { text: String::new(), left: self.left };
        // It ends early when it is full.
        let is_whole = write!(text, "{value:?}").is_ok();
        self.left = text.left;
        let mut text = text.text;
        if !is_whole {
            text.push(CUT);
        }
        match field.name() {
            "message" => self.line.message = text,
            FOREIGN_TARGET => self.line.target = text,
            name => self.line.fields.push((name, Value::String(text))),
        }
    }

    fn value(&mut self, field: &Field, value: Value) {
        match self.line.ids.named(field.name()) {
            Some(place) => *place = Some(value.to_string()),
            // Where another library's line stands in its source is nothing to anybody here.
            None if field.name().starts_with(FOREIGN) => {}
            None => self.line.fields.push((field.name(), value)),
        }
    }
}

impl Visit for Writer {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.text(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            name if name.starts_with(FOREIGN) && name != FOREIGN_TARGET => {}
            _ => self.text(field, &format_args!("{value}")),
        }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.value(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.value(field, value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.value(field, value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.value(field, value.into());
    }
}

/// So much of an id as is kept.
fn id(value: &dyn fmt::Debug) -> String {
    let mut text = Bounded { text: String::new(), left: MAX_ID };
    // It ends early when it is full.
    let _ = write!(text, "{value:?}");
    text.text
}

/// A text that ends where there is no more room for it.
struct Bounded {
    text: String,
    left: usize,
}

impl Write for Bounded {
    fn write_str(&mut self, piece: &str) -> fmt::Result {
        let mut fits = self.left.min(piece.len());
        while !piece.is_char_boundary(fits) {
            fits -= 1;
        }
        self.text.push_str(&piece[..fits]);
        self.left -= fits;
        if fits < piece.len() {
            // Nothing more of this line fits, however short.
            self.left = 0;
            return Err(fmt::Error);
        }
        Ok(())
    }
}
