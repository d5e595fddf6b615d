import { type KubeObject, messageOf, StatusError } from "@jdos/apimachinery";
import { parse as parseYaml } from "yaml";
import { declarations } from "../openapi/index.ts";
import { isRecord } from "../patch/merge-patch.ts";
import { decodeProtobuf, PROTOBUF } from "../protobuf/index.ts";
import type { ApiRequest } from "./request.ts";

export const MAX_BODY_BYTES = 3 * 1024 * 1024;

/** "application/json", without parameters. */
export function mediaTypeOf(header: string | undefined): string {
  return (header ?? "").split(";", 1)[0]!.trim().toLowerCase();
}

/** Reads an object in JSON, YAML or Kubernetes' binary form. */
export async function readObject(request: ApiRequest): Promise<KubeObject> {
  const body = await request.body();
  const mediaType = mediaTypeOf(request.headers["content-type"]);
  if (mediaType === PROTOBUF) return decodeProtobuf(body, declarations);
  const value = parseAs(mediaType, body.toString("utf8"));
  if (!isRecord(value)) {
    throw new StatusError(
      "BadRequest",
      "the object provided is unrecognized (must be of type object): couldn't get version/kind; json parse error: the body is no object",
    );
  }
  return value as KubeObject;
}

/** Reads an object if there is a body: DeleteOptions may be left out. */
export async function readOptionalObject(request: ApiRequest): Promise<Record<string, unknown>> {
  const body = await request.body();
  if (body.length === 0) return {};
  const mediaType = mediaTypeOf(request.headers["content-type"]);
  const value =
    mediaType === PROTOBUF ? decodeProtobuf(body, declarations) : parseAs(mediaType, body.toString("utf8"));
  if (!isRecord(value))
    throw new StatusError("BadRequest", "the body must be an object of kind DeleteOptions");
  return value;
}

function parseAs(mediaType: string, text: string): unknown {
  switch (mediaType) {
    case "":
    case "application/json":
      return parseJson(text);
    case "application/yaml":
    case "application/x-yaml":
    case "text/yaml":
      return parseYamlBody(text);
    default:
      throw unsupported(["application/json", "application/yaml", PROTOBUF]);
  }
}

/** @throws StatusError BadRequest */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new StatusError("BadRequest", `couldn't get version/kind; json parse error: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/** @throws StatusError BadRequest */
export function parseYamlBody(text: string): unknown {
  try {
    return parseYaml(text, { maxAliasCount: 100 });
  } catch (error) {
    throw new StatusError("BadRequest", `error converting YAML to JSON: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

export function unsupported(accepted: readonly string[]): StatusError {
  return new StatusError(
    "UnsupportedMediaType",
    `the body of the request was in an unknown format - accepted media types include: ${accepted.join(", ")}`,
  );
}

export function tooLarge(): StatusError {
  return new StatusError("RequestEntityTooLarge", `Request entity too large: limit is ${MAX_BODY_BYTES}`);
}
