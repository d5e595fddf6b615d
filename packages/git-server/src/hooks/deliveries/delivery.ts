import type { DeliveryOutcome } from "@jdos/api";
import type { HookEvent } from "../forges/forge.ts";

/** A delivery as it is kept. */
export interface Delivery {
  /** Counts up in the order in which they came. */
  readonly sequence: number;
  /** The Webhook's uid. */
  readonly hook: string;
  readonly id: string;
  readonly time: string;
  readonly event: HookEvent;
  readonly outcome: DeliveryOutcome;
  readonly message: string;
  /** The application that was built, and the Build. */
  readonly application?: string;
  readonly build?: string;
}

/** What becomes of a delivery. */
export interface Verdict {
  readonly outcome: DeliveryOutcome;
  readonly message: string;
  readonly application?: string;
  readonly build?: string;
}

export interface NewDelivery extends Verdict {
  readonly hook: string;
  readonly id: string;
  readonly time: string;
  readonly event: HookEvent;
  /** The body as it came, kept as long as there is room, with what is needed to read it again. */
  readonly body?: Buffer;
  readonly headers?: Readonly<Record<string, string>>;
  /** A body that came before is a replay too. Defaults to true. */
  readonly unique?: boolean;
}
