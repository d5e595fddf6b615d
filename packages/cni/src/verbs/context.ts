import type { Logger } from "@jdos/component-base";
import type { AttachmentStore } from "../attachment-store.ts";
import type { NetworkDriver } from "../driver/driver.ts";

/** What every verb works with. */
export interface VerbContext {
  readonly store: AttachmentStore;
  readonly driver: NetworkDriver;
  readonly log: Logger;
  /** Name of bridge and prefix of the veth ends. */
  readonly bridge: string;
}
