//! `fanfare top`: the daemon in a terminal, with the keys of htop. It asks the API, so it is for a daemon elsewhere too.
//!
//! ```text
//! a key, an answer, a tick ─▶ state (pure) ─▶ what to ask, what to do ─▶ source ─▶ the daemon
//!                               └▶ view (pure): the screen
//! ```

mod answer;
mod keys;
mod source;
mod state;
mod view;

use std::io::{self, IsTerminal, stdout};
use std::time::Duration;

use crossterm::event::{Event, EventStream, KeyEventKind};
use futures_util::StreamExt;
use futures_util::future::OptionFuture;
use ratatui::DefaultTerminal;

use super::CliError;
use super::context::{Context, block_on};
use super::elsewhere::Elsewhere;
use source::Source;
use state::{Effect, Top};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// How long to wait between two looks, such as 2s, at least 200ms
    #[arg(long, value_name = "DURATION", default_value = "1s", value_parser = pause)]
    every: Duration,
    #[command(flatten)]
    elsewhere: Elsewhere,
}

/// Shorter ones show nothing that an eye could follow.
const SHORTEST_PAUSE: Duration = Duration::from_millis(200);

fn pause(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(pause) if pause >= SHORTEST_PAUSE => Ok(pause),
        Ok(_) | Err(_) => Err("write a duration of 200ms or more, such as 2s".to_owned()),
    }
}

pub(super) fn run(args: &Args, context: &mut Context<'_, '_>) -> Result<(), CliError> {
    if !stdout().is_terminal() || !io::stdin().is_terminal() {
        return Err(CliError::Usage(
            "top draws on a terminal, and this is none; for programs there are /v1/observe and /metrics"
                .to_owned(),
        ));
    }
    let remote = args.elsewhere.reach(context)?;
    let socket = context.config()?.storage.control_socket();
    block_on(async {
        let source = Source::open(remote, &socket).await?;
        let mut terminal = ratatui::try_init().map_err(CliError::Output)?;
        let watched = watch(&mut terminal, source, args.every).await;
        ratatui::restore();
        watched
    })
}

/// Until somebody has seen enough.
async fn watch(
    terminal: &mut DefaultTerminal,
    source: Source,
    every: Duration,
) -> Result<(), CliError> {
    let mut top = Top::default();
    let mut events = EventStream::new();
    let mut ticks = tokio::time::interval(every);
    let mut source = Some(source);
    let mut asking = None;
    loop {
        terminal.draw(|frame| view::draw(frame, &top)).map_err(CliError::Output)?;
        if asking.is_none()
            && let Some(question) = top.question()
            && let Some(mut source) = source.take()
        {
            asking = Some(Box::pin(async move {
                let answer = source.ask(&question).await;
                (source, question, answer)
            }));
        }
        tokio::select! {
            event = events.next() => match event {
                Some(Ok(Event::Key(key))) if key.kind != KeyEventKind::Release => {
                    if top.press(key) == Effect::Quit {
                        return Ok(());
                    }
                }
                // A resize is drawn like everything else.
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(CliError::Output(error)),
                None => return Ok(()),
            },
            Some((back, question, answer)) = OptionFuture::from(asking.as_mut()) => {
                (source, asking) = (Some(back), None);
                top.hear(&question, answer);
            }
            _ = ticks.tick() => top.tick(),
        }
    }
}
