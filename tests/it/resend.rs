//! Sending again: to those alone to whom it could not be delivered, over the API and down to the push service.

mod api;
mod delivered;
mod few;
