//! Which key does what: htop's, where htop has one. The help page is this table.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a keyboard has more keys than a screen has uses for"
)]

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// What a key asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Command {
    Help,
    Search,
    TreeOrActors,
    Sort,
    Invert,
    Window,
    Kill,
    PauseOrResume,
    Open,
    Fold,
    NextPage,
    Page(u8),
    Move(Step),
    Back,
    Quit,
}

/// How far a selection moves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Step {
    By(i16),
    ToFirst,
    ToLast,
}

/// A line of the help: its keys, and what they do.
pub(super) const HELP: [(&str, &str); 15] = [
    ("F1 h ?", "this page"),
    ("Tab, 1 2 3 4", "the next page; Tree, Actors, Push services, Charts"),
    ("Up Down PgUp PgDn Home End", "select"),
    ("Enter", "one actor: its state, its last messages, its restarts"),
    ("F5 t", "between the tree and the table of actors"),
    ("F3 F4 / \\", "search actors by name (the daemon searches all of them)"),
    ("F6 >", "sort actors by another column"),
    ("N P M T S R", "sort by name, busy, mailbox, age, messages, restarts"),
    ("I", "sort the other way round"),
    ("w", "rates over 10 s, 1 min, or since the start"),
    ("Space + -", "fold or unfold a supervisor's workers in the tree"),
    ("F9 k", "kill the actor: it restarts, and loses nothing"),
    ("p", "pause or resume the push service"),
    ("Esc", "back"),
    ("F10 q Ctrl-C", "leave"),
];

/// Whether `key` writes a letter where text is being typed.
pub(super) fn is_letter(key: KeyEvent) -> bool {
    matches!(key.code, KeyCode::Char(_)) && !key.modifiers.contains(KeyModifiers::CONTROL)
}

/// What `key` asks for, when no text is being typed.
pub(super) fn command(key: KeyEvent) -> Option<Command> {
    let is_control = key.modifiers.contains(KeyModifiers::CONTROL);
    Some(match key.code {
        KeyCode::Char('c') if is_control => Command::Quit,
        KeyCode::Char(_) if is_control => return None,
        KeyCode::F(1) | KeyCode::Char('h' | '?') => Command::Help,
        KeyCode::F(3 | 4) | KeyCode::Char('/' | '\\') => Command::Search,
        KeyCode::F(5) | KeyCode::Char('t') => Command::TreeOrActors,
        KeyCode::F(6) | KeyCode::Char('>' | '<' | '.' | ',') => Command::Sort,
        KeyCode::F(9) | KeyCode::Char('k') => Command::Kill,
        KeyCode::F(10) | KeyCode::Char('q') => Command::Quit,
        KeyCode::Char('I') => Command::Invert,
        KeyCode::Char('w') => Command::Window,
        KeyCode::Char('p') => Command::PauseOrResume,
        KeyCode::Char(' ' | '+' | '-') => Command::Fold,
        KeyCode::Char(digit @ '1'..='4') => Command::Page(digit as u8 - b'1'),
        KeyCode::Enter => Command::Open,
        KeyCode::Tab => Command::NextPage,
        KeyCode::Up => Command::Move(Step::By(-1)),
        KeyCode::Down => Command::Move(Step::By(1)),
        KeyCode::PageUp => Command::Move(Step::By(-PAGE)),
        KeyCode::PageDown => Command::Move(Step::By(PAGE)),
        KeyCode::Home => Command::Move(Step::ToFirst),
        KeyCode::End => Command::Move(Step::ToLast),
        KeyCode::Esc => Command::Back,
        _ => return None,
    })
}

/// Rows that a page key passes over.
const PAGE: i16 = 20;

/// The column that a key sorts by at once, by its place in the API.
pub(super) fn sort_by(key: KeyEvent) -> Option<&'static str> {
    match key.code {
        KeyCode::Char('N') => Some("name"),
        KeyCode::Char('P') => Some("busy"),
        KeyCode::Char('M') => Some("mailbox"),
        KeyCode::Char('T') => Some("age"),
        KeyCode::Char('S') => Some("messages_per_second"),
        KeyCode::Char('R') => Some("restarts"),
        _ => None,
    }
}
