import type { Usage } from "@jdos/apimachinery";
import type { StoredObject } from "../storage/event.ts";
import type { Store } from "../storage/store.ts";

interface Account {
  readonly committed: Map<string, number>;
  /** Of writes on their way: by the name of the object. */
  readonly reserved: Map<string, Usage>;
}

/** What the objects of one resource use in each namespace, kept up to date by the writes themselves. */
export class QuotaLedger {
  readonly #accounts = new Map<string, Account>();

  /** Counts what is there and follows what comes. */
  constructor(store: Store, resource: string, usage: (object: object) => Usage) {
    for (const object of store.table(resource).values()) this.#add(object, usage(object), 1);
    store.watch(
      resource,
      { matches: () => true },
      {
        after: store.revision,
        sink: {
          event: (type, { object, old }) => {
            if (old !== undefined) this.#add(old, usage(old), -1);
            if (type !== "DELETED") this.#add(object, usage(object), 1);
            this.release(object.metadata.namespace ?? "", object.metadata.name);
          },
          end: () => {},
        },
      },
    );
  }

  #account(namespace: string): Account {
    let account = this.#accounts.get(namespace);
    if (account === undefined) {
      account = { committed: new Map(), reserved: new Map() };
      this.#accounts.set(namespace, account);
    }
    return account;
  }

  #add({ metadata: { namespace = "" } }: StoredObject, usage: Usage, sign: 1 | -1): void {
    const { committed } = this.#account(namespace);
    for (const [key, amount] of Object.entries(usage))
      committed.set(key, (committed.get(key) ?? 0) + sign * amount);
  }

  /** What is used, reservations included. */
  used(namespace: string, key: string): number {
    const { committed, reserved } = this.#account(namespace);
    let sum = committed.get(key) ?? 0;
    for (const usage of reserved.values()) sum += usage[key] ?? 0;
    return sum;
  }

  reserve(namespace: string, name: string, usage: Usage): void {
    this.#account(namespace).reserved.set(name, usage);
  }

  release(namespace: string, name: string): void {
    this.#account(namespace).reserved.delete(name);
  }
}
