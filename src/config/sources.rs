//! Where configuration comes from, gathered before any of it is understood: the file's text, the environment,
//! the flags, and what the machine is like.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use super::error::{ConfigError, ConfigErrors, Origin};
use super::key::VARIABLE_PREFIX;

/// The file that is read when none is named and this one is there.
pub const DEFAULT_FILE: &str = "fanfare.toml";

/// All that [`Config::load`](super::Config::load) looks at. It holds secrets, so it has no `Debug`.
#[derive(Clone)]
pub struct Sources {
    /// The configuration file, if there is one.
    pub file: Option<File>,
    /// The variables that begin with `FANFARE_`.
    pub environment: BTreeMap<String, String>,
    /// The flags that were given, by their names without dashes.
    pub flags: BTreeMap<String, Vec<String>>,
    /// What the defaults depend on.
    pub machine: Machine,
}

/// A configuration file.
#[derive(Clone, PartialEq, Eq)]
pub struct File {
    /// Its path, as it was named.
    pub path: PathBuf,
    /// What is in it.
    pub text: String,
}

/// What the defaults depend on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Machine {
    /// How many cores there are for us.
    pub cores: NonZeroUsize,
    /// Whether the log goes to a terminal.
    pub terminal: bool,
}

impl Machine {
    /// This machine.
    pub fn here() -> Self {
        Self {
            cores: std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
            terminal: io::IsTerminal::is_terminal(&io::stderr()),
        }
    }
}

/// What the program was started with: where its sources are, so that they can be read again. It holds secrets, so it has
/// no `Debug`.
#[derive(Clone)]
pub struct Invocation {
    /// What `--config` names.
    pub config: Option<PathBuf>,
    /// The variables that begin with `FANFARE_`, as they were at the start.
    pub environment: BTreeMap<String, String>,
    /// The flags that were given, by their names without dashes.
    pub flags: BTreeMap<String, Vec<String>>,
    /// What the defaults depend on.
    pub machine: Machine,
}

impl Invocation {
    /// Reads the file (`--config`, else `FANFARE_CONFIG`, else `./fanfare.toml` when it exists).
    pub fn gather(&self) -> Result<Sources, ConfigErrors> {
        let named =
            match &self.config {
                Some(path) => Some((Origin::Flag("config".to_owned()), path.clone())),
                None => self.environment.get("FANFARE_CONFIG").filter(|path| !path.is_empty()).map(
                    |path| (Origin::Variable("FANFARE_CONFIG".to_owned()), PathBuf::from(path)),
                ),
            };
        let file = read_config_file(named).map_err(|error| ConfigErrors(vec![error]))?;
        let Self { environment, flags, machine, .. } = self.clone();
        Ok(Sources { file, environment, flags, machine })
    }
}

fn read_config_file(named: Option<(Origin, PathBuf)>) -> Result<Option<File>, ConfigError> {
    let optional = named.is_none();
    let (origin, path) = named.unwrap_or_else(|| (Origin::Default, PathBuf::from(DEFAULT_FILE)));
    match fs::read_to_string(&path) {
        Ok(text) => Ok(Some(File { path, text })),
        Err(error) if optional && error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(ConfigError::Unreadable { origin, path, source }),
    }
}

/// The variables of ours among `variables`.
pub fn our_variables(
    variables: impl Iterator<Item = (OsString, OsString)>,
) -> Result<BTreeMap<String, String>, ConfigErrors> {
    let mut ours = BTreeMap::new();
    let mut errors = Vec::new();
    for (name, value) in variables {
        let Some(name) = name.to_str().filter(|name| name.starts_with(VARIABLE_PREFIX)) else {
            continue;
        };
        match value.into_string() {
            Ok(value) => {
                ours.insert(name.to_owned(), value);
            }
            Err(_) => errors.push(ConfigError::NotText { variable: name.to_owned() }),
        }
    }
    if errors.is_empty() { Ok(ours) } else { Err(ConfigErrors(errors)) }
}
