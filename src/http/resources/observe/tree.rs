//! The tree from the Root down, with the busiest workers of those supervisors that are opened.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::actors::shown::ActorRow;
use super::part;
use crate::http::auth::Caller;
use crate::http::list;
use crate::http::live::{self, Every};
use crate::http::problem::{Problem, ProblemKind};
use crate::http::state::State;
use crate::tree::actor_id::ActorId;

/// How far the tree is opened.
#[derive(Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TreeQuery {
    /// The supervisors whose children are listed, with commas between them.
    pub expand: Option<String>,
    /// How many children of each at most: 1 to 200, or 50 when it is absent.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<usize>,
    /// Seconds between two snapshots of a stream: 1 to 60, or 1 when it is absent.
    #[param(minimum = 1, maximum = 60)]
    pub every: Option<u64>,
}

/// The tree.
#[derive(Serialize, ToSchema)]
pub struct TreePage {
    /// When it was read.
    pub at: String,
    /// All that is shown of it, parents first.
    pub nodes: Vec<TreeNode>,
}

/// One line of the tree.
#[derive(Serialize, ToSchema)]
pub struct TreeNode {
    #[serde(flatten)]
    #[expect(missing_docs, reason = "its fields are described there")]
    pub row: ActorRow,
    /// How many children are not listed; null of those that supervise nobody.
    pub hidden: Option<u64>,
    /// Whether it was asked for its children and did not answer in time: they are missing.
    pub silent: bool,
}

/// The tree from the Root down.
#[utoipa::path(
    get, path = "/v1/observe/tree", operation_id = "observeTree", tag = "operation",
    params(TreeQuery),
    responses((status = 200, body = TreePage)),
    security(("api_key" = ["admin"])),
)]
pub async fn show(
    caller: Caller,
    state: web::Data<State>,
    req: HttpRequest,
) -> Result<HttpResponse, Problem> {
    caller.require_instance()?;
    let asked: TreeQuery = list::query(&req)?;
    let (expanded, limit) = (expanded(asked.expand.as_deref())?, part::limit(asked.limit)?);
    let every = Every { every: asked.every };
    live::answer(&req, caller, every, move || {
        let (state, expanded) = (state.clone(), expanded.clone());
        async move {
            let mut below = state.tree.nodes(&expanded, limit).await.into_iter();
            let now = state.now();
            let node = |node: crate::tree::observe::looking::Node| TreeNode {
                row: ActorRow::of(node.row, now),
                hidden: node.hidden,
                silent: node.silent,
            };
            let mut nodes: Vec<_> = below.next().map(node).into_iter().collect();
            let no_actors = [ActorRow::journal(&state), ActorRow::http(&state)];
            let no_actor = |row| TreeNode { row, hidden: None, silent: false };
            nodes.extend(no_actors.into_iter().map(no_actor));
            nodes.extend(below.map(node));
            Ok(TreePage { at: now.to_rfc3339(), nodes })
        }
    })
    .await
}

fn expanded(asked: Option<&str>) -> Result<Vec<ActorId>, Problem> {
    let names = asked.unwrap_or_default().split(',').filter(|name| !name.is_empty());
    let id = |name: &str| {
        ActorId::parse(name).ok_or_else(|| {
            let detail = "`expand` lists ids of supervisors, as `channels,subscriptions.0`";
            Problem::new(ProblemKind::BadQuery, detail)
        })
    };
    names.map(id).collect()
}
