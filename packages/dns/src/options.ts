import { readFileSync } from "node:fs";
import type { Client } from "@jdos/client";
import type { Logger } from "@jdos/component-base";
import { DnsError } from "./errors.ts";
import type { Upstream } from "./forward/upstream.ts";

/** What the name server needs to know. */
export interface DnsOptions {
  /** Lists and watches Services and EndpointSlices. */
  client: Client;
  log: Logger;
  /** Where it answers, UDP and TCP; the first is also the address of ns.dns.<domain>. */
  listen: readonly string[];
  /** Defaults to 53; 0 takes a free one (tests). */
  port?: number;
  /** Defaults to "cluster.local". */
  clusterDomain?: string;
  /** Pod and Service ranges: their reverse names are answered here alone. */
  reverseCidrs?: readonly string[];
  /** Name servers for the rest. Defaults to those of `resolvConf`. */
  upstreams?: readonly Upstream[];
  /** Defaults to "/etc/resolv.conf"; read again when it changes. */
  resolvConf?: string;
  /** Defaults to 5. */
  ttlSeconds?: number;
  /** Health and metrics over HTTP; none when absent. */
  health?: { host: string; port: number };
}

/** The configuration file of the process: the options that can be written down, and how to reach the API. */
export interface DnsConfig extends Omit<DnsOptions, "client" | "log"> {
  kubeconfig: string;
  /** Defaults to "info". */
  logLevel?: "debug" | "info" | "warn" | "error";
}

/** Reads `--config FILE`. @throws DnsError InvalidOption */
export function readConfig(args: readonly string[]): DnsConfig {
  const at = args.indexOf("--config");
  const path = at < 0 ? undefined : args[at + 1];
  if (path === undefined) {
    throw new DnsError("InvalidOption", "Cannot start the name server: no configuration file", {
      hint: "Start it with --config FILE",
    });
  }
  let config: Partial<DnsConfig>;
  try {
    config = JSON.parse(readFileSync(path, "utf8")) as Partial<DnsConfig>;
  } catch (cause) {
    throw new DnsError(
      "InvalidOption",
      `Cannot read the configuration "${path}": ${(cause as Error).message}`,
      { cause },
    );
  }
  if (typeof config.kubeconfig !== "string" || !Array.isArray(config.listen) || config.listen.length === 0) {
    throw new DnsError(
      "InvalidOption",
      `Cannot use the configuration "${path}": kubeconfig and listen are needed`,
    );
  }
  return config as DnsConfig;
}
