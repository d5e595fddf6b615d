import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { isRegistryLimit } from "@jdos/api";
import { bytes, messageOf } from "@jdos/apimachinery";
import {
  DEFAULT_DATA_DIRECTORY,
  type Environment,
  type LogLevel,
  parseMirrors,
  type RegistryMirror,
  readChoice,
  readLogLevel,
} from "@jdos/component-base";
import { parse as parseYaml } from "yaml";
import { JdosdError } from "./errors.ts";

export interface JdosdOptions {
  dataDir: string;
  /** Undefined: the number the data directory has, or 0. */
  instance: number | "auto" | undefined;
  /** Where people reach console, API and routes. */
  listenAddress: string;
  /** Builds under way at once; the others wait for their turn. */
  buildConcurrency: number;
  /** What the registry may hold: "80%" of its disk, or a quantity. */
  registryLimit: string;
  /** What kept logs may take of the disk; 0: none are kept. */
  logBytes: number;
  /** Kept logs that are older go. */
  logDays: number;
  /** Where images of other registries come from. */
  registryMirrors: readonly RegistryMirror[];
  /** A docker configuration with the accounts of mirrors. */
  mirrorCredentialsFile: string | undefined;
  /** Images made once and shared by every data directory. */
  cacheDir: string;
  /** A cache that the user named is the user's: no purge takes it away. */
  keepCache: boolean;
  /** How the parts talk to the API server. */
  transport: "in-process" | "http";
  /** The clone this runs from: packages and node_modules. */
  repository: string;
  nodeName: string;
  logLevel: LogLevel;
  /** Proxy settings of the host, for builds. */
  proxy: Readonly<Record<string, string>>;
  /** A bundle of certificate authorities that the host's clients were told to trust. */
  caBundle: string | undefined;
  /** PATH of the host's programs. */
  path: string;
}

const PROXY_VARIABLES = ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"];
const CA_VARIABLES = ["NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE"];

export interface CommandLine {
  readonly command: string;
  readonly purge: boolean;
  readonly json: boolean;
  readonly options: JdosdOptions;
}

/** Reads the command line and the environment, once. @throws JdosdError InvalidOption */
export function readCommandLine(args: readonly string[], env: Environment): CommandLine {
  const { values, positionals } = parse(args);
  return {
    command: positionals[0] ?? "",
    purge: values.purge === true,
    json: values.output === "json",
    options: {
      dataDir: resolve(values["data-dir"] ?? env.JDOS_DATA_DIR ?? DEFAULT_DATA_DIRECTORY),
      instance: readInstanceOption(values.instance ?? env.JDOS_INSTANCE),
      listenAddress: values["listen-address"] ?? "127.0.0.1",
      buildConcurrency: readBuildConcurrency(values["build-concurrency"]),
      registryLimit: readRegistryLimit(values["registry-limit"]),
      logBytes: readLogLimit(values["log-limit"]),
      logDays: readLogDays(values["log-days"]),
      registryMirrors: readMirrors(values["registry-mirrors"]),
      mirrorCredentialsFile: pathOf(values["registry-mirror-credentials"]),
      cacheDir: env.JDOS_CACHE_DIR ?? "/var/cache/jdos",
      keepCache: env.JDOS_CACHE_DIR !== undefined,
      transport: readChoice(env, "JDOS_TRANSPORT", {
        choices: ["in-process", "http"],
        fallback: "in-process",
      }),
      repository: resolve(import.meta.dirname, "../../.."),
      nodeName: nodeNameOf(hostname()),
      logLevel: readLogLevel(env),
      proxy: Object.fromEntries(
        PROXY_VARIABLES.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])),
      ),
      caBundle: CA_VARIABLES.map((name) => env[name]).find((path) => path !== undefined && path !== ""),
      path: env.PATH ?? "",
    },
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        "data-dir": { type: "string" },
        instance: { type: "string" },
        "build-concurrency": { type: "string" },
        "registry-limit": { type: "string" },
        "log-limit": { type: "string" },
        "log-days": { type: "string" },
        "registry-mirrors": { type: "string" },
        "registry-mirror-credentials": { type: "string" },
        "listen-address": { type: "string" },
        output: { type: "string", short: "o" },
        purge: { type: "boolean" },
      },
    });
  } catch (cause) {
    throw invalid(messageOf(cause), cause);
  }
}

