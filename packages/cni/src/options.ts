import type { Logger, Metrics } from "@jdos/component-base";

/** A port of a Service. */
export interface Listener {
  readonly protocol: "tcp" | "udp";
  readonly address: string;
  readonly port: number;
}

/** What the network of one node needs to know. Paths are absolute; the socket's path must stay under 108 bytes. */
export interface CniOptions {
  instance: number;
  /** Name of the bridge: at most 9 characters. */
  bridge: string;
  podCidr: string;
  /** The bridge's own address. */
  gateway: string;
  serviceCidr: string;
  /** What confined Pods reach within the ranges of Pods and Services. Defaults to nothing. */
  openToConfined?: readonly Listener[];
  /** Holds the socket cni.sock. */
  runDir: string;
  /** Holds the addresses that are given: attachments.db. */
  dataDir: string;
  cniBinDir: string;
  cniConfDir: string;
  /** Defaults to 1500. */
  mtu?: number;
  log: Logger;
  metrics?: Metrics;
  /** Ids of the sandboxes that the runtime knows, asked once at the start. */
  validAttachments?(): Promise<ReadonlySet<string>>;
  /** How often what was lost is looked for. Defaults to 60. */
  reconcileSeconds?: number;
}

/** The name of the table follows from the instance. */
export function tableOf(instance: number): string {
  return `jdos${instance}-pods`;
}
