import type { Frontend } from "./frontend.ts";
import { chainOf, chainText, mapsOf, type RulesetOptions, skeleton, slotKey } from "./ruleset.ts";
import { placeInSlots } from "./slots.ts";

interface Installed {
  readonly service: string;
  readonly frontend: Frontend;
}

/** What changed for connections that are tracked: UDP has no end of its own, so its old entries must be removed. */
export interface StaleFlows {
  readonly key: string;
  /** Endpoints that are gone; when empty, the frontend had none before. */
  readonly endpoints: readonly string[];
}

export interface TableChange {
  /** Input for `nft -f`; "" when nothing changes. */
  readonly script: string;
  readonly stale: readonly StaleFlows[];
}

/**
 * The rules as the kernel has them, and the smallest script from there to what is wanted. The state moves on when a
 * change is computed; when the kernel refuses it, `rebuild()` starts anew.
 */
export class ServiceTable {
  readonly #options: RulesetOptions;
  #installed = new Map<string, Installed>();
  #byService = new Map<string, ReadonlySet<string>>();
  #chains = new Set<string>();
  /** How many frontends lead to an address. */
  #targets = new Map<string, number>();

  constructor(options: RulesetOptions) {
    this.#options = options;
  }

  /** The whole table in one transaction, for any state of the kernel. */
  rebuild(services: ReadonlyMap<string, readonly Frontend[]>): string {
    this.#installed = new Map();
    this.#byService = new Map();
    this.#chains = new Set();
    this.#targets = new Map();
    return skeleton(this.#options) + this.change(services).script;
  }

  /** From the present state of the named Services to their frontends; an empty list removes a Service. */
  change(services: ReadonlyMap<string, readonly Frontend[]>): TableChange {
    const edit = new Edit(this.#options.table);
    const stale: StaleFlows[] = [];
    for (const [service, frontends] of services) {
      const wanted = new Map(frontends.map((frontend) => [frontend.key, frontend]));
      for (const key of this.#byService.get(service) ?? []) {
        if (!wanted.has(key)) this.#move({ service, key, edit, stale });
      }
      const kept = new Set<string>();
      for (const frontend of wanted.values()) {
        const owner = this.#installed.get(frontend.key)?.service ?? service;
        if (owner !== service) continue;
        this.#move({ service, key: frontend.key, next: frontend, edit, stale });
        kept.add(frontend.key);
      }
      if (kept.size === 0) this.#byService.delete(service);
      else this.#byService.set(service, kept);
    }
    return { script: edit.text(), stale };
  }

  #move({ service, key, next, edit, stale }: Move): void {
    const old = this.#installed.get(key)?.frontend;
    const placed = next && { ...next, endpoints: placeInSlots(old?.endpoints ?? [], next.endpoints) };
    if (old !== undefined) this.#withdraw(old, placed, edit);
    if (placed !== undefined) this.#install(placed, old, edit);

    if (placed === undefined) this.#installed.delete(key);
    else this.#installed.set(key, { service, frontend: placed });
    const flows = staleFlows(key, old, placed);
    if (flows !== undefined) stale.push(flows);
  }

  #withdraw(old: Frontend, next: Frontend | undefined, edit: Edit): void {
    const maps = mapsOf(old);
    if (old.endpoints.length > 0 && (next === undefined || chainOf(old) !== chainOf(next))) {
      edit.remove(maps.frontends, old.key);
    }
    old.endpoints.forEach((endpoint, slot) => {
      if (next?.endpoints[slot] !== endpoint) edit.remove(maps.endpoints, slotKey(old, slot));
    });
    for (const endpoint of old.endpoints) this.#count(endpoint, -1, edit);
  }

  #install(next: Frontend, old: Frontend | undefined, edit: Edit): void {
    const maps = mapsOf(next);
    const chain = chainOf(next);
    next.endpoints.forEach((endpoint, slot) => {
      if (old?.endpoints[slot] !== endpoint) edit.add(maps.endpoints, `${slotKey(next, slot)} : ${endpoint}`);
    });
    for (const endpoint of next.endpoints) this.#count(endpoint, 1, edit);
    if (next.endpoints.length === 0) return;
    if (!this.#chains.has(chain)) {
      this.#chains.add(chain);
      edit.chain(`chain ${chain} { ${chainText(next)}; }`);
    }
    if (old === undefined || old.endpoints.length === 0 || chainOf(old) !== chain) {
      edit.add(maps.frontends, `${next.key} : goto ${chain}`);
    }
  }

  /** A Pod that reaches itself through a Service needs another source address. */
  #count(endpoint: string, by: 1 | -1, edit: Edit): void {
    const address = endpoint.slice(0, endpoint.indexOf(" "));
    const before = this.#targets.get(address) ?? 0;
    const after = before + by;
    if (after === 0) this.#targets.delete(address);
    else this.#targets.set(address, after);
    if (before === 0) edit.add("hairpins", `${address} . ${address}`);
    if (after === 0) edit.remove("hairpins", `${address} . ${address}`);
  }
}

interface Move {
  service: string;
  key: string;
  /** Absent: the frontend is removed. */
  next?: Frontend;
  edit: Edit;
  stale: StaleFlows[];
}

function staleFlows(
  key: string,
  old: Frontend | undefined,
  next: Frontend | undefined,
): StaleFlows | undefined {
  const protocol = (next ?? old)?.protocol;
  if (protocol !== "udp") return undefined;
  const remaining = new Set(next?.endpoints);
  const gone = old?.endpoints.filter((endpoint) => !remaining.has(endpoint)) ?? [];
  const opened = (old?.endpoints.length ?? 0) === 0 && remaining.size > 0;
  return gone.length > 0 || opened ? { key, endpoints: gone } : undefined;
}

/** Collects the elements of one transaction; removals come first, so that a key may get another value. */
class Edit {
  readonly #table: string;
  readonly #removed = new Map<string, Set<string>>();
  readonly #added = new Map<string, Set<string>>();
  readonly #chains: string[] = [];

  constructor(table: string) {
    this.#table = table;
  }

  add(map: string, element: string): void {
    if (this.#removed.get(map)?.delete(element)) return;
    elementsOf(this.#added, map).add(element);
  }

  remove(map: string, element: string): void {
    if (this.#added.get(map)?.delete(element)) return;
    elementsOf(this.#removed, map).add(element);
  }

  chain(text: string): void {
    this.#chains.push(text);
  }

  text(): string {
    const line =
      (verb: string) =>
      ([map, elements]: [string, Set<string>]) =>
        elements.size === 0
          ? ""
          : `${verb} element inet ${this.#table} ${map} { ${[...elements].join(", ")} }\n`;
    const chains =
      this.#chains.length === 0 ? "" : `table inet ${this.#table} {\n  ${this.#chains.join("\n  ")}\n}\n`;
    return [chains, ...[...this.#removed].map(line("delete")), ...[...this.#added].map(line("add"))].join("");
  }
}

function elementsOf(map: Map<string, Set<string>>, name: string): Set<string> {
  const elements = map.get(name) ?? new Set();
  map.set(name, elements);
  return elements;
}
