import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
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

const FLAGS = {
  config: { type: "string" },
  kubeconfig: { type: "string" },
  "listen-address": { type: "string", multiple: true },
  port: { type: "string" },
  "cluster-domain": { type: "string" },
  "reverse-cidr": { type: "string", multiple: true },
  "health-address": { type: "string" },
} as const;

/** Reads the arguments of the process; a flag wins over the file of `--config`. @throws DnsError InvalidOption */
export function readConfig(args: readonly string[]): DnsConfig {
  const flags = readFlags(args);
  const file = flags.config === undefined ? {} : readFile(flags.config);
  const config: Partial<DnsConfig> = {
    ...file,
    ...(flags.kubeconfig === undefined ? {} : { kubeconfig: flags.kubeconfig }),
    ...(flags["listen-address"] === undefined ? {} : { listen: flags["listen-address"] }),
    ...(flags.port === undefined ? {} : { port: Number(flags.port) }),
    ...(flags["cluster-domain"] === undefined ? {} : { clusterDomain: flags["cluster-domain"] }),
    ...(flags["reverse-cidr"] === undefined ? {} : { reverseCidrs: flags["reverse-cidr"] }),
    ...(flags["health-address"] === undefined ? {} : { health: hostAndPort(flags["health-address"]) }),
  };
  const { kubeconfig, listen, port = 53 } = config;
  if (typeof kubeconfig !== "string" || !Array.isArray(listen) || listen.length === 0 || !isPort(port)) {
    throw new DnsError(
      "InvalidOption",
      "Cannot start the name server: a kubeconfig and an address to listen on are needed",
      {
        hint: "Start it with --kubeconfig FILE --listen-address ADDRESS, or --config FILE",
      },
    );
  }
  return { ...config, kubeconfig, listen };
}

function readFlags(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: FLAGS }).values;
  } catch (cause) {
    throw new DnsError("InvalidOption", `Cannot read the arguments: ${(cause as Error).message}`, { cause });
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

function hostAndPort(text: string): { host: string; port: number } {
  const colon = text.lastIndexOf(":");
  const port = Number(text.slice(colon + 1));
  if (colon <= 0 || !isPort(port)) {
    throw new DnsError("InvalidOption", `Cannot use health address "${text}": HOST:PORT expected`);
  }
  return { host: text.slice(0, colon), port };
}

function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 0 && port < 65536;
}
