import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import type { Toleration } from "@jdos/api";
import type { Client } from "@jdos/client";
import {
  type Clock,
  DEFAULT_REGISTRY,
  type Logger,
  type Metrics,
  parseMirrors,
  REGISTRY_SETTINGS,
  type RegistryCredential,
  type RegistryLocation,
  registryLocation,
  type Setting,
  type SettingValues,
  setting,
} from "@jdos/component-base";
import { readSigningKey, type SigningKey } from "@jdos/component-base/attestation";
import type { BuildNetwork, EgressRule } from "./build/network/policy.ts";
import { type RegistryProvider, registryProvider } from "./registry/provider.ts";

export interface PlatformControllersOptions {
  /** Of the user system:serviceaccount:jdos-system:platform-controllers. */
  client: Client;
  log: Logger;
  /** Where images are pushed and pulled. Defaults to JDOS's own registry. */
  registry?: RegistryLocation;
  routes?: Partial<RouteSettings>;
  build?: Partial<BuildSettings>;
  pods?: PodSettings;
  /** Absent: images are not signed, and Builds do not speak of it. */
  attestation?: AttestationOptions;
  notices?: Partial<NoticeSettings>;
  retention?: Partial<RetentionSettings>;
  rebuild?: Partial<RebuildSettings>;
  spread?: Partial<SpreadSettings>;
  metrics?: Metrics;
  /** Defaults to the system's clock. */
  clock?: Clock;
}

export interface RouteSettings {
  /** Applications answer at <application>.<system>.<domain>. Defaults to jdos.localhost. */
  domain: string;
  /** The port in URLs told to people. Defaults to 8080. */
  port: number;
  /** Defaults to http. */
  scheme: "http" | "https";
  /** Defaults to jdos. */
  ingressClassName: string;
}

export interface BuildSettings {
  /** Runs image-builder. Defaults to jdos/tools:12 of the registry. */
  builderImage: string;
  /** Defaults to Never: on one machine the image is imported, not pulled. */
  builderImagePullPolicy: "Never" | "IfNotPresent" | "Always";
  /** Stacks build on it; in the registry. Defaults to jdos/base:12. */
  baseImage: string;
  /** The repository's tree on the node, mounted into builds. Absent: the builder's image has it at /opt/jdos. */
  repositoryHostPath?: string;
  /**
   * A directory of the node for what builds keep, a folder a system; only root may enter it. Absent: nothing is kept
   * between builds.
   */
  cacheHostPath?: string;
  /** The namespace whose ConfigMap build-environment is copied for each build. Defaults to jdos-system. */
  platformNamespace: string;
  /** Builds under way at once; the others wait for their turn. Defaults to 2. */
  concurrency: number;
  /** Seconds until a build whose Pod was lost begins again, four times as long each time. Defaults to 3. */
  retrySeconds: number;
  /** What the user's steps request, and so their weight: what serves weighs more. Defaults to 10m. */
  cpu: string;
  /** Memory limit of the user's steps. Defaults to 4Gi. */
  memory: string;
  /** What a build may write to disk. Defaults to 10Gi. */
  disk: string;
  /** Of the Pods of builds. "" is none. Defaults to jdos-build. */
  priorityClass: string;
  /** The nodes that build. Default to all. */
  nodeSelector: Readonly<Record<string, string>>;
  tolerations: readonly Toleration[];
  /** unconfined: without seccomp and AppArmor for the user's steps, which may need user namespaces. Defaults to default. */
  confinement: "default" | "unconfined";
  /** What builds reach, by a NetworkPolicy a System. Absent: none is written, and the Pod network alone decides. */
  network?: BuildNetwork;
}

export interface AttestationOptions {
  /** The private key that images are signed with: ECDSA on P-256, PEM. */
  keyPem: string;
  /** Who builds, in provenance. Defaults to https://jdos.io/builder/v1. */
  builderId?: string;
  /** Where the registry answers to this process. Defaults to the registry's URL. */
  registryUrl?: string;
}

