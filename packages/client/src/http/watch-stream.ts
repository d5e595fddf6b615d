import { type KubeObject, type ResourceType, type Status, StatusError } from "@jdos/apimachinery";
import type { WatchEvent } from "../client.ts";
import { decodeNamed, garbled, parseObject } from "./decode.ts";
import { splitLines } from "./split-lines.ts";

interface WireEvent {
  type?: unknown;
  object?: { metadata?: { resourceVersion?: unknown } };
}

/**
 * The events of a watch's answer.
 * @throws StatusError for an ERROR event; Expired when the revision is too old
 * @throws GarbledError for a line that is no event
 */
export async function* watchEvents<T extends KubeObject>(
  type: ResourceType<T>,
  body: AsyncIterable<Uint8Array>,
): AsyncGenerator<WatchEvent<T>> {
  for await (const line of splitLines(body)) {
    const event = parseObject(line, type.resource) as WireEvent;
    switch (event.type) {
      case "ADDED":
      case "MODIFIED":
      case "DELETED":
        revisionOf(type, event);
        yield { type: event.type, object: decodeNamed(type, event.object) };
        break;
      case "BOOKMARK":
        yield { type: "BOOKMARK", resourceVersion: revisionOf(type, event) };
        break;
      case "ERROR": {
        const status = (event.object ?? {}) as Status;
        throw StatusError.fromStatus(status, status.code ?? 500);
      }
      default:
        throw garbled(type.resource, `an event is "${event.type}"`);
    }
  }
}

function revisionOf(type: ResourceType, { object }: WireEvent): string {
  const revision = object?.metadata?.resourceVersion;
  if (typeof revision !== "string" || revision === "")
    throw garbled(type.resource, "an event has no revision");
  return revision;
}
