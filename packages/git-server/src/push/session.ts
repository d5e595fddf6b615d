import { randomUUID } from "node:crypto";
import type { AccessView } from "@jdos/api";
import type { RepositoryName } from "../repositories/repository-name.ts";

/** One push under way: whose, and of what. The token stays in memory. */
export interface PushSession {
  readonly id: string;
  readonly name: RepositoryName;
  readonly token: string;
  access: AccessView;
  /** Called when its pack is here and checked. */
  readonly received: () => void;
}

export class PushSessions {
  readonly #sessions = new Map<string, PushSession>();

  open(session: Omit<PushSession, "id">): PushSession {
    const opened = { ...session, id: randomUUID() };
    this.#sessions.set(opened.id, opened);
    return opened;
  }

  find(id: string): PushSession | undefined {
    return this.#sessions.get(id);
  }

  close({ id }: PushSession): void {
    this.#sessions.delete(id);
  }
}