export interface AttestationSettings {
  readonly key: SigningKey;
  readonly builderId: string;
  readonly registryUrl?: string;
}

/** @throws ComponentError InvalidOption */
export function attestationSettings(options: AttestationOptions): AttestationSettings {
  const { keyPem, builderId = "https://jdos.io/builder/v1", registryUrl } = options;
  return { key: readSigningKey(keyPem), builderId, ...(registryUrl === undefined ? {} : { registryUrl }) };
}

/** Which images go, and when. */
export interface RetentionSettings {
  /** jdos: what nothing needs is deleted by the registry's API. registry: the registry has rules of its own. Defaults to jdos. */
  by: "jdos" | "registry";
  /** Nothing goes that was needed or pushed since. Defaults to 3600. */
  graceSeconds: number;
  /** How often it is looked for. Defaults to 600. */
  everySeconds: number;
  /** Where this process reaches the registry's API. Defaults to the registry's url. */
  url?: string;
  /** Of JDOS's own registry: who may delete. With any other it is the registry's own. Absent: nothing is deleted. */
  credential?: RegistryCredential;
}

/** How newer base images are found. */
export interface RebuildSettings {
  /** How often a registry is asked what a name leads to, about: each name once, at a time of its own. Defaults to 21600. */
  checkSeconds: number;
}

/** How nodes pull an image before many Pods of it are made. */
export interface SpreadSettings {
  /**
   * Nodes that pull at once, and what the registry stands: Pods are held back where more would. 0: never. Defaults to 20.
   */
  parallel: number;
  /** Pods are held back no longer than this, whatever nodes have. Defaults to 180. */
  timeoutSeconds: number;
}

/** Of every application's Pods. */
export interface PodSettings {
  /** Defaults to the cluster's own. */
  schedulerName?: string;
}

/** Of what is POSTed for Systems. */
export interface NoticeSettings {
  /** Ranges that notices may reach though they are private, as an administrator says. Defaults to none. */
  allow: readonly string[];
  /** After the first try that failed; twice as long each time. Defaults to 5. */
  retrySeconds: number;
  /** Tries of one event. Defaults to 8. */
  attempts: number;
  /** Of one try. Defaults to 10. */
  timeoutSeconds: number;
}

export interface Settings {
  readonly registry: RegistryLocation;
  /** Who lets builds and Pods into it. */
  readonly access: RegistryProvider;
  readonly routes: RouteSettings;
  readonly build: BuildSettings;
  readonly pods: PodSettings;
  readonly notices: NoticeSettings;
  readonly retention: RetentionSettings;
  readonly rebuild: RebuildSettings;
  readonly spread: SpreadSettings;
}

/** The settings with their defaults. */
export function settingsOf(
  options: Pick<
    PlatformControllersOptions,
    "registry" | "routes" | "build" | "pods" | "notices" | "retention" | "rebuild" | "spread"
  > = {},
): Settings {
  const { registry = DEFAULT_REGISTRY, pods = {} } = options;
  const image = (name: string): string => `${registry.host}/${registry.prefix}jdos/${name}:12`;
  return {
    registry,
    access: registryProvider(registry),
    pods,
    notices: { allow: [], retrySeconds: 5, attempts: 8, timeoutSeconds: 10, ...options.notices },
    retention: { by: "jdos", graceSeconds: 3600, everySeconds: 600, ...options.retention },
    rebuild: { checkSeconds: 21_600, ...options.rebuild },
    spread: { parallel: 20, timeoutSeconds: 180, ...options.spread },
    routes: {
      domain: "jdos.localhost",
      port: 8080,
      scheme: "http",
      ingressClassName: "jdos",
      ...options.routes,
    },
    build: {
      builderImage: image("tools"),
      builderImagePullPolicy: "Never",
      baseImage: image("base"),
      platformNamespace: "jdos-system",
      concurrency: 2,
      retrySeconds: 3,
      cpu: "10m",
      memory: "4Gi",
      disk: "10Gi",
      priorityClass: "jdos-build",
      nodeSelector: {},
      tolerations: [],
      confinement: "default",
      ...options.build,
    },
  };
}

