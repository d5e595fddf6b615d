import type { IncomingHttpHeaders } from "node:http";
import {
  CNI_COMMANDS,
  CNI_HEADERS,
  CNI_POD_ANNOTATIONS,
  CNI_VERSIONS,
  type CniCommand,
  type CniConfig,
  CONFINED_NETWORK,
  POD_NETWORK_ANNOTATION,
} from "@jdos/api";
import type { PortMapping } from "./attachment-store.ts";
import { CniError } from "./errors.ts";

/** One call of the CNI program, checked as far as every verb needs it. */
export interface CniRequest {
  readonly command: CniCommand;
  readonly containerId: string;
  readonly netns: string;
  readonly ifname: string;
  /** CNI_ARGS as pairs: K8S_POD_NAMESPACE, K8S_POD_NAME, ... */
  readonly args: ReadonlyMap<string, string>;
  readonly config: CniConfig;
}

/** The version an answer must carry, also when the rest of the request is wrong. */
export function versionOf(body: string): string {
  return /"cniVersion"\s*:\s*"([0-9.]+)"/.exec(body)?.[1] ?? "1.0.0";
}

/** @throws CniError InvalidEnvironment, Decoding, InvalidConfig, IncompatibleVersion */
export function parseRequest(headers: IncomingHttpHeaders, body: string): CniRequest {
  const header = (name: keyof typeof CNI_HEADERS): string => String(headers[CNI_HEADERS[name]] ?? "");
  const command = CNI_COMMANDS.find((known) => known === header("CNI_COMMAND"));
  if (command === undefined) {
    throw new CniError(
      "InvalidEnvironment",
      `Cannot run the verb: CNI_COMMAND is "${header("CNI_COMMAND")}"`,
    );
  }
  const request: CniRequest = {
    command,
    containerId: header("CNI_CONTAINERID"),
    netns: header("CNI_NETNS"),
    ifname: header("CNI_IFNAME"),
    args: parseArgs(header("CNI_ARGS")),
    config: parseConfig(body),
  };
  checkEnvironment(request);
  return request;
}

/** hostPort requests of the runtime; entries without a host port ask for nothing. */
export function portMappingsOf(config: CniConfig): PortMapping[] {
  const mappings = config.runtimeConfig?.portMappings ?? [];
  return mappings
    .filter(({ hostPort }) => hostPort > 0)
    .map(({ hostPort, containerPort, protocol }) => {
      const name = protocol.toLowerCase();
      if (
        (name !== "tcp" && name !== "udp" && name !== "sctp") ||
        !isPort(hostPort) ||
        !isPort(containerPort)
      ) {
        throw new CniError(
          "InvalidConfig",
          `Cannot map port ${hostPort} to ${containerPort}/${protocol}: not a port`,
        );
      }
      return { hostPort, containerPort, protocol: name };
    });
}

/** What the Pod says of itself; a runtime that tells no annotations confines nothing. */
export function isConfined({ runtimeConfig }: CniConfig): boolean {
  return runtimeConfig?.[CNI_POD_ANNOTATIONS]?.[POD_NETWORK_ANNOTATION] === CONFINED_NETWORK;
}

function isPort(port: number): boolean {
  return Number.isInteger(port) && port > 0 && port < 65536;
}

function parseArgs(text: string): Map<string, string> {
  const pairs = text.split(";").filter((pair) => pair.includes("="));
  return new Map(pairs.map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]));
}

function parseConfig(body: string): CniConfig {
  let config: CniConfig;
  try {
    config = JSON.parse(body) as CniConfig;
  } catch (cause) {
    throw new CniError("Decoding", "Cannot read the network configuration: standard input is not JSON", {
      cause,
    });
  }
  if (typeof config !== "object" || config === null || typeof config.cniVersion !== "string") {
    throw new CniError("InvalidConfig", "Cannot use the network configuration: cniVersion is missing");
  }
  if (!(CNI_VERSIONS as readonly string[]).includes(config.cniVersion)) {
    throw new CniError(
      "IncompatibleVersion",
      `Cannot speak CNI "${config.cniVersion}": version not supported`,
      {
        hint: `Supported: ${CNI_VERSIONS.join(", ")}`,
      },
    );
  }
  return config;
}

const NEEDS_CONTAINER: readonly CniCommand[] = ["ADD", "DEL", "CHECK"];

function checkEnvironment({ command, containerId, ifname, netns }: CniRequest): void {
  if (!NEEDS_CONTAINER.includes(command)) return;
  if (!/^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(containerId)) {
    throw new CniError("InvalidEnvironment", `Cannot run ${command}: CNI_CONTAINERID is "${containerId}"`);
  }
  if (!/^[^\s/:]{1,15}$/.test(ifname) || ifname === "." || ifname === "..") {
    throw new CniError("InvalidEnvironment", `Cannot run ${command}: CNI_IFNAME is "${ifname}"`);
  }
  if (command !== "DEL" && !/^\/\S+$/.test(netns)) {
    throw new CniError("InvalidEnvironment", `Cannot run ${command}: CNI_NETNS is "${netns}"`);
  }
}
