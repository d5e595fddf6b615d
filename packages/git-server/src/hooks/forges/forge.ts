import type { IncomingHttpHeaders } from "node:http";
import type { ForgeName } from "@jdos/api";

/** A request as it came: the signature is over these bytes. */
export interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

interface FromForge {
  /** Every address by which the forge names the repository. */
  readonly repository: readonly string[];
  /** Who did it, as the forge says. */
  readonly sender?: string;
}

export interface PushEvent extends FromForge {
  readonly kind: "push";
  readonly refKind: "branch" | "tag";
  /** Without refs/heads/ and refs/tags/. */
  readonly ref: string;
  /** The commit; undefined: the ref is gone. */
  readonly revision?: string;
}

export interface PullRequestEvent extends FromForge {
  readonly kind: "pull_request";
  /** changed: opened, reopened, or another revision; other: its title, its labels. */
  readonly action: "changed" | "closed" | "other";
  readonly number: number;
  /** The branch that is to be merged. */
  readonly ref: string;
  readonly revision: string;
  /** It comes out of another repository than it goes to. */
  readonly fork: boolean;
}

export type HookEvent =
  | PushEvent
  | PullRequestEvent
  | { readonly kind: "ping" }
  | { readonly kind: "other"; readonly name: string };

/** How one forge sends. Headers have lower-case names. */
export interface Forge {
  readonly name: ForgeName;
  /** Whether there is a signature to check at all. */
  isSigned(headers: IncomingHttpHeaders): boolean;
  /** In constant time. */
  verify(received: Received, secret: string, now: Date): boolean;
  /** The signature is over the body alone: one that came before is a replay, whatever the delivery is called. */
  readonly signsBodyAlone: boolean;
  /** What the forge calls the delivery; the same when it sends it again. */
  deliveryId(headers: IncomingHttpHeaders): string | undefined;
  /** Headers that read() needs. */
  readonly eventHeaders: readonly string[];
  /** @throws PayloadError where a member that is needed is missing */
  read(headers: IncomingHttpHeaders, payload: unknown): HookEvent;
}
