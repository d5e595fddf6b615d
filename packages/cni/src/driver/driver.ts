import type { Attachment } from "../attachment-store.ts";

/** A way of giving a container its network. Every method may be repeated, also after half of it was done. */
export interface NetworkDriver {
  /** Address with prefix length, gateway, MTU and MAC as the container sees them. */
  describe(attachment: Attachment): { address: string; gateway: string; mac: string; mtu: number };
  /** Makes what all attachments share. */
  setUp(): Promise<void>;
  attach(attachment: Attachment): Promise<void>;
  /** Succeeds when nothing is there. */
  detach(attachment: Attachment): Promise<void>;
  /** @throws CniError NetworkDiffers */
  check(attachment: Attachment): Promise<void>;
  /** Removes everything on the machine that no attachment in the list owns. Returns how many things that were. */
  sweep(keep: readonly Attachment[]): Promise<number>;
  /** @throws CniError PluginUnavailable */
  status(): Promise<void>;
  /** Removes everything, the shared parts included. */
  tearDown(): Promise<void>;
}
