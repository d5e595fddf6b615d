import type { Event, EventView } from "@jdos/api";
import type { Stored } from "@jdos/client";
import { eventTime } from "../explain/facts.ts";

export function eventView(event: Stored<Event>): EventView {
  return {
    time: eventTime(event),
    type: event.type === "Warning" ? "Warning" : "Normal",
    reason: event.reason ?? "",
    object: `${event.involvedObject.kind}/${event.involvedObject.name}`,
    message: event.message ?? "",
    count: event.count ?? event.series?.count ?? 1,
  };
}
