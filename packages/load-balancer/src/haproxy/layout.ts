import type { Backend, Desired, Server, TcpFrontend } from "../model/desired.ts";

/** A slot of a backend: a server, or room for one. */
export type Slot = Server | null;

export interface BackendLayout {
  name: string;
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

const MIN_SLOTS = 8;

/** The desired servers in slots: each stays where it is, new ones take free slots, and there is always room left. */
export function layOut({ backends, tcp }: Desired, previous: Layout): Layout {
  const before = new Map(previous.backends.map((backend) => [backend.name, backend]));
  return {
    backends: backends
      .map((backend) => layOutBackend(backend, before.get(backend.name)))
      .sort((a, b) => a.name.localeCompare(b.name)),
    tcp: [...tcp].sort((a, b) => a.port - b.port),
  };
}

function layOutBackend(
  { name, mode, servers, unavailable }: Backend,
  previous: BackendLayout | undefined,
): BackendLayout {
  const size = Math.max(previous?.slots.length ?? 0, slotsFor(servers.length));
  const slots: Slot[] = new Array<Slot>(size).fill(null);
  const waiting = new Map(servers.map((server) => [addressOf(server), server]));
  for (const [index, slot] of (previous?.slots ?? []).entries()) {
    const server = slot === null ? undefined : waiting.get(addressOf(slot));
    if (server === undefined) continue;
    slots[index] = server;
    waiting.delete(addressOf(server));
  }
  for (const server of waiting.values()) slots[freeSlot(slots, previous)] = server;
  return { name, mode, unavailable, slots };
}

/** Twice what is there, as a power of two: a rolling update of the whole backend fits without a reload. */
function slotsFor(servers: number): number {
  let size = MIN_SLOTS;
  while (size < servers * 2) size *= 2;
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
  return JSON.stringify([
    backends.map(({ name, mode, unavailable, slots }) => [name, mode, unavailable, slots.length]),
    tcp,
  ]);
}
