import { RCODE, TYPE } from "../wire/constants.ts";
import { type RecordPlace, recordPlaces } from "../wire/walk.ts";

interface Entry {
  readonly message: Buffer;
  readonly ttlOffsets: readonly number[];
  readonly storedMillis: number;
  readonly expiresMillis: number;
}

export interface AnswerCacheOptions {
  maxEntries: number;
  maxTtlSeconds: number;
  maxNegativeTtlSeconds: number;
  nowMillis(): number;
}

/** Answers of upstream servers for as long as their TTL allows; the least recently used goes first. */
export class AnswerCache {
  readonly #options: AnswerCacheOptions;
  readonly #entries = new Map<string, Entry>();

  constructor(options: AnswerCacheOptions) {
    this.#options = options;
  }

  /** A copy with the TTLs that are left; its id is that of the question it was stored for. */
  get(key: string): Buffer | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    const now = this.#options.nowMillis();
    this.#entries.delete(key);
    if (now >= entry.expiresMillis) return undefined;
    this.#entries.set(key, entry);
    const message = Buffer.from(entry.message);
    const passed = Math.floor((now - entry.storedMillis) / 1000);
    for (const offset of entry.ttlOffsets) {
      message.writeUInt32BE(Math.max(0, message.readUInt32BE(offset) - passed), offset);
    }
    return message;
  }

  put(key: string, message: Buffer): void {
    const records = recordPlaces(message).filter(({ type }) => type !== TYPE.OPT);
    const ttlSeconds = this.#ttlSeconds(message, records);
    if (ttlSeconds <= 0) return;
    const now = this.#options.nowMillis();
    this.#entries.delete(key);
    this.#entries.set(key, {
      message,
      ttlOffsets: records.map(({ ttlOffset }) => ttlOffset),
      storedMillis: now,
      expiresMillis: now + ttlSeconds * 1000,
    });
    if (this.#entries.size > this.#options.maxEntries) {
      const oldest = this.#entries.keys().next().value;
      if (oldest !== undefined) this.#entries.delete(oldest);
    }
  }

  /** 0: not to be kept. */
  #ttlSeconds(message: Buffer, records: readonly RecordPlace[]): number {
    const rcode = message[3]! & 15;
    if (rcode !== RCODE.NOERROR && rcode !== RCODE.NXDOMAIN) return 0;
    const answers = records.filter(({ section }) => section === "answer");
    const shortest = Math.min(...records.map(({ ttl }) => ttl));
    if (rcode === RCODE.NOERROR && answers.length > 0) return Math.min(shortest, this.#options.maxTtlSeconds);
    const soa = records.find(({ section, type }) => section === "authority" && type === TYPE.SOA);
    if (soa === undefined) return 0;
    const minimum = message.readUInt32BE(soa.end - 4);
    return Math.min(soa.ttl, minimum, this.#options.maxNegativeTtlSeconds);
  }
}
