import type { Client } from "@jdos/client";

/** A test under faults proves something from this many on; chance gives several times as many, so that fewer are a fault of the test. */
export const ENOUGH_FAULTS = 5;

/** Which share of the writes of an unreliable client fails, and how many have. */
export class WriteFaults {
  /** 0 to 1; may be changed at any time. */
  share = 0;
  failed = 0;

  /** Whoever is killed between two writes is told so by the next run; here a write fails instead, before or after it is made. */
  of(real: Client): Client {
    return new Proxy(real, {
      get: (target, name) => {
        const member = Reflect.get(target, name, target);
        if (typeof member !== "function") return member;
        if (!["create", "update", "patch", "delete"].includes(String(name))) return member.bind(target);
        return (...args: unknown[]) => this.#write(() => member.apply(target, args));
      },
    });
  }

  async #write<T>(write: () => Promise<T>): Promise<T> {
    const dice = Math.random();
    if (dice < this.share) this.failed++;
    if (dice < this.share / 2) throw new Error("killed before the write");
    const result = await write();
    if (dice < this.share) throw new Error("killed after the write");
    return result;
  }
}
