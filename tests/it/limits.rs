//! Every limit, at it and one past it: what passes, what is refused, and in which words.

mod listener;
mod rates;
mod sizes;
mod subscriptions;
