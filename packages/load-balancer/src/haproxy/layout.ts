import type { Backend, Desired, Server, TcpFrontend } from "../model/desired.ts";

/** A slot of a backend: a server, or room for one. */
export type Slot = Server | null;

export interface BackendLayout {
  /** HAProxy's name for it. */
  name: string;
  /** Name of the wanted backend that stands here; null: room for one. */
  serves: string | null;
  mode: "http" | "tcp";
  unavailable: string;
  slots: Slot[];
}

/** How the servers stand in HAProxy's backends. */
export interface Layout {
  backends: BackendLayout[];
  tcp: TcpFrontend[];
}

export const EMPTY_LAYOUT: Layout = { backends: [], tcp: [] };

const MIN_SLOTS = 16;
const MIN_BACKENDS = 16;

/**
 * The desired backends in a pool of HTTP backends, and their servers in slots: each stays where it is, new ones take
 * what is free, and there is room left. A new application, and a few more Pods of one, thus need no new worker,
 * which would end connections that clients keep open.
 */
export function layOut({ backends, tcp }: Desired, previous: Layout): Layout {
  const before = new Map(previous.backends.map((backend) => [backend.name, backend]));
  const named = backends
    .filter(({ mode }) => mode === "tcp")
    .map((backend) => layOutBackend({ backend, name: backend.name, previous: before.get(backend.name) }))
    .sort((a, b) => a.name.localeCompare(b.name));
  const http = backends.filter(({ mode }) => mode === "http");
  const pool = previous.backends.filter(({ mode, serves }) => mode === "http" && serves !== undefined);
  return { backends: [...layOutPool(http, pool), ...named], tcp: [...tcp].sort((a, b) => a.port - b.port) };
}

/** What became free in this very round is not given again: requests to its former owner may be under way. */
function layOutPool(wanted: readonly Backend[], previous: readonly BackendLayout[]): BackendLayout[] {
  const waiting = new Map(wanted.map((backend) => [backend.name, backend]));
  const places: (Backend | null | undefined)[] = previous.map(({ serves }) => {
    if (serves === null) return undefined;
    const backend = waiting.get(serves) ?? null;
    waiting.delete(serves);
    return backend;
  });
  const free = places.filter((place) => place === undefined).length;
  const size = poolSize(places.length, waiting.size - free);
  while (places.length < size) places.push(undefined);
  const newcomers = [...waiting.values()];
  return places.map((place, index) =>
    layOutBackend({
      backend: place === undefined ? (newcomers.shift() ?? null) : place,
      name: `http-${index}`,
      previous: previous[index],
    }),
  );
}

function poolSize(present: number, missing: number): number {
  let size = Math.max(present, MIN_BACKENDS);
  while (size < present + missing) size *= 2;
  return size;
}

interface Place {
  backend: Backend | null;
  name: string;
  previous: BackendLayout | undefined;
}

function layOutBackend({ backend, name, previous }: Place): BackendLayout {
  const { mode = "http", servers = [], unavailable = "" } = backend ?? {};
  const size = Math.max(previous?.slots.length ?? 0, slotsFor(servers));
  const slots: Slot[] = new Array<Slot>(size).fill(null);
  const waiting = new Map(servers.map((server) => [addressOf(server), server]));
  for (const [index, slot] of (previous?.slots ?? []).entries()) {
    const server = slot === null ? undefined : waiting.get(addressOf(slot));
    if (server === undefined) continue;
    slots[index] = server;
    waiting.delete(addressOf(server));
  }
  for (const server of waiting.values()) slots[freeSlot(slots, previous)] = server;
  return { name, serves: backend?.name ?? null, mode, unavailable, slots };
}

/**
 * Twice what is ready, as a power of two: a rolling update of the whole backend fits without a reload. Servers that
 * drain go away by themselves: they need room, but ask for none to spare.
 */
function slotsFor(servers: readonly Server[]): number {
  const ready = servers.filter(({ state }) => state === "ready").length;
  let size = MIN_SLOTS;
  while (size < Math.max(ready * 2, servers.length)) size *= 2;
  return size;
}

/** A slot that was free before is taken first, so that requests under way keep the slot they are counted in. */
function freeSlot(slots: readonly Slot[], previous: BackendLayout | undefined): number {
  const untouched = slots.findIndex(
    (slot, index) => slot === null && (previous?.slots[index] ?? null) === null,
  );
  return untouched >= 0 ? untouched : slots.indexOf(null);
}

export function addressOf({ address, port }: Pick<Server, "address" | "port">): string {
  return `${address}:${port}`;
}

/** What cannot be changed at run time; equal shapes need no reload. */
export function shapeOf({ backends, tcp }: Layout): string {
  return JSON.stringify([backends.map(({ name, mode, slots }) => [name, mode, slots.length]), tcp]);
}
