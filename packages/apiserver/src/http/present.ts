import { apiVersionOf } from "@jdos/apimachinery";
import type { Call, Core } from "../registry/call.ts";
import type { ListResult } from "../registry/list.ts";
import type { StoredObject } from "../storage/event.ts";
import { JSON_TYPE, value, warningHeaders } from "./answer.ts";
import type { ResourceCall } from "./call-of.ts";
import { type AnswerForm, negotiate } from "./negotiate.ts";
import type { ApiResponse } from "./request.ts";
import { STREAMED_ITEMS, streamList } from "./stream-list.ts";
import { tableOf } from "./table.ts";

/** Answers with one object in the form the caller asked for. */
export function answerObject(
  core: Core,
  resourceCall: ResourceCall,
  status: number,
  object: unknown,
): ApiResponse {
  const { request, call, warnings } = resourceCall;
  const form = negotiate(request.headers.accept);
  return value(status, formed(core, call, object, { form, query: request.query }), {
    form,
    pretty: wantsPretty(request.query, request.headers["user-agent"]),
    headers: warningHeaders(warnings),
  });
}

function formed(
  core: Core,
  call: Call,
  object: unknown,
  { form, query }: { form: AnswerForm; query: URLSearchParams },
): unknown {
  if (!isStored(object)) return object;
  if (form.as === "Table")
    return tableOf(core, call.endpoint.strategy, [object], {
      form,
      query,
      metadata: { resourceVersion: object.metadata.resourceVersion },
    });
  return form.as === "PartialObjectMetadata" ? partial(object, form) : object;
}

function isStored(object: unknown): object is StoredObject {
  return (
    typeof object === "object" &&
    object !== null &&
    (object as { kind?: string }).kind !== "Status" &&
    typeof (object as { metadata?: { uid?: unknown } }).metadata?.uid === "string"
  );
}

/** Answers with a list in the form the caller asked for. */
export function answerList(
  core: Core,
  { request, call, warnings }: ResourceCall,
  { items, metadata }: ListResult,
): ApiResponse {
  const form = negotiate(request.headers.accept);
  const options = {
    form,
    pretty: wantsPretty(request.query, request.headers["user-agent"]),
    headers: warningHeaders(warnings),
  };
  if (form.as === "Table") {
    return value(
      200,
      tableOf(core, call.endpoint.strategy, items, { form, query: request.query, metadata }),
      options,
    );
  }
  const { type } = call.endpoint;
  if (form.as === "PartialObjectMetadataList" || form.as === "PartialObjectMetadata") {
    return value(
      200,
      {
        kind: "PartialObjectMetadataList",
        apiVersion: metaVersion(form),
        metadata,
        items: items.map((item) => partial(item, form)),
      },
      options,
    );
  }
  const head = { kind: `${type.kind}List`, apiVersion: apiVersionOf(type), metadata };
  if (items.length >= STREAMED_ITEMS && form.format === "json") {
    return {
      status: 200,
      headers: { "content-type": JSON_TYPE, ...options.headers },
      body: streamList(head, items),
      compressible: true,
    };
  }
  return value(200, { kind: `${type.kind}List`, apiVersion: apiVersionOf(type), metadata, items }, options);
}

/** The metadata alone. */
export function partial({ metadata }: StoredObject, form: AnswerForm): unknown {
  return { kind: "PartialObjectMetadata", apiVersion: metaVersion(form), metadata };
}

export function metaVersion(form: AnswerForm): string {
  return `meta.k8s.io/${form.version ?? "v1"}`;
}

function wantsPretty(query: URLSearchParams, agent: string | undefined): boolean {
  const asked = query.get("pretty");
  if (asked !== null) return asked !== "false" && asked !== "0";
  return agent !== undefined && /^(curl|Wget|Mozilla\/5\.0)/.test(agent);
}
