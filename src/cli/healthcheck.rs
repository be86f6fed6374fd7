//! `fanfare healthcheck`: asks the daemon where it listens, as a container's health check does. It starts none.

use std::time::Duration;

use http::{Method, StatusCode};
use tokio::net::TcpStream;

use super::CliError;
use super::context::{Context, block_on};
use crate::config::listen::reachable;
use crate::control::{Call, handshake};

/// Containers' health checks give up after 30 s by default; a daemon that is well answers at once.
const DEADLINE: Duration = Duration::from_secs(5);

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Ask whether it is ready for traffic, and not merely alive
    #[arg(long)]
    ready: bool,
}

pub(super) fn run(args: &Args, context: &mut Context<'_, '_>) -> Result<(), CliError> {
    let listener = context.config()?.listen.address;
    let path = if args.ready { "/readyz" } else { "/healthz" };
    let peer = reachable(listener).to_string();
    let status = block_on(async {
        let asked = tokio::time::timeout(DEADLINE, ask(&peer, path)).await;
        let seconds = DEADLINE.as_secs();
        asked.unwrap_or_else(|_| Err(failed(&peer, &format!("gave no answer within {seconds} s"))))
    })?;
    if status.is_success() {
        context.out.line("healthy");
        return Ok(());
    }
    Err(failed(&peer, &format!("answers {status} to {path}")))
}

async fn ask(peer: &str, path: &str) -> Result<StatusCode, CliError> {
    let stream = TcpStream::connect(peer).await;
    let stream = stream.map_err(|error| failed(peer, &format!("is not reached: {error}")))?;
    let mut sender = handshake(stream, peer).await?;
    let request = Call::new(Method::GET, path).into_request("", peer)?;
    let response = sender.send_request(request).await;
    let response =
        response.map_err(|error| failed(peer, &format!("is no HTTP server: {error}")))?;
    Ok(response.status())
}

fn failed(peer: &str, why: &str) -> CliError {
    CliError::Failed(format!("{peer} {why}"))
}