const PULL_POLICIES = ["Never", "IfNotPresent", "Always"] as const;

interface JsonOptions<T> {
  fallback: T;
  expected: string;
  fits(value: unknown): boolean;
}

function json<T>(help: string, { fallback, expected, fits }: JsonOptions<T>): Setting<T> {
  return {
    help,
    shown: "",
    read(given) {
      const text = given.at(-1) ?? "";
      if (text === "") return fallback;
      let value: unknown;
      try {
        value = JSON.parse(text);
      } catch {
        throw new Error(expected);
      }
      if (!fits(value)) throw new Error(expected);
      return value as T;
    },
  };
}

function isRange(value: unknown): boolean {
  const [address = "", prefix = "", ...rest] = typeof value === "string" ? value.split("/") : [];
  return isIP(address) !== 0 && /^\d{1,3}$/.test(prefix) && rest.length === 0;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Options of the process. */
export const PROCESS_SETTINGS = {
  ...REGISTRY_SETTINGS,
  "registry-mirrors": json<Record<string, string>>("where images of other registries come from", {
    fallback: {},
    expected: 'a JSON object: {"docker.io": "registry.example.org/dockerhub"}',
    fits: (value) => isObject(value) && Object.values(value).every((each) => typeof each === "string"),
  }),
  "registry-mirror-credentials": setting.text("a docker configuration with the accounts of mirrors"),
  "registry-retention": setting.choice("who deletes images that nothing needs", ["jdos", "registry"], "jdos"),
  "registry-grace-seconds": setting.integer("how long such images are kept", { fallback: 3600, min: 0 }),
  "base-image-check-seconds": setting.integer("how often it is looked whether base images are newer", {
    fallback: 21_600,
    min: 60,
  }),
  "image-spread-parallel": setting.integer(
    "nodes that pull an image at once before many Pods of it; 0: never",
    {
      fallback: 20,
      min: 0,
    },
  ),
  "image-spread-timeout-seconds": setting.integer("how long such Pods are held back at most", {
    fallback: 180,
    min: 1,
  }),
  "routes-domain": setting.text("applications answer at <application>.<system>.DOMAIN", "jdos.localhost"),
  "routes-port": setting.integer("the port in URLs told to people", { fallback: 8080, min: 1 }),
  "routes-scheme": setting.choice("of URLs told to people", ["http", "https"], "http"),
  "ingress-class": setting.text("of the Ingresses it writes", "jdos"),
  "builder-image": setting.text("runs builds; without it REGISTRY/jdos/tools:12"),
  "builder-image-pull-policy": setting.choice("of the builder's image", PULL_POLICIES, "Never"),
  "base-image": setting.text("what stacks build on, in the registry; without it REGISTRY/jdos/base:12"),
  "build-cache-path": setting.text("a directory of the nodes where the builds of a system keep their layers"),
  "build-concurrency": setting.integer("builds under way at once", { fallback: 2, min: 1 }),
  "build-cpu": setting.text("the request of a build's steps", "10m"),
  "build-memory": setting.text("the limit of a build's steps", "4Gi"),
  "build-disk": setting.text("what a build may write to disk", "10Gi"),
  "build-priority-class": setting.text("of the Pods of builds; without it none"),
  "build-node-selector": json<Record<string, string>>("the nodes that build", {
    fallback: {},
    expected: 'a JSON object of labels: {"pool": "builds"}',
    fits: (value) => isObject(value) && Object.values(value).every((each) => typeof each === "string"),
  }),
  "build-tolerations": json<Toleration[]>("taints of those nodes", {
    fallback: [],
    expected: 'a JSON list of tolerations: [{"key": "builds", "operator": "Exists"}]',
    fits: (value) => Array.isArray(value) && value.every(isObject),
  }),
  "build-confinement": setting.choice(
    "unconfined: no seccomp and AppArmor for a build's steps",
    ["default", "unconfined"],
    "default",
  ),
  "build-network-policy": setting.boolean("whether NetworkPolicies bound what builds reach", false),
  "build-reach": json<(string | EgressRule)[]>("what they allow besides", {
    fallback: [],
    expected: 'a JSON list of ranges and egress rules: ["10.1.2.0/24"]',
    fits: (value) => Array.isArray(value) && value.every((each) => isRange(each) || isObject(each)),
  }),
  "build-avoid": json<string[]>("public ranges they refuse", {
    fallback: [],
    expected: 'a JSON list of ranges: ["203.0.113.0/24"]',
    fits: (value) => Array.isArray(value) && value.every(isRange),
  }),
  "signing-key-file": setting.text("the private key that images are signed with; without it they are not"),
  "builder-id": setting.text("who builds, in provenance", "https://jdos.io/builder/v1"),
  "platform-namespace": setting.text(
    "has ConfigMap build-environment; without it the Pod's, else jdos-system",
  ),
  "notice-allow": json<string[]>("private ranges that notices may reach, and questions for base images", {
    fallback: [],
    expected: 'a JSON list of ranges: ["10.1.2.0/24"]',
    fits: (value) => Array.isArray(value) && value.every(isRange),
  }),
  "pod-scheduler": setting.text("schedulerName of applications' Pods; without it the cluster's"),
};

/** The options that a process was given. */
export function optionsOf(
  given: SettingValues<typeof PROCESS_SETTINGS>,
  { namespace }: { namespace: string },
): Pick<
  PlatformControllersOptions,
  "registry" | "routes" | "build" | "pods" | "notices" | "retention" | "rebuild" | "spread" | "attestation"
> {
  const keyFile = given["signing-key-file"];
  const mirrorCredentialsFile = given["registry-mirror-credentials"];
  const builderImage = given["builder-image"];
  const baseImage = given["base-image"];
  const cacheHostPath = given["build-cache-path"];
  const schedulerName = given["pod-scheduler"];
  return {
    registry: {
      ...registryLocation(given),
      mirrors: parseMirrors(given["registry-mirrors"]),
      ...(mirrorCredentialsFile === undefined ? {} : { mirrorCredentialsFile }),
    },
    retention: { by: given["registry-retention"], graceSeconds: given["registry-grace-seconds"] },
    rebuild: { checkSeconds: given["base-image-check-seconds"] },
    spread: {
      parallel: given["image-spread-parallel"],
      timeoutSeconds: given["image-spread-timeout-seconds"],
    },
    routes: {
      domain: given["routes-domain"],
      port: given["routes-port"],
      scheme: given["routes-scheme"],
      ingressClassName: given["ingress-class"],
    },
    build: {
      ...(builderImage === undefined ? {} : { builderImage }),
      ...(baseImage === undefined ? {} : { baseImage }),
      builderImagePullPolicy: given["builder-image-pull-policy"],
      platformNamespace: given["platform-namespace"] ?? namespace,
      ...(cacheHostPath === undefined ? {} : { cacheHostPath }),
      concurrency: given["build-concurrency"],
      cpu: given["build-cpu"],
      memory: given["build-memory"],
      disk: given["build-disk"],
      priorityClass: given["build-priority-class"] ?? "",
      nodeSelector: given["build-node-selector"],
      tolerations: given["build-tolerations"],
      confinement: given["build-confinement"],
      ...(given["build-network-policy"]
        ? { network: { reach: given["build-reach"], avoid: given["build-avoid"] } }
        : {}),
    },
    pods: schedulerName === undefined ? {} : { schedulerName },
    ...(keyFile === undefined
      ? {}
      : { attestation: { keyPem: readFileSync(keyFile, "utf8"), builderId: given["builder-id"] } }),
    notices: { allow: given["notice-allow"] },
  };
}
