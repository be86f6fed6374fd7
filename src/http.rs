//! The HTTP API. This file is the map of its paths; each resource has a file of its own.
//!
//! ```text
//! connection → answer (id, CORS, errors as problems) → route → Caller (who?) → handler (may it?) → Body → Store
//! ```
//!
//! Handlers parse, ask the store, and show. They talk to the tree for test pushes alone: what an accept sets in
//! motion, the store's listener does.

use std::io;
use std::net::TcpListener;
#[cfg(unix)]
use std::os::unix::net::UnixListener;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::middleware::from_fn;
use actix_web::{App, HttpServer, web};

pub mod state;

pub mod answer;
pub mod connection;
pub mod connections;
pub mod cors;
pub mod head;
pub mod limiter;
pub mod limits;
pub mod rates;
pub mod requests;
pub mod sse;
pub mod streams;

pub mod auth;
pub mod problem;

pub mod acting;
pub mod app_settings;
pub mod body;
pub mod caching;
pub mod channel_name;
pub mod idempotency;
pub mod in_flight;
pub mod list;
pub mod live;
pub mod population;
pub mod publication;
pub mod registration;

pub mod resources;

#[cfg(test)]
mod testing;

pub use channel_name::{ChannelName, ChannelNameError};
pub use limits::HttpLimits;
pub use state::{HttpOptions, State};

use connection::Connection;
use resources::{
    apps, assets, channels, docs, events, health, import, keys, metrics, notification,
    notifications, observe, openapi, push_key, quarantines, receipts, resend, subscription,
    subscriptions, tokens, vapid,
};

/// How long a closing connection may linger.
const DISCONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Connections that a worker holds at once beyond those that [`connections`] lets in: the control socket's, and those
/// that are being turned away. Further ones wait in the backlog.
const SPARE_CONNECTIONS: usize = 256;

/// Where the API is served.
#[derive(Debug, Default)]
pub struct Listeners {
    /// Network listeners.
    pub network: Vec<TcpListener>,
    /// The control socket: who can open it is the instance's admin.
    #[cfg(unix)]
    pub control: Option<UnixListener>,
}

/// How the server runs.
#[derive(Clone, Copy, Debug)]
pub struct ServerOptions {
    /// Threads for each listener.
    pub workers: usize,
    /// How long a graceful stop waits for requests in flight.
    pub shutdown_timeout: Duration,
}

/// The API on its listeners. It runs while it is polled, and stops by its handle; signals are the program's own.
pub fn server(
    state: web::Data<State>,
    listeners: Listeners,
    options: ServerOptions,
) -> io::Result<Server> {
    let limits = state.options().limits;
    let connections = Arc::clone(&state.connections);
    let factory = move || {
        let state = state.clone();
        App::new().wrap(from_fn(answer::answer)).configure(move |cfg| configure(cfg, state))
    };
    let mut server = HttpServer::new(factory)
        .on_connect(move |io, data| Connection::admit(io, data, &connections))
        .workers(options.workers.max(1))
        .keep_alive(limits.idle_timeout)
        .client_request_timeout(limits.head_timeout)
        .client_disconnect_timeout(DISCONNECT_TIMEOUT)
        .max_connections(limits.connections as usize + SPARE_CONNECTIONS)
        .shutdown_timeout(options.shutdown_timeout.as_secs())
        .disable_signals();
    for listener in listeners.network {
        server = server.listen(listener)?;
    }
    #[cfg(unix)]
    if let Some(listener) = listeners.control {
        server = server.listen_uds(listener)?;
    }
    Ok(server.run())
}

/// The map of the API. Around it belongs [`answer::answer`], which [`server`] puts there.
fn configure(cfg: &mut web::ServiceConfig, state: web::Data<State>) {
    cfg.app_data(state)
        .configure(subscribing)
        .configure(publishing)
        .configure(managing)
        .configure(operating)
        .configure(observing)
        .configure(assets::configure);
}

fn subscribing(cfg: &mut web::ServiceConfig) {
    cfg.service(web::resource("/v1/push-key").get(push_key::show).head(push_key::show))
        .service(
            web::resource("/v1/channels/{channel}/subscriptions")
                .get(subscriptions::members)
                .post(subscriptions::subscribe)
                .delete(subscriptions::unsubscribe_shared),
        )
        .service(
            web::resource("/v1/channels/{channel}/subscriptions/{id}")
                .delete(subscriptions::unsubscribe),
        )
        .service(web::resource("/v1/subscriptions").post(subscriptions::subscribe_many))
        .service(
            web::resource("/v1/subscriptions/{id}")
                .get(subscription::show)
                .put(subscription::replace)
                .delete(subscription::forget),
        )
        .service(web::resource("/v1/subscriptions/{id}/test").post(subscription::test))
        .service(web::resource("/v1/subscriptions/{id}/receipts").post(receipts::report))
        .service(web::resource("/v1/subscriptions/{id}/restore").post(subscription::restore))
        .service(web::resource("/v1/quarantines").get(quarantines::list))
        .service(web::resource("/v1/quarantines/{id}").get(quarantines::show))
        .service(web::resource("/v1/quarantines/{id}/undo").post(quarantines::undo))
        .service(web::resource("/v1/quarantines/{id}/apply").post(quarantines::apply))
        .service(web::resource("/v1/tokens").post(tokens::issue));
}

