import { createHash } from "node:crypto";
import { DatabaseSync, type SQLOutputValue } from "node:sqlite";
import type { Delivery, NewDelivery, Verdict } from "./delivery.ts";
import { prepareSchema } from "./schema.ts";

export interface DeliveryBounds {
  /** Deliveries of a hook, and at most a quarter more; those that are open are kept besides. */
  perHook: number;
  /** Bodies of all hooks together. */
  bodyBytes: number;
  /** Ids and bodies of a hook that are known again. */
  seenPerHook: number;
}

export const DELIVERY_BOUNDS: DeliveryBounds = {
  perHook: 100,
  bodyBytes: 64 * 1024 * 1024,
  seenPerHook: 20_000,
};

interface Waiting {
  delivery: NewDelivery;
  resolve(recorded: boolean): void;
  reject(error: unknown): void;
}

const COLUMNS = "sequence, hook, id, time, event, outcome, message, application, build";

/**
 * Deliveries on the disk. What came in one turn of the event loop is one transaction, synced before it is acknowledged.
 */
export class DeliveryStore {
  readonly #database: DatabaseSync;
  readonly #bounds: DeliveryBounds;
  readonly #unpruned = new Map<string, number>();
  #waiting: Waiting[] = [];
  /** At most so many: what was deleted is counted until the next look. */
  #bodyBytes: number;

