//! The service: an agent, channel, gateway or program as a process that comes up and goes down.

use super::Merge::Never;
use super::table::{lifecycle, rows};
use super::{Failure, Json, Text};

rows! { SERVICE: None;
    "service.initialized" ServiceInitialized Info Never, "A service exists and is not up yet.",
    otel Absent("OpenTelemetry has no operation for it"), agui Absent("AG-UI tells of runs, not of processes"),
    (service: Text = Meta => "What it is: `agent`, `channel`, `gateway`, `system`.";
     name: Option<Text> = Meta => "Which one.";)
    {variant: Option<Text> = Meta => "Which sort of it: `telegram`.";}
}

lifecycle! {
    ServiceLaunch service_launch service_launch_with LAUNCH Service "The start of a service", otel Absent("OpenTelemetry has no operation for it"),
    identity (service: Text = Meta => "What it is: `agent`, `channel`, `gateway`, `system`.";
        name: Option<Text> = Meta => "Which one.";)
    started "service.launch.started" ServiceLaunchStarted agui Absent("AG-UI tells of runs, not of processes"),
        (config: Option<Json> = Meta => "What it is configured with.";)
        {variant: Option<Text> = Meta => "Which sort of it: `telegram`.";}
    progress "service.launch.progress" ServiceLaunchProgress agui Absent("AG-UI tells of runs, not of processes"),
    completed "service.launch.completed" ServiceLaunchCompleted agui Absent("AG-UI tells of runs, not of processes"),
        outcome components: Option<Json> = Meta => "What it consists of, a list.";
        {variant: Option<Text> = Meta => "Which sort of it: `telegram`.";
         addresses: Option<Json> = Meta => "Where it listens, a list.";
         peer_id: Option<Text> = Id => "Its id among peers.";}
    failed "service.launch.failed" ServiceLaunchFailed agui Absent("AG-UI tells of runs, not of processes"),
        {variant: Option<Text> = Meta => "Which sort of it: `telegram`.";
         stage: Option<Text> = Meta => "Where it failed.";}
    canceled "service.launch.canceled" ServiceLaunchCanceled agui Absent("AG-UI tells of runs, not of processes"),
}

lifecycle! {
    ServiceShutdown service_shutdown service_shutdown_with SHUTDOWN Service "The stop of a service", otel Absent("OpenTelemetry has no operation for it"),
    identity (service: Text = Meta => "What it is: `agent`, `channel`, `gateway`, `system`.";
        name: Option<Text> = Meta => "Which one.";)
    started "service.shutdown.started" ServiceShutdownStarted agui Absent("AG-UI tells of runs, not of processes"),
        (reason: Option<Text> = Meta => "Why.";)
        {variant: Option<Text> = Meta => "Which sort of it: `telegram`.";}
    progress "service.shutdown.progress" ServiceShutdownProgress agui Absent("AG-UI tells of runs, not of processes"),
    completed "service.shutdown.completed" ServiceShutdownCompleted agui Absent("AG-UI tells of runs, not of processes"),
        outcome details: Option<Json> = Meta => "Whatever else is known of it.";
        {variant: Option<Text> = Meta => "Which sort of it: `telegram`.";}
    failed "service.shutdown.failed" ServiceShutdownFailed agui Absent("AG-UI tells of runs, not of processes"),
        {variant: Option<Text> = Meta => "Which sort of it: `telegram`.";}
    canceled "service.shutdown.canceled" ServiceShutdownCanceled agui Absent("AG-UI tells of runs, not of processes"),
}

lifecycle! {
    ServiceReload service_reload service_reload_with RELOAD Service "The reading anew of a service's configuration", otel Absent("OpenTelemetry has no operation for it"),
    identity (service: Text = Meta => "What it is: `agent`, `channel`, `gateway`, `system`.";
        name: Option<Text> = Meta => "Which one.";)
    started "service.reload.started" ServiceReloadStarted agui Absent("AG-UI tells of runs, not of processes"),
        (reason: Option<Text> = Meta => "Why.";)
        {}
    progress "service.reload.progress" ServiceReloadProgress agui Absent("AG-UI tells of runs, not of processes"),
    completed "service.reload.completed" ServiceReloadCompleted agui Absent("AG-UI tells of runs, not of processes"),
        outcome details: Option<Json> = Meta => "Whatever else is known of it.";
        {}
    failed "service.reload.failed" ServiceReloadFailed agui Absent("AG-UI tells of runs, not of processes"),
        {}
    canceled "service.reload.canceled" ServiceReloadCanceled agui Absent("AG-UI tells of runs, not of processes"),
}
