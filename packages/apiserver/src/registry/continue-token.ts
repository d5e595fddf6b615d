import { StatusError } from "@jdos/apimachinery";

/** Where a page ended, and the revision of the first page: events after it tell what later pages miss. */
export interface ContinueToken {
  revision: number;
  namespace: string;
  name: string;
}

export function encodeContinue({ revision, namespace, name }: ContinueToken): string {
  return Buffer.from(
    JSON.stringify({ v: "meta.k8s.io/v1", rv: revision, start: `${namespace}/${name}` }),
  ).toString("base64url");
}

/** @throws StatusError BadRequest */
export function decodeContinue(text: string): ContinueToken {
  try {
    const { v, rv, start } = JSON.parse(Buffer.from(text, "base64url").toString()) as {
      v: unknown;
      rv: unknown;
      start: unknown;
    };
    if (v !== "meta.k8s.io/v1" || typeof rv !== "number" || typeof start !== "string")
      throw new Error("a member is missing");
    const slash = start.indexOf("/");
    return { revision: rv, namespace: start.slice(0, slash), name: start.slice(slash + 1) };
  } catch (error) {
    throw new StatusError("BadRequest", "continue key is not valid: the token cannot be read", {
      cause: error,
    });
  }
}
