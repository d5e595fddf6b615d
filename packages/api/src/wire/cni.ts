/**
 * What the CNI program and the node daemon say to each other, over HTTP on the daemon's Unix socket, and the
 * JSON of the CNI specification that travels in it.
 *
 * Request: `POST /cni`; one header for each environment variable (CNI_HEADERS), standard input as the body.
 * Answer: 200 and the exact bytes for standard output, or 4xx/5xx and a CniErrorBody (the program exits 1).
 * Source: github.com/containernetworking/cni SPEC.md 1.1.0.
 */

export const CNI_PATH = "/cni";

/** Header by environment variable. */
export const CNI_HEADERS = {
  CNI_COMMAND: "cni-command",
  CNI_CONTAINERID: "cni-containerid",
  CNI_NETNS: "cni-netns",
  CNI_IFNAME: "cni-ifname",
  CNI_ARGS: "cni-args",
} as const;

export const CNI_COMMANDS = ["ADD", "DEL", "CHECK", "GC", "STATUS", "VERSION"] as const;
export type CniCommand = (typeof CNI_COMMANDS)[number];

/** Versions whose result format is spoken. */
export const CNI_VERSIONS = ["0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"] as const;
export type CniVersion = (typeof CNI_VERSIONS)[number];

/** The codes of the specification, and our own from 100. */
export const CNI_ERROR_CODES = {
  IncompatibleVersion: 1,
  UnsupportedField: 2,
  UnknownContainer: 3,
  InvalidEnvironment: 4,
  InputOutput: 5,
  Decoding: 6,
  InvalidConfig: 7,
  TryAgain: 11,
  PluginUnavailable: 50,
  LimitedConnectivity: 51,
  NoAddress: 100,
  NetworkDiffers: 101,
} as const;
export type CniErrorReason = keyof typeof CNI_ERROR_CODES;

export interface CniErrorBody {
  cniVersion: string;
  code: number;
  msg: string;
  details?: string;
}

/** The network configuration as the runtime hands it to one plugin. */
/** Capability by which containerd tells a plugin the Pod's annotations. Source: containerd, pkg/cri/annotations. */
export const CNI_POD_ANNOTATIONS = "io.kubernetes.cri.pod-annotations";

export interface CniConfig {
  cniVersion: string;
  name: string;
  type: string;
  runtimeConfig?: {
    portMappings?: CniPortMapping[];
    [CNI_POD_ANNOTATIONS]?: Readonly<Record<string, string>>;
  };
  prevResult?: CniResult;
  "cni.dev/valid-attachments"?: { containerID: string; ifname: string }[];
}

export interface CniPortMapping {
  hostPort: number;
  containerPort: number;
  protocol: string;
  hostIP?: string;
}

export interface CniResult {
  cniVersion: string;
  interfaces: { name: string; mac: string; mtu?: number; sandbox?: string }[];
  ips: { version?: "4" | "6"; address: string; gateway?: string; interface?: number }[];
  routes: { dst: string; gw?: string }[];
  dns: { nameservers?: string[]; domain?: string; search?: string[]; options?: string[] };
}