function readInstanceOption(text: string | undefined): number | "auto" | undefined {
  if (text === undefined || text === "") return undefined;
  if (text === "auto") return "auto";
  if (!/^\d+$/.test(text)) throw invalid(`--instance is "${text}"`);
  return Number(text);
}

function readBuildConcurrency(text = "2"): number {
  if (!/^[1-9]\d{0,3}$/.test(text)) throw invalid(`--build-concurrency is "${text}", not 1 to 9999`);
  return Number(text);
}

function readRegistryLimit(text = "80%"): string {
  if (!isRegistryLimit(text))
    throw invalid(`--registry-limit is "${text}", not 1% to 100% or a quantity like 50Gi`);
  return text;
}

const MIN_LOG_BYTES = 64 * 1024 * 1024;

function readLogLimit(text = "2Gi"): number {
  const size = /^\d+(\.\d+)?(k|M|G|T|Ki|Mi|Gi|Ti)?$/.test(text) ? bytes(text) : Number.NaN;
  if (size === 0 || size >= MIN_LOG_BYTES) return size;
  throw invalid(`--log-limit is "${text}", not 0 (none are kept) or a quantity of at least 64Mi`);
}

function readLogDays(text = "7"): number {
  if (!/^[1-9]\d{0,3}$/.test(text)) throw invalid(`--log-days is "${text}", not 1 to 9999`);
  return Number(text);
}

/** A file like registry.mirrors of a cluster's values: YAML. */
function readMirrors(file: string | undefined): readonly RegistryMirror[] {
  if (file === undefined) return [];
  let map: unknown;
  try {
    map = parseYaml(readFileSync(resolve(file), "utf8"));
  } catch (cause) {
    throw invalid(`--registry-mirrors "${file}" cannot be read: ${(cause as Error).message}`, cause);
  }
  return parseMirrors(map);
}

function pathOf(file: string | undefined): string | undefined {
  return file === undefined ? undefined : resolve(file);
}

function invalid(state: string, cause?: unknown): JdosdError {
  return new JdosdError("InvalidOption", `Cannot read the command line: ${state}`, {
    hint: "main.ts run|down|status|doctor|images [--data-dir DIR] [--instance N|auto] [--listen-address A] [--build-concurrency N] [--registry-limit 80%|50Gi] [--log-limit 2Gi] [--log-days 7] [--registry-mirrors FILE] [--registry-mirror-credentials FILE] [--purge] [-o json]",
    cause,
  });
}

/** A host name as Kubernetes takes it for a Node. */
export function nodeNameOf(host: string): string {
  const name = host
    .toLowerCase()
    .replaceAll(/[^a-z0-9.-]/g, "-")
    .replaceAll(/^[.-]+|[.-]+$/g, "");
  return name === "" ? "localhost" : name.slice(0, 63);
}

/** Where the parts keep what they need beside their data. */
export function partPaths(dataDir: string) {
  const at = (...parts: string[]) => join(dataDir, ...parts);
  return {
    apiserver: at("apiserver"),
    containerdRoot: at("containerd"),
    kubelet: at("kubelet"),
    cni: at("cni"),
    cniBin: at("cni", "bin"),
    cniConf: at("cni", "conf"),
    registryHosts: at("registry-hosts"),
    registry: at("registry"),
    git: at("git"),
    metrics: at("metrics"),
    logStore: at("log-store"),
    haproxy: at("haproxy"),
    dnsKubeconfig: at("credentials", "dns.kubeconfig"),
    log: at("logs", "jdosd.log"),
    containerdLog: at("logs", "containerd.log"),
    dnsLog: at("logs", "dns.log"),
    logServerLog: at("logs", "log-server.log"),
  } as const;
}

export type PartPaths = ReturnType<typeof partPaths>;
