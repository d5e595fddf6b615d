import {
  apiVersionOf,
  deepFreeze,
  type KubeObject,
  type ResourceType,
  type Status,
  StatusError,
} from "@jdos/apimachinery";
import type { Stored, WatchEvent } from "../client.ts";
import { splitLines } from "./split-lines.ts";

interface WireEvent {
  type: string;
  object: { apiVersion?: string; kind?: string; metadata?: { resourceVersion?: string } };
}

/**
 * The events of a watch's answer.
 * @throws StatusError for an ERROR event; Expired when the revision is too old
 */
export async function* watchEvents<T extends KubeObject>(
  type: ResourceType<T>,
  body: AsyncIterable<Uint8Array>,
): AsyncGenerator<WatchEvent<T>> {
  for await (const line of splitLines(body)) {
    const event = JSON.parse(line) as WireEvent;
    switch (event.type) {
      case "ADDED":
      case "MODIFIED":
      case "DELETED":
        yield { type: event.type, object: typed(type, event.object) };
        break;
      case "BOOKMARK":
        yield { type: "BOOKMARK", resourceVersion: event.object.metadata?.resourceVersion ?? "" };
        break;
      case "ERROR": {
        const status = event.object as Status;
        throw StatusError.fromStatus(status, status.code ?? 500);
      }
    }
  }
}

/** Items of a list carry no type on the wire: give it to them. */
export function typed<T extends KubeObject>(type: ResourceType<T>, object: object): Stored<T> {
  const named = object as { apiVersion?: string; kind?: string };
  named.apiVersion ??= apiVersionOf(type);
  named.kind ??= type.kind;
  return deepFreeze(named) as unknown as Stored<T>;
}