fn publishing(cfg: &mut web::ServiceConfig) {
    cfg.service(web::resource("/v1/notifications").post(notifications::publish_to_many))
        .service(
            web::resource("/v1/notifications/{id}")
                .get(notification::show)
                .delete(notification::cancel),
        )
        .service(web::resource("/v1/notifications/{id}/failures").get(notification::failures))
        .service(web::resource("/v1/notifications/{id}/resend").post(resend::resend))
        .service(web::resource("/v1/notifications/{id}/events").get(events::watch))
        .service(web::resource("/v1/channels").get(channels::list))
        .service(
            web::resource("/v1/channels/{channel}").get(channels::show).delete(channels::delete),
        )
        .service(
            web::resource("/v1/channels/{channel}/notifications")
                .get(channels::log)
                .post(notifications::publish),
        );
}

fn managing(cfg: &mut web::ServiceConfig) {
    cfg.service(web::resource("/v1/apps").get(apps::list).post(apps::create))
        .service(
            web::resource("/v1/apps/{app}")
                .get(apps::show)
                .patch(apps::update)
                .delete(apps::delete),
        )
        .service(web::resource("/v1/apps/{app}/token-secret").post(apps::token_secret))
        .service(web::resource("/v1/apps/{app}/keys").get(keys::list).post(keys::create))
        .service(web::resource("/v1/apps/{app}/keys/{id}").delete(keys::revoke))
        .service(web::resource("/control/import").post(import::import))
        .service(web::resource("/control/vapid-keys").get(vapid::show_all).post(vapid::add))
        .service(web::resource("/control/vapid-keys/{id}/export").get(vapid::export));
}

fn operating(cfg: &mut web::ServiceConfig) {
    cfg.service(web::resource("/healthz").get(health::alive).head(health::alive))
        .service(web::resource("/readyz").get(health::ready).head(health::ready))
        // Mozilla's Dockerflow: checks what it depends on, answers a load balancer, and tells its version.
        .service(web::resource("/__heartbeat__").get(health::ready).head(health::ready))
        .service(web::resource("/__lbheartbeat__").get(health::alive).head(health::alive))
        .service(web::resource("/__version__").get(health::version).head(health::version))
        .service(web::resource("/metrics").get(metrics::show).head(metrics::show))
        .service(web::resource("/openapi.json").get(openapi::show).head(openapi::show))
        .service(web::resource("/docs").get(docs::show).head(docs::show));
}

fn observing(cfg: &mut web::ServiceConfig) {
    cfg.service(web::resource("/v1/observe").get(observe::overview::show));
    cfg.service(web::resource("/v1/observe/tree").get(observe::tree::show));
    cfg.service(web::resource("/v1/observe/actors").get(observe::actors::list));
    cfg.service(web::resource("/v1/observe/actors/{id}").get(observe::actor::show));
    cfg.service(web::resource("/v1/observe/actors/{id}/kill").post(observe::actor::kill));
    cfg.service(web::resource("/v1/observe/push-services").get(observe::push_services::list));
    cfg.service(
        web::resource("/v1/observe/push-services/pause").post(observe::pauses::pause_origin),
    );
    cfg.service(
        web::resource("/v1/observe/push-services/resume").post(observe::pauses::resume_origin),
    );
    cfg.service(web::resource("/v1/observe/channels").get(observe::channels::list));
    cfg.service(web::resource("/v1/observe/subscriptions").get(observe::subscriptions::list));
    cfg.service(web::resource("/v1/observe/notifications").get(observe::notifications::list));
    cfg.service(web::resource("/v1/observe/audit").get(observe::audit::list));
    cfg.service(web::resource("/v1/observe/channels/pause").post(observe::pauses::pause_channel));
    cfg.service(web::resource("/v1/observe/channels/resume").post(observe::pauses::resume_channel));
    cfg.service(web::resource("/v1/observe/drain").post(observe::drain::drain));
    cfg.service(web::resource("/v1/observe/resume").post(observe::drain::resume));
    cfg.service(web::resource("/v1/observe/warnings").get(observe::warnings::list));
    cfg.service(web::resource("/v1/observe/log").get(observe::log::show));
    cfg.service(
        web::resource("/v1/observe/log/level")
            .get(observe::log_level::show)
            .put(observe::log_level::set),
    );
    cfg.service(web::resource("/v1/observe/charts").get(observe::charts::show));
    cfg.service(web::resource("/v1/observe/system").get(observe::system::show));
}
