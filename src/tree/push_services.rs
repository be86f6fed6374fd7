//! The push services as the tree knows them: their gates, and the tokens that requests to them carry.

use super::Tree;
use super::gates::GateSnapshot;
use crate::webpush::vapid::TokenSnapshot;

impl Tree {
    /// The gates before the push services, those that are paused included; none where nothing is delivered.
    pub fn gates(&self) -> Vec<GateSnapshot> {
        self.gates_and(&[])
    }

    /// The same, and those of `others`, whom nobody may have asked for anything yet.
    pub fn gates_and(&self, others: &[String]) -> Vec<GateSnapshot> {
        let Some(tree) = &self.branches else { return Vec::new() };
        let pauses = &self.store.directory().pauses.origins;
        let others: Vec<_> = others.iter().chain(pauses.keys()).map(String::as_str).collect();
        let mut gates = tree.gates.snapshots(&others);
        for gate in &mut gates {
            if let Some(pause) = pauses.get(&gate.origin) {
                gate.pause(pause.clone());
            }
        }
        gates
    }

    /// Has the gates' metrics say what is so now.
    pub fn show_gates(&self) {
        if let Some(tree) = &self.branches {
            tree.gates.show_all();
        }
    }

    /// The tokens that requests carry at the moment, without the tokens; none where nothing is delivered.
    pub fn vapid_tokens(&self) -> Vec<TokenSnapshot> {
        self.branches.as_ref().map(|tree| tree.signer.tokens()).unwrap_or_default()
    }
}
