//! The peer: another agent process that is reached over the network.

use super::Merge::Never;
use super::table::{lifecycle, rows};
use super::{Failure, Json, Text};

rows! { PEER: None;
    "peer.discovered" PeerDiscovered Info Never, "Another peer is known from now on.",
    otel Absent("OpenTelemetry has no operation for it"), agui Absent("AG-UI has no peers"),
    (peer_id: Option<Text> = Id => "The peer.";)
    {addresses: Option<Json> = Meta => "Where it is reached, a list.";}

    "peer.connected" PeerConnected Info Never, "A peer is connected.",
    otel Absent("OpenTelemetry has no operation for it"), agui Absent("AG-UI has no peers"),
    (peer_id: Option<Text> = Id => "The peer.";)
    {addresses: Option<Json> = Meta => "Where it is reached, a list.";}

    "peer.disconnected" PeerDisconnected Info Never, "A peer is connected no longer.",
    otel Absent("OpenTelemetry has no operation for it"), agui Absent("AG-UI has no peers"),
    (peer_id: Option<Text> = Id => "The peer.";)
    {reason: Option<Text> = Meta => "Why.";}

    "peer.card.exchanged" PeerCardExchanged Info Never, "A peer has told what it can do.",
    otel Absent("OpenTelemetry has no operation for it"), agui Absent("AG-UI has no peers"),
    (peer_id: Option<Text> = Id => "The peer.";
     card: Option<Json> = Meta => "What it says of itself.";)
    {}
}

lifecycle! {
    PeerCall peer_call peer_call_with CALL Peer "A tool call by a peer", otel As("execute_tool"),
    identity (tool: Text = Meta "gen_ai.tool.name" => "The tool.";
        task_id: Option<Text> = Id => "The task that it belongs to.";)
    started "peer.call.started" PeerCallStarted agui Absent("AG-UI has no peers"),
        (arguments: Option<Json> = Content "gen_ai.tool.call.arguments" => "What it is called with.";)
        {peer_id: Option<Text> = Id => "The peer.";
         context_id: Option<Text> = Id => "The conversation that it belongs to.";}
    progress "peer.call.progress" PeerCallProgress agui Absent("AG-UI has no peers"),
    completed "peer.call.completed" PeerCallCompleted agui Absent("AG-UI has no peers"),
        outcome result: Option<Json> = Content "gen_ai.tool.call.result" => "What it gave.";
        {status: Option<Text> = Meta => "The peer's own word for how it ended.";}
    failed "peer.call.failed" PeerCallFailed agui Absent("AG-UI has no peers"),
        {result: Option<Json> = Content "gen_ai.tool.call.result" => "What it gave all the same.";
         status: Option<Text> = Meta => "The peer's own word for how it ended.";}
    canceled "peer.call.canceled" PeerCallCanceled agui Absent("AG-UI has no peers"),
}
