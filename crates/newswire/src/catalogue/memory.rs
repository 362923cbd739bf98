//! Memory: an operation on what an agent remembers.

use super::table::lifecycle;
use super::{Failure, Json, Text};

lifecycle! {
    Memory memory memory_with MEMORY Memory "An operation on a memory", otel As("search_memory"),
    identity (
        name: Option<Text> = Meta => "The memory's store.";
        operation: Text = Meta "gen_ai.operation.name" => "What is done: `search`, `create`, `update`, `upsert`, `delete`.";)
    started "memory.started" MemoryStarted => memory_started agui Absent("AG-UI has no memory"),
        (query: Option<Text> = Content => "What is searched for.";)
        {content: Option<Json> = Content => "What is to be remembered.";
         memory_id: Option<Text> = Id => "The entry that it is about.";}
    progress "memory.progress" MemoryProgress => memory_progress agui Absent("AG-UI has no memory"),
    completed "memory.completed" MemoryCompleted => memory_completed agui Absent("AG-UI has no memory"),
        outcome result: Option<Json> = Content => "What was found or written.";
        {entry_count: Option<u64> = Measure => "How many entries were found or written.";
         memory_id: Option<Text> = Id => "The entry that it is about.";}
    failed "memory.failed" MemoryFailed => memory_failed agui Absent("AG-UI has no memory"), {}
    canceled "memory.canceled" MemoryCanceled => memory_canceled agui Absent("AG-UI has no memory"),
}
