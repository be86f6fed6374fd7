//! The caller of a request: the app that is meant, and the credential that speaks for it.

use std::sync::Arc;

use super::secret;
use super::token::Token;
use crate::http::problem::{Problem, ProblemKind};
use crate::id::PublicId;
use crate::store::directory::{ApiKey, App, DEFAULT_APP, Directory, Scope};
use crate::store::membership::{Authority, covers};

/// Who is calling, in which app.
#[derive(Debug)]
pub struct Caller {
    /// The app.
    pub app: Arc<App>,
    pub(super) credential: Credential,
}

/// What speaks for a caller.
pub enum Credential {
    /// The control socket: whoever can open it owns the data.
    Control,
    /// A backend, or an operator.
    ApiKey(Arc<ApiKey>),
    /// A browser whose backend vouches for it.
    Token(Token),
    /// A browser that speaks for its own subscription. Whether it is that one's is seen once that one is named.
    Secret(String),
    /// Anybody.
    Public,
}

impl std::fmt::Debug for Credential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.described())
    }
}

impl Credential {
    const fn described(&self) -> &'static str {
        match self {
            Self::Control => "the control socket",
            Self::ApiKey(_) => "this API key",
            Self::Token(_) => "a subscriber token",
            Self::Secret(_) => "a subscription's secret",
            Self::Public => "nobody",
        }
    }
}

impl Caller {
    /// What speaks for this caller.
    pub fn credential(&self) -> &Credential {
        &self.credential
    }

    /// What the log and the audit call it: a key's name, which opens nothing.
    pub fn name(&self) -> &str {
        match &self.credential {
            Credential::ApiKey(key) => key.id.as_str(),
            Credential::Control => "control socket",
            Credential::Token(_) | Credential::Secret(_) | Credential::Public => {
                self.credential.described()
            }
        }
    }

    /// Whether the credential that it came with is still there: an answer that goes on does so for nobody else.
    pub fn is_known_to(&self, directory: &Directory) -> bool {
        match &self.credential {
            Credential::ApiKey(mine) => directory.api_keys.values().any(|key| key.id == mine.id),
            Credential::Control
            | Credential::Token(_)
            | Credential::Secret(_)
            | Credential::Public => true,
        }
    }

    /// Demands an API key with that scope.
    pub fn require(&self, scope: Scope) -> Result<(), Problem> {
        if self.has(scope) {
            Ok(())
        } else {
            Err(self.refuse(&format!("the scope `{}`", scope.label())))
        }
    }

    /// Demands an API key with one of those scopes.
    pub fn require_any(&self, scopes: &[Scope]) -> Result<(), Problem> {
        if scopes.iter().any(|scope| self.has(*scope)) {
            return Ok(());
        }
        let names: Vec<_> = scopes.iter().map(|scope| format!("`{}`", scope.label())).collect();
        Err(self.refuse(&format!("one of the scopes {}", names.join(", "))))
    }

    /// Demands who may do everything: the scope `admin` of the app `default`, or the control socket.
    pub fn require_instance(&self) -> Result<(), Problem> {
        let may = match &self.credential {
            Credential::Control => true,
            Credential::ApiKey(_) => self.app.name == DEFAULT_APP && self.has(Scope::Admin),
            Credential::Token(_) | Credential::Secret(_) | Credential::Public => false,
        };
        if may { Ok(()) } else { Err(self.refuse("the scope `admin` of the app `default`")) }
    }

    /// Demands who may see the counters of all apps together: `read` of the app `default`.
    pub fn require_read_of_default(&self) -> Result<(), Problem> {
        self.require(Scope::Read)?;
        if self.app.name == DEFAULT_APP {
            return Ok(());
        }
        let detail = "this needs the scope `read` of the app `default`";
        Err(Problem::new(ProblemKind::ScopeNeeded, detail))
    }

    /// Demands the subscription's own secret, or an API key with `subscribe`.
    pub fn require_subscription(
        &self,
        directory: &Directory,
        id: &PublicId,
    ) -> Result<(), Problem> {
        match &self.credential {
            Credential::Secret(presented) => {
                if secret::is_valid(directory, &self.app, id, presented) {
                    return Ok(());
                }
                let detail = "this is not the secret of that subscription in this app";
                Err(Problem::new(ProblemKind::InvalidCredential, detail))
            }
            Credential::Control
            | Credential::ApiKey(_)
            | Credential::Token(_)
            | Credential::Public => {
                if self.has(Scope::Subscribe) {
                    return Ok(());
                }
                Err(self.refuse("the subscription's own secret, or the scope `subscribe`"))
            }
        }
    }

    /// On whose word a browser is put into those channels.
    pub fn authority_over(&self, channels: &[String]) -> Result<Authority, Problem> {
        let is_public = |channel: &String| self.app.settings.public_channels.contains(channel);
        match &self.credential {
            Credential::Control => Ok(Authority::ApiKey),
            Credential::ApiKey(_) => self.require(Scope::Subscribe).map(|()| Authority::ApiKey),
            Credential::Token(token) => {
                let covered =
                    |channel: &String| covers(&token.channels, channel) || is_public(channel);
                match channels.iter().find(|channel| !covered(channel)) {
                    None => Ok(Authority::Token(token.channels.clone())),
                    Some(channel) => Err(Problem::new(
                        ProblemKind::ChannelForbidden,
                        format!("the token does not cover the channel {channel}"),
                    )),
                }
            }
            Credential::Secret(_) => {
                Err(self.refuse("a subscriber token, or the scope `subscribe`"))
            }
            Credential::Public => match channels.iter().find(|channel| !is_public(channel)) {
                None => Ok(Authority::Public),
                Some(channel) => Err(Problem::new(
                    ProblemKind::CredentialNeeded,
                    format!(
                        "the channel {channel} is not public: a subscriber token that covers it is needed"
                    ),
                )),
            },
        }
    }

    fn has(&self, scope: Scope) -> bool {
        match &self.credential {
            Credential::Control => true,
            Credential::ApiKey(key) => {
                key.scopes.contains(&scope) || key.scopes.contains(&Scope::Admin)
            }
            Credential::Token(_) | Credential::Secret(_) | Credential::Public => false,
        }
    }

    fn refuse(&self, needed: &str) -> Problem {
        match &self.credential {
            Credential::Public => {
                Problem::new(ProblemKind::CredentialNeeded, format!("this needs {needed}"))
            }
            Credential::Control
            | Credential::ApiKey(_)
            | Credential::Token(_)
            | Credential::Secret(_) => {
                let detail =
                    format!("this needs {needed}; {} does not do", self.credential.described());
                Problem::new(ProblemKind::ScopeNeeded, detail)
            }
        }
    }
}

#[cfg(test)]
mod tests;
