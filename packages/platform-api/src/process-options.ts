import { readFileSync } from "node:fs";
import {
  ComponentError,
  REGISTRY_SETTINGS,
  registryLocation,
  type SettingValues,
  setting,
} from "@jdos/component-base";
import { readAccessFiles } from "@jdos/component-base/access-files";
import { prometheusAccess } from "@jdos/component-base/prometheus";
import type { LocalUser } from "./login/login.ts";
import type { PlatformApiOptions, RegistryOptions } from "./options.ts";

/** Options of the process. */
export const PROCESS_SETTINGS = {
  ...REGISTRY_SETTINGS,
  "listen-address": setting.address("for people, as HOST:PORT", "0.0.0.0:7080"),
  "admin-token-file": setting.text("the administrator's token, at least 16 characters; needed"),
  "admin-user": setting.text("who the administrator is to Kubernetes", "admin"),
  "admin-group": setting.list("and in which groups; may be repeated", [
    "system:masters",
    "system:authenticated",
  ]),
  "login-users": setting.list('users of the cluster who log in with its tokens; "*": everybody'),
  "login-groups": setting.list("groups whose members may, and which they bring along"),
  "users-file": setting.text('further people: JSON [{"name", "groups", "token"}]'),
  "ingress-class": setting.text("whose load balancer says where routes lead", "jdos"),
  "routes-domain": setting.text("applications answer at <application>.<system>.DOMAIN", "jdos.localhost"),
  "routes-port": setting.integer("the port in URLs told to people", { fallback: 8080, min: 1 }),
  "git-url": setting.text("where the git server answers people; without it there is none"),
  "webhook-key-file": setting.text("the master key of webhooks' signing secrets; without it there are none"),
  "signing-public-key-file": setting.text("PEM: checks signatures of images; without it there are none"),
  "metrics-url": setting.text("a server that speaks Prometheus' HTTP API; without it there are no metrics"),
  "metrics-access": setting.text("directory with its token, or username and password, and ca.crt"),
  "log-server-url": setting.text("the log server; without it no log is kept"),
  "log-key-file": setting.text("the key that reads there"),
  "registry-token-certificate": setting.text("PEM file, with registry-access issued"),
  "registry-token-key": setting.text("PEM file, with registry-access issued"),
  "max-source-mebibytes": setting.integer("largest source, as a tar", { fallback: 1280, min: 1 }),
  "max-uploads": setting.integer("parts of sources taken at the same time", { fallback: 8, min: 1 }),
};

type Given = SettingValues<typeof PROCESS_SETTINGS>;

/** The options that a process was given. @throws ComponentError InvalidOption */
export function optionsOf(given: Given): Omit<PlatformApiOptions, "client" | "log"> {
  const adminTokenFile = given["admin-token-file"];
  if (adminTokenFile === undefined) throw missing("admin-token-file");
  const usersFile = given["users-file"];
  const gitUrl = given["git-url"];
  const webhookKeyFile = given["webhook-key-file"];
  const signingKeyFile = given["signing-public-key-file"];
  const metricsUrl = given["metrics-url"];
  const metricsAccess = given["metrics-access"];
  const logUrl = given["log-server-url"];
  const logKeyFile = given["log-key-file"];
  if (logUrl !== undefined && logKeyFile === undefined) throw missing("log-key-file");
  return {
    listen: given["listen-address"],
    adminToken: readText(adminTokenFile).trim(),
    admin: { name: given["admin-user"], groups: given["admin-group"] },
    ...(webhookKeyFile === undefined ? {} : { webhookMasterKey: readText(webhookKeyFile).trim() }),
    ...(signingKeyFile === undefined ? {} : { signingPublicKey: readText(signingKeyFile) }),
    ...(metricsUrl === undefined
      ? {}
      : {
          metrics: prometheusAccess(
            metricsUrl,
            metricsAccess === undefined ? {} : readAccessFiles(metricsAccess),
          ),
        }),
    ...(logUrl === undefined ? {} : { logs: { url: logUrl, key: readText(logKeyFile!).trim() } }),
    ...(usersFile === undefined ? {} : { users: readUsers(usersFile) }),
    persons: { users: given["login-users"], groups: given["login-groups"] },
    registry: registryOf(given),
    ports: { routes: given["routes-port"], kubernetes: 0, registry: 0 },
    routesDomain: given["routes-domain"],
    ingressClass: given["ingress-class"],
    ...(gitUrl === undefined ? {} : { gitUrl }),
    maxSourceBytes: given["max-source-mebibytes"] * 1024 * 1024,
    maxUploads: given["max-uploads"],
  };
}

function registryOf(given: Given): RegistryOptions {
  const { access, ...location } = registryLocation(given);
  if (access === "given") return location;
  const certificate = given["registry-token-certificate"];
  const key = given["registry-token-key"];
  if (certificate === undefined) throw missing("registry-token-certificate");
  if (key === undefined) throw missing("registry-token-key");
  return { ...location, token: { certPem: readText(certificate), keyPem: readText(key) } };
}

function readUsers(file: string): LocalUser[] {
  const expected = `Cannot read the users "${file}": a JSON list of {"name", "groups", "token"} is expected`;
  let users: unknown;
  try {
    users = JSON.parse(readText(file));
  } catch (cause) {
    throw new ComponentError("InvalidOption", expected, { hint: USERS_HINT, cause });
  }
  if (!Array.isArray(users) || !users.every(isUser))
    throw new ComponentError("InvalidOption", expected, { hint: USERS_HINT });
  return users;
}

const MIN_TOKEN = 16;
const USERS_HINT = `Give each a name, a list of groups, and a token of at least ${MIN_TOKEN} characters`;

function isUser(value: unknown): value is LocalUser {
  const { name, token, groups = [] } = (value ?? {}) as Partial<LocalUser>;
  const hasGroups = Array.isArray(groups) && groups.every((group) => typeof group === "string");
  return typeof name === "string" && typeof token === "string" && token.length >= MIN_TOKEN && hasGroups;
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new ComponentError("InvalidOption", `Cannot read "${file}": ${(cause as Error).message}`, {
      hint: "See that it is mounted and may be read by this user",
      cause,
    });
  }
}

function missing(flag: string): ComponentError {
  return new ComponentError("InvalidOption", `Cannot start the platform API: --${flag} is not given`, {
    hint: "Start it with --help to see its options",
  });
}
