import { apiVersionOf, StatusError } from "@jdos/apimachinery";
import type { Core } from "../../registry/call.ts";
import { type WatchCallOptions, watch } from "../../registry/watch.ts";
import type { ChangeType, StoredObject } from "../../storage/event.ts";
import { JSON_TYPE } from "../answer.ts";
import { flag, integer, type ResourceCall } from "../call-of.ts";
import { type AnswerForm, negotiate } from "../negotiate.ts";
import { partial } from "../present.ts";
import type { ApiResponse, ResponseSink } from "../request.ts";
import { tableOf } from "../table.ts";
import { listOptions } from "./list.ts";

/** A caller that leaves this much unread is ended. */
const MAX_WAITING_BYTES = 16 * 1024 * 1024;
const DEFAULT_TIMEOUT_SECONDS = 1800;

/** GET with watch=true: one event a line, until the caller leaves or the time is up. */
export async function handleWatch(core: Core, call: ResourceCall): Promise<ApiResponse> {
  const { query, headers } = call.request;
  const form = negotiate(headers.accept);
  if (form.format !== "json")
    throw new StatusError(
      "NotAcceptable",
      "only the following media types are accepted: application/json, application/json;stream=watch",
    );
  const waiting: string[] = [];
  let sink: ResponseSink | undefined;
  const encoder = encoderFor(core, call, form);
  const write = (line: string) => {
    if (sink === undefined) waiting.push(line);
    else if (sink.waitingBytes > MAX_WAITING_BYTES) sink.end();
    else sink.write(line);
  };
  const stop = watch(core, call.call, watchOptions(query), {
    event: (type, object, json) => write(encoder.event(type, object, json)),
    bookmark: (revision, end) => write(encoder.bookmark(revision, end)),
    end: () => sink?.end(),
  });
  const seconds =
    integer(query, "timeoutSeconds") ||
    DEFAULT_TIMEOUT_SECONDS + Math.floor(Math.random() * DEFAULT_TIMEOUT_SECONDS);
  return {
    status: 200,
    headers: { "content-type": JSON_TYPE, "cache-control": "no-cache, private" },
    body: (opened) => {
      sink = opened;
      if (waiting.length > 0) opened.write(waiting.splice(0).join(""));
      const timer = setTimeout(() => opened.end(), seconds * 1000);
      opened.onClose(() => {
        clearTimeout(timer);
        stop();
      });
    },
  };
}

function watchOptions(query: URLSearchParams): WatchCallOptions {
  const { labelSelector, fieldSelector, resourceVersion } = listOptions(query);
  const initial = flag(query, "sendInitialEvents");
  return {
    ...(labelSelector === undefined ? {} : { labelSelector }),
    ...(fieldSelector === undefined ? {} : { fieldSelector }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
    ...(flag(query, "allowWatchBookmarks") ? { allowWatchBookmarks: true } : {}),
    ...(initial === undefined ? {} : { sendInitialEvents: initial }),
  };
}

interface Encoder {
  event(type: ChangeType, object: StoredObject, json: string | undefined): string;
  bookmark(revision: number, initialEventsEnd: boolean): string;
}

function encoderFor(core: Core, { call, request }: ResourceCall, form: AnswerForm): Encoder {
  const { endpoint } = call;
  const apiVersion = apiVersionOf(endpoint.type);
  const bookmark = (revision: number, end: boolean) => {
    const metadata = {
      resourceVersion: String(revision),
      creationTimestamp: null,
      ...(end ? { annotations: { "k8s.io/initial-events-end": "true" } } : {}),
    };
    return `${JSON.stringify({ type: "BOOKMARK", object: { kind: endpoint.type.kind, apiVersion, metadata } })}\n`;
  };
  const line = (type: ChangeType, object: string) => `{"type":"${type}","object":${object}}\n`;
  if (form.as === "Table") {
    let first = true;
    return {
      event: (type, object) => {
        const table = tableOf(core, endpoint.strategy, [object], {
          form,
          query: request.query,
          metadata: { resourceVersion: object.metadata.resourceVersion },
          withoutColumns: !first,
        });
        first = false;
        return line(type, JSON.stringify(table));
      },
      bookmark,
    };
  }
  if (form.as !== undefined)
    return { event: (type, object) => line(type, JSON.stringify(partial(object, form))), bookmark };
  return {
    event: (type, object, json) =>
      line(
        type,
        json !== undefined && object.apiVersion === apiVersion
          ? json
          : JSON.stringify({ ...object, apiVersion }),
      ),
    bookmark,
  };
}
