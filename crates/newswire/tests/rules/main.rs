//! The rules of delivery, promise by promise: a module for each chapter of the contract.

mod asking;
mod bad_input;
mod batches;
mod books;
mod bounds;
mod close;
mod common;
mod component_ids;
mod filters;
mod full_queue;
mod gaps;
mod guard_ids;
mod handles;
mod in_hand;
mod inline_media;
mod interest;
mod notices;
mod order;
mod payload_fit;
mod payloads;
mod publish;
mod replay;
mod streams;
mod unsubscribe;
