import { open, rename } from "node:fs/promises";
import { join } from "node:path";

/** Sentences first: a route that is known has its sentence. */
export const MAP_NAMES = ["sentences", "exact", "prefix"] as const;
/** The maps that routes are looked up in, in this order. */
export const ROUTE_MAPS = ["exact", "prefix"] as const;
export type MapName = (typeof MAP_NAMES)[number];

/** What stands in the directory that HAProxy and this process share. */
export interface Files {
  config: string;
  layout: string;
  adminSocket: string;
  masterSocket: string;
  maps: Readonly<Record<MapName, string>>;
}

export function filesIn(directory: string): Files {
  return {
    config: join(directory, "haproxy.cfg"),
    layout: join(directory, "layout.json"),
    adminSocket: join(directory, "admin.sock"),
    masterSocket: join(directory, "master.sock"),
    maps: {
      sentences: join(directory, "sentences.map"),
      exact: join(directory, "exact.map"),
      prefix: join(directory, "prefix.map"),
    },
  };
}

/** Replaces a file in one step; a kill leaves the old or the new text. */
export async function replaceFile(path: string, text: string): Promise<void> {
  const next = `${path}.next`;
  const file = await open(next, "w", 0o644);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(next, path);
}
