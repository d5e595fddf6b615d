import { StatusError } from "@jdos/apimachinery";

/** What a path of the resource API names. */
export interface ResourceRequest {
  readonly kind: "resource";
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly namespace: string;
  /** Whether the path has namespaces/<name>/ before the resource. */
  readonly inNamespace: boolean;
  readonly name: string;
  readonly subresource: string | undefined;
  /** What follows the subresource: proxies. */
  readonly rest: string;
  /** The deprecated prefix watch/ . */
  readonly watch: boolean;
}

export interface PathRequest {
  readonly kind: "path";
}

/** Reads the shape of a path: a resource of the API, or something else. */
export function recognise(path: string): ResourceRequest | PathRequest {
  const parts = path.split("/");
  if (parts[1] === "api" && parts.length > 3) return resource("", parts[2]!, parts.slice(3));
  if (parts[1] === "apis" && parts.length > 4) return resource(decode(parts[2]!), parts[3]!, parts.slice(4));
  return { kind: "path" };
}

function resource(group: string, version: string, given: readonly string[]): ResourceRequest | PathRequest {
  const watch = given[0] === "watch" && given.length > 1;
  const parts = watch ? given.slice(1) : given;
  const base = { kind: "resource" as const, group, version: decode(version), watch };
  const inNamespace = parts[0] === "namespaces" && parts.length > 2 && !isNamespaceSubresource(parts[2]!);
  const [name, ...subresource] = inNamespace ? parts.slice(3) : parts.slice(1);
  const plural = inNamespace ? parts[2]! : parts[0]!;
  if (plural === "") return { kind: "path" };
  return {
    ...base,
    resource: decode(plural),
    namespace: inNamespace ? decode(parts[1]!) : "",
    inNamespace,
    name: decode(name ?? ""),
    subresource: subresource[0] === undefined || subresource[0] === "" ? undefined : decode(subresource[0]),
    rest: subresource.slice(1).join("/"),
  };
}

/** namespaces/<name>/status is the status of a Namespace, not a resource in it. */
function isNamespaceSubresource(part: string): boolean {
  return part === "status" || part === "finalize";
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch (error) {
    throw new StatusError("BadRequest", `the path segment "${part}" is not percent-encoded well`, {
      cause: error,
    });
  }
}
