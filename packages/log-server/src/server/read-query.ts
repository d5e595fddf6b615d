import type { LogStoreQuery } from "@jdos/api";
import { LogServerError } from "../errors.ts";

const TEXTS = ["system", "application", "pod", "container", "since", "until", "contains", "cursor"] as const;
const MAX_TEXT = 1000;

/** The question of a request's query string. @throws LogServerError BadRequest */
export function readQuery(parameters: URLSearchParams): LogStoreQuery {
  const query: Partial<Record<keyof LogStoreQuery, unknown>> = {};
  for (const [name, value] of parameters) {
    if (value.length > MAX_TEXT) throw wrong(name, `it is longer than ${MAX_TEXT} characters`);
    if ((TEXTS as readonly string[]).includes(name)) query[name as keyof LogStoreQuery] = value;
    else if (name === "limit" || name === "release") query[name] = numberOf(name, value);
    else if (name === "order") query.order = oneOf(name, value, ["newest", "oldest"]);
    else if (name === "stream") query.stream = oneOf(name, value, ["stdout", "stderr"]);
    else throw wrong(name, "there is no such parameter");
  }
  for (const name of ["system", "application"] as const)
    if (query[name] === undefined || query[name] === "") throw wrong(name, "it is missing");
  return query as LogStoreQuery;
}

function numberOf(name: string, value: string): number {
  if (/^\d{1,9}$/.test(value)) return Number(value);
  throw wrong(name, `"${value}" is not a whole number`);
}

function oneOf(name: string, value: string, words: readonly string[]): string {
  if (words.includes(value)) return value;
  throw wrong(name, `"${value}" is not one of ${words.join(", ")}`);
}

function wrong(name: string, state: string): LogServerError {
  return new LogServerError("BadRequest", `Cannot read "${name}": ${state}`);
}
