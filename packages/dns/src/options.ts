import { readFileSync } from "node:fs";
import type { Client } from "@jdos/client";
import { type Logger, type LogLevel, readSettings, setting } from "@jdos/component-base";
import type { ProcessInput } from "@jdos/controller-runtime";
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
  /** Defaults to the Pod's service account. */
  kubeconfig?: string;
  /** Defaults to the kubeconfig's current context. */
  context?: string;
  /** Defaults to "info". */
  logLevel?: LogLevel;
}

const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;

export const PROCESS_SETTINGS = {
  config: setting.text("a JSON file with all of this; flags and variables win"),
  kubeconfig: setting.text("how to reach the API; without it the Pod's service account"),
  context: setting.text("of the kubeconfig; without it the file's current context"),
  "listen-address": setting.list("where it answers; may be repeated; needed"),
  port: setting.integer("UDP and TCP; without it 53"),
  "cluster-domain": setting.text("without it cluster.local"),
  "reverse-cidr": setting.list("ranges whose reverse names are answered here alone; may be repeated"),
  "health-address": setting.address("/livez, /readyz and /metrics, as HOST:PORT; without it none"),
  "log-level": setting.choice("how much is logged", LOG_LEVELS),
};

/** Reads the options of the process; a flag wins over a variable, and both over the file. @throws DnsError InvalidOption */
export function readConfig(input: ProcessInput): DnsConfig {
  const given = read(input);
  const config = { ...(given.config === undefined ? {} : readFile(given.config)), ...named(given) };
  const { listen, port = 53 } = config;
  if (!Array.isArray(listen) || listen.length === 0 || !isPort(port)) {
    throw new DnsError("InvalidOption", "Cannot start the name server: an address to listen on is needed", {
      hint: "Start it with --listen-address ADDRESS, or --config FILE",
    });
  }
  return { ...config, listen };
}

/** What was given, by the names of the configuration file. */
function named(given: ReturnType<typeof read>): Partial<DnsConfig> {
  const lists = { listen: given["listen-address"], reverseCidrs: given["reverse-cidr"] };
  const single = {
    kubeconfig: given.kubeconfig,
    context: given.context,
    port: given.port,
    clusterDomain: given["cluster-domain"],
    health: given["health-address"],
    logLevel: given["log-level"],
  };
  return Object.fromEntries([
    ...Object.entries(single).filter(([, value]) => value !== undefined),
    ...Object.entries(lists).filter(([, value]) => value.length > 0),
  ]);
}

function read(input: ProcessInput) {
  try {
    return readSettings(PROCESS_SETTINGS, input);
  } catch (cause) {
    const { message, hint } = cause as Error & { hint?: string };
    throw new DnsError("InvalidOption", message, { cause, ...(hint === undefined ? {} : { hint }) });
  }
}

function readFile(path: string): Partial<DnsConfig> {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Partial<DnsConfig>;
  } catch (cause) {
    throw new DnsError(
      "InvalidOption",
      `Cannot read the configuration "${path}": ${(cause as Error).message}`,
      { cause },
    );
  }
}

function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 0 && port < 65536;
}