  constructor(path: string, bounds: Partial<DeliveryBounds> = {}) {
    this.#bounds = { ...DELIVERY_BOUNDS, ...bounds };
    this.#database = new DatabaseSync(path);
    prepareSchema(this.#database);
    this.#bodyBytes = this.#sumBodies();
  }

  /** Keeps a delivery; false: its id or its body came before. Resolves when it is on the disk. */
  record(delivery: NewDelivery): Promise<boolean> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ delivery, resolve, reject });
      if (this.#waiting.length === 1) setImmediate(() => this.#flush());
    });
  }

  #flush(): void {
    const group = this.#waiting;
    this.#waiting = [];
    let recorded: boolean[];
    try {
      recorded = this.#transaction(() => {
        const results = group.map(({ delivery }) => this.#insert(delivery));
        for (const { delivery } of group) this.#count(delivery);
        return results;
      });
    } catch (error) {
      for (const { reject } of group) reject(error);
      return;
    }
    group.forEach(({ resolve }, index) => {
      resolve(recorded[index] === true);
    });
  }

  #insert({ hook, id, time, event, body, headers, unique = true, ...verdict }: NewDelivery): boolean {
    const digest = createHash("sha256")
      .update(body ?? "")
      .digest("hex");
    const keys = [`id ${id}`, ...(unique && body !== undefined ? [`body ${digest}`] : [])];
    const known = this.#database.prepare("SELECT 1 FROM seen WHERE hook = ? AND key = ?");
    if (keys.some((key) => known.get(hook, key) !== undefined)) return false;
    const { lastInsertRowid } = this.#database
      .prepare(
        `INSERT INTO deliveries (hook, id, time, event, outcome, message, application, build, headers, body)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      )
      .run(
        hook,
        id,
        time,
        JSON.stringify(event),
        ...columnsOf(verdict),
        headers === undefined ? null : JSON.stringify(headers),
        body ?? null,
      );
    const see = this.#database.prepare("INSERT INTO seen (hook, key, sequence) VALUES (?, ?, ?)");
    for (const key of keys) see.run(hook, key, lastInsertRowid);
    return true;
  }

  /** Looks for what there is no room for now and then: it costs more than what it finds. */
  #count({ hook, body }: NewDelivery): void {
    const since = (this.#unpruned.get(hook) ?? this.#bounds.perHook) + 1;
    this.#unpruned.set(hook, since);
    if (since > this.#bounds.perHook / 4) {
      this.#pruneHook(hook);
      this.#unpruned.set(hook, 0);
    }
    this.#bodyBytes += body?.length ?? 0;
    if (this.#bodyBytes <= this.#bounds.bodyBytes) return;
    this.#pruneBodies();
    this.#bodyBytes = this.#sumBodies();
  }

  #sumBodies(): number {
    const row = this.#database
      .prepare("SELECT coalesce(sum(length(body)), 0) AS bytes FROM deliveries")
      .get();
    return Number(row?.bytes ?? 0);
  }

  #pruneHook(hook: string): void {
    const { perHook, seenPerHook } = this.#bounds;
    this.#database
      .prepare(
        `DELETE FROM deliveries WHERE hook = ?1 AND outcome NOT IN ('Queued', 'Building') AND sequence <=
           (SELECT sequence FROM deliveries WHERE hook = ?1 ORDER BY sequence DESC LIMIT 1 OFFSET ?2)`,
      )
      .run(hook, perHook);
    this.#database
      .prepare(
        `DELETE FROM seen WHERE hook = ?1 AND sequence <=
           (SELECT sequence FROM seen WHERE hook = ?1 ORDER BY sequence DESC LIMIT 1 OFFSET ?2)`,
      )
      .run(hook, seenPerHook);
  }

  /** The oldest bodies go first. */
  #pruneBodies(): void {
    this.#database
      .prepare(
        `UPDATE deliveries SET body = NULL WHERE sequence IN
           (SELECT sequence FROM (SELECT sequence, sum(length(body)) OVER (ORDER BY sequence DESC) AS together
              FROM deliveries WHERE body IS NOT NULL) WHERE together > ?)`,
      )
      .run(this.#bounds.bodyBytes);
  }

  /** Those of a hook that something is still to become of, the oldest first. */
  open(hook: string): Delivery[] {
    return this.#database
      .prepare(
        `SELECT ${COLUMNS} FROM deliveries WHERE hook = ? AND outcome IN ('Queued', 'Building') ORDER BY sequence`,
      )
      .all(hook)
      .map(deliveryOf);
  }

  /** The newest first. */
  latest(hook: string, limit: number): Delivery[] {
    return this.#database
      .prepare(`SELECT ${COLUMNS} FROM deliveries WHERE hook = ? ORDER BY sequence DESC LIMIT ?`)
      .all(hook, limit)
      .map(deliveryOf);
  }

  find(hook: string, id: string): Delivery | undefined {
    const row = this.#database
      .prepare(`SELECT ${COLUMNS} FROM deliveries WHERE hook = ? AND id = ? ORDER BY sequence DESC LIMIT 1`)
      .get(hook, id);
    return row === undefined ? undefined : deliveryOf(row);
  }

  /** The body as it came, if it is still kept. */
  received(sequence: number): { headers: Record<string, string>; body: Buffer } | undefined {
    const row = this.#database
      .prepare("SELECT headers, body FROM deliveries WHERE sequence = ?")
      .get(sequence);
    if (row?.body == null) return undefined;
    return { headers: JSON.parse(String(row.headers ?? "{}")), body: Buffer.from(row.body as Uint8Array) };
  }

  /** Says what became of deliveries. */
  settle(verdicts: ReadonlyMap<number, Verdict>): void {
    if (verdicts.size === 0) return;
    this.#transaction(() => {
      const update = this.#database.prepare(
        "UPDATE deliveries SET outcome = ?, message = ?, application = ?, build = ? WHERE sequence = ?",
      );
      for (const [sequence, verdict] of verdicts) update.run(...columnsOf(verdict), sequence);
    });
  }

  /** The request for a redelivery that was taken up last. */
  redelivered(hook: string): string | undefined {
    const row = this.#database.prepare("SELECT request FROM redelivered WHERE hook = ?").get(hook);
    return row === undefined ? undefined : String(row.request);
  }

  /** Takes a request for a redelivery up: once, whatever happens. */
  redeliver(hook: string, request: string, delivery?: NewDelivery): void {
    this.#transaction(() => {
      this.#database
        .prepare(
          "INSERT INTO redelivered (hook, request) VALUES (?, ?) ON CONFLICT DO UPDATE SET request = excluded.request",
        )
        .run(hook, request);
      if (delivery !== undefined) this.#insert(delivery);
    });
  }

  /** Forgets all hooks but these. */
  keepOnly(hooks: readonly string[]): void {
    const list = JSON.stringify(hooks);
    for (const hook of this.#unpruned.keys()) if (!hooks.includes(hook)) this.#unpruned.delete(hook);
    this.#transaction(() => {
      for (const table of ["deliveries", "seen", "redelivered"])
        this.#database
          .prepare(`DELETE FROM ${table} WHERE hook NOT IN (SELECT value FROM json_each(?))`)
          .run(list);
    });
    this.#database.exec("PRAGMA incremental_vacuum");
  }

  close(): void {
    this.#database.close();
  }

  #transaction<T>(work: () => T): T {
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      const result = work();
      this.#database.exec("COMMIT");
      return result;
    } catch (error) {
      this.#database.exec("ROLLBACK");
      throw error;
    }
  }
}

function columnsOf({ outcome, message, application, build }: Verdict): (string | null)[] {
  return [outcome, message, application ?? null, build ?? null];
}

function deliveryOf(row: Record<string, SQLOutputValue>): Delivery {
  const { sequence, hook, id, time, event, outcome, message, application, build } = row;
  return {
    sequence: Number(sequence),
    hook: String(hook),
    id: String(id),
    time: String(time),
    event: JSON.parse(String(event)),
    outcome: outcome as Delivery["outcome"],
    message: String(message),
    ...(application == null ? {} : { application: String(application) }),
    ...(build == null ? {} : { build: String(build) }),
  };
}
