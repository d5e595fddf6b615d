import type { Route } from "../model/desired.ts";
import type { MapName } from "./files.ts";
import type { Layout } from "./layout.ts";

/**
 * The entries of HAProxy's map files: routes to backends, and backends to what is said while nothing is ready. A route
 * that is shared says "backend:canary:weight".
 */
export function routeMaps(routes: readonly Route[], layout: Layout): Record<MapName, Map<string, string>> {
  const placed = layout.backends.filter(({ serves, mode }) => serves !== null && mode === "http");
  const names = new Map(placed.map(({ serves, name }) => [serves, name]));
  const maps: Record<MapName, Map<string, string>> = {
    exact: new Map(),
    prefix: new Map(),
    sentences: new Map(placed.map(({ name, unavailable }) => [name, unavailable])),
  };
  for (const { host, path, match, backend, canary } of routes) {
    const stable = names.get(backend);
    if (stable === undefined) continue;
    const other = canary && names.get(canary.backend);
    const name = other === undefined ? stable : `${stable}:${other}:${canary?.weight}`;
    if (match === "Exact") maps.exact.set(host + path, name);
    else maps.prefix.set(`${host}${path.replace(/\/+$/, "")}/`, name);
  }
  return maps;
}

/** The text of a map file. Keys hold no white space: hosts and paths are validated by the API server. */
export function renderMap(map: ReadonlyMap<string, string>): string {
  return [...map].map(([key, backend]) => `${key} ${backend}\n`).join("");
}
