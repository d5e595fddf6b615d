import { StatusError } from "@jdos/apimachinery";
import type { ApiRequest, ApiResponse } from "../http/request.ts";
import type { OpenApi, ServedDocument } from "./document.ts";

/** Clients ask for "...v2@v1.0+protobuf", which is no well-formed media type; the answer names it with a dot. */
const PROTOBUF_V2 = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";
const JSON_TYPE = "application/json";

/** Answers /openapi/v2 and /openapi/v3; undefined when the path is none of theirs. */
export function handleOpenApi(openApi: OpenApi, request: ApiRequest): ApiResponse | undefined {
  const { path } = request;
  if (path === "/openapi/v2") return v2(openApi, request);
  if (path === "/openapi/v3" || path === "/openapi/v3/") {
    refuseProtobuf(request);
    return answer(request, openApi.v3Index(), JSON_TYPE);
  }
  if (!path.startsWith("/openapi/v3/")) return undefined;
  return v3(openApi, request, decodeURIComponent(path.slice("/openapi/v3/".length)));
}

function v2(openApi: OpenApi, request: ApiRequest): ApiResponse {
  const accept = request.headers.accept ?? "";
  if (accept.includes("proto-openapi")) return answer(request, openApi.v2("protobuf"), PROTOBUF_V2);
  return answer(request, openApi.v2("json"), JSON_TYPE);
}

function v3(openApi: OpenApi, request: ApiRequest, path: string): ApiResponse {
  const document = openApi.v3(path);
  if (document === undefined) {
    throw new StatusError("NotFound", "the server could not find the requested resource", { details: {} });
  }
  refuseProtobuf(request);
  const asked = request.query.get("hash");
  if (asked !== null && asked !== document.hash) {
    const location = `/openapi/v3/${path}?hash=${document.hash}`;
    return { status: 301, headers: { location }, body: "" };
  }
  const forever: Record<string, string> =
    asked === null ? {} : { "cache-control": "public, immutable", expires: inOneYear() };
  return answer(request, document, JSON_TYPE, forever);
}

/** Version 3 is given in JSON only; clients that prefer protobuf name JSON second. */
function refuseProtobuf({ headers: { accept = "" } }: ApiRequest): void {
  if (accept === "" || accept.includes("json") || accept.includes("*/*")) return;
  throw new StatusError("NotAcceptable", "only the following media types are accepted: application/json");
}

function inOneYear(): string {
  return new Date(Date.now() + 365 * 24 * 3600 * 1000).toUTCString();
}

function answer(
  request: ApiRequest,
  { body, etag }: ServedDocument,
  type: string,
  more: Readonly<Record<string, string>> = {},
): ApiResponse {
  const headers = { etag, vary: "Accept", ...more };
  if (request.headers["if-none-match"] === etag) return { status: 304, headers, body: "" };
  return { status: 200, headers: { "content-type": type, ...headers }, body };
}
