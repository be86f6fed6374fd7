//! `fanfare check-config`: checks the configuration, with the files that it names, and prints what holds.

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::CliError;
use super::context::Context;
use crate::config::Config;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Print JSON instead of TOML
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args, context: &mut Context<'_, '_>) -> Result<(), CliError> {
    let config = context.config()?;
    check_roots(&config)?;
    if config.vapid_subject.is_none() {
        context.out.note(
            "warning: vapid_subject is not set, and iPhones cannot subscribe; \
             set it to mailto:you@example.com",
        );
    }
    if args.json {
        let value = serde_json::to_value(config.effective());
        context.out.json(&value.expect("tables of text, numbers and answers are JSON"));
    } else {
        context.out.line(config.effective_toml().trim_end());
    }
    Ok(())
}

fn check_roots(config: &Config) -> Result<(), CliError> {
    let Some(path) = &config.egress.ca_file else { return Ok(()) };
    let unusable = |why: &str| {
        let path = path.display();
        CliError::Failed(format!("egress.ca_file {path} {why}; name a PEM file with certificates"))
    };
    let mut roots = CertificateDer::pem_file_iter(path)
        .map_err(|error| unusable(&format!("cannot be read: {error}")))?
        .peekable();
    if roots.peek().is_none() {
        return Err(unusable("has no certificate"));
    }
    match roots.find_map(Result::err) {
        Some(error) => Err(unusable(&format!("is not PEM: {error}"))),
        None => Ok(()),
    }
}
