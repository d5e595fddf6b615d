import type { Route } from "../model/desired.ts";
import type { MapName } from "./files.ts";

/** The routes as the entries of HAProxy's map files: key -> backend. */
export function routeMaps(routes: readonly Route[]): Record<MapName, Map<string, string>> {
  const maps: Record<MapName, Map<string, string>> = { exact: new Map(), prefix: new Map() };
  for (const { host, path, match, backend } of routes) {
    if (match === "Exact") maps.exact.set(host + path, backend);
    else maps.prefix.set(`${host}${path.replace(/\/+$/, "")}/`, backend);
  }
  return maps;
}

/** The text of a map file. Keys hold no white space: hosts and paths are validated by the API server. */
export function renderMap(map: ReadonlyMap<string, string>): string {
  return [...map].map(([key, backend]) => `${key} ${backend}\n`).join("");
}
