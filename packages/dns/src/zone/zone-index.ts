import { encodeRecord } from "../wire/answer.ts";
import { TYPE } from "../wire/constants.ts";
import type { ZoneRecord } from "./record.ts";

/** What stands at one name. */
export interface ZoneNode {
  /** Wire form of the records of a type (by number); the owner's name is the question's. */
  encoded(type: number): readonly Buffer[];
  of<T extends ZoneRecord["type"]>(type: T): readonly Extract<ZoneRecord, { type: T }>[];
}

/**
 * The records of the cluster by name. Each Service owns its records; replacing them costs what changed. A name
 * without records exists when there is something below it.
 */
export class ZoneIndex {
  readonly #ttlSeconds: number;
  readonly #nodes = new Map<string, Node>();
  /** How many records stand below a name. */
  readonly #below = new Map<string, number>();
  readonly #owners = new Map<string, ReadonlyMap<string, ZoneRecord>>();

  constructor(ttlSeconds: number) {
    this.#ttlSeconds = ttlSeconds;
  }

  /** From now on these are the records of `owner`; an empty list removes it. */
  replace(owner: string, records: readonly ZoneRecord[]): void {
    const old = this.#owners.get(owner) ?? new Map<string, ZoneRecord>();
    const next = new Map(records.map((record) => [JSON.stringify(record), record]));
    for (const [text, record] of old) if (!next.has(text)) this.#remove(text, record);
    for (const [text, record] of next) if (!old.has(text)) this.#add(text, record);
    if (next.size === 0) this.#owners.delete(owner);
    else this.#owners.set(owner, next);
  }

  get(name: string): ZoneNode | undefined {
    return this.#nodes.get(name);
  }

  /** True when something stands below the name. */
  hasBelow(name: string): boolean {
    return this.#below.has(name);
  }

  #add(text: string, record: ZoneRecord): void {
    const node = this.#nodes.get(record.name) ?? new Node(this.#ttlSeconds);
    this.#nodes.set(record.name, node);
    if (node.add(text, record)) this.#countBelow(record.name, 1);
  }

  #remove(text: string, record: ZoneRecord): void {
    const node = this.#nodes.get(record.name);
    if (node?.remove(text)) {
      this.#countBelow(record.name, -1);
      if (node.empty) this.#nodes.delete(record.name);
    }
  }

  #countBelow(name: string, by: 1 | -1): void {
    for (let dot = name.indexOf("."); dot >= 0; dot = name.indexOf(".", dot + 1)) {
      const parent = name.slice(dot + 1);
      const count = (this.#below.get(parent) ?? 0) + by;
      if (count === 0) this.#below.delete(parent);
      else this.#below.set(parent, count);
    }
  }
}

/** Two Services may say the same of one name: a record is there until the last one takes it back. */
class Node implements ZoneNode {
  readonly #ttlSeconds: number;
  readonly #records = new Map<string, { record: ZoneRecord; owners: number }>();
  readonly #encoded = new Map<number, readonly Buffer[]>();

  constructor(ttlSeconds: number) {
    this.#ttlSeconds = ttlSeconds;
  }

  get empty(): boolean {
    return this.#records.size === 0;
  }

  /** True when the record is new. */
  add(text: string, record: ZoneRecord): boolean {
    const present = this.#records.get(text);
    if (present !== undefined) {
      present.owners++;
      return false;
    }
    this.#records.set(text, { record, owners: 1 });
    this.#encoded.clear();
    return true;
  }

  /** True when the record is gone. */
  remove(text: string): boolean {
    const present = this.#records.get(text);
    if (present === undefined || --present.owners > 0) return false;
    this.#records.delete(text);
    this.#encoded.clear();
    return true;
  }

  of<T extends ZoneRecord["type"]>(type: T): Extract<ZoneRecord, { type: T }>[] {
    const all = [...this.#records.values()].map(({ record }) => record);
    return all.filter((record): record is Extract<ZoneRecord, { type: T }> => record.type === type);
  }

  encoded(type: number): readonly Buffer[] {
    let encoded = this.#encoded.get(type);
    if (encoded === undefined) {
      encoded = [...this.#records.values()]
        .filter(({ record }) => TYPE[record.type] === type)
        .map(({ record }) =>
          encodeRecord({ type: record.type, ttlSeconds: this.#ttlSeconds, data: record.data }),
        );
      this.#encoded.set(type, encoded);
    }
    return encoded;
  }
}
