// What the compiler must accept and refuse; checked by `tsc`, never run.

import type { EventMap, Json, Kind, ToolCallCompleted } from "newswire/payloads";

declare module "newswire/payloads" {
  interface EventMap {
    "deploy.finished": { readonly version: string };
  }
}

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

declare function on<K extends Kind>(kind: K, handler: (payload: EventMap[K]) => void): void;

// The payload follows the kind, those of the application included.
on("tool.call.completed", (payload) => {
  const same: Same<typeof payload, ToolCallCompleted> = true;
  void same;
});
on("deploy.finished", (payload) => payload.version.length);

// @ts-expect-error: a kind that nobody has declared
on("deploy.begun", () => {});

// Nanoseconds are bigint, all other integers number.
export const durations: Same<NonNullable<ToolCallCompleted["durationNs"]>, bigint> = true;
export const lengths: Same<NonNullable<ToolCallCompleted["resultBytes"]>, number> = true;
export const result: Json = [{ flight: "TP 533", stops: null }];

// @ts-expect-error: the name is required
export const nameless: ToolCallCompleted = { durationNs: 1n };

// @ts-expect-error: what is absent is left out, never undefined
export const undefinedField: ToolCallCompleted = { name: "search", callId: undefined };
