import { REGISTRY_CREDENTIAL_LABEL, type Secret, Secrets, type System } from "@jdos/api";
import { controllerReference, isStatus } from "@jdos/apimachinery";
import type { Client, Stored } from "@jdos/client";
import { dockerConfigOf, type RegistryLocation } from "@jdos/component-base";
import type { HarborClient, HarborProject, HarborRobot } from "@jdos/component-base/harbor";
import { mirrorCredentials } from "../mirror-credentials.ts";
import { HARBOR_SECRETS } from "./provider.ts";

export type RobotKind = keyof typeof HARBOR_SECRETS;

/** The robot account whose secret a Secret has, the one before it, and since when (Unix seconds). */
const ROBOT = "jdos.io/harbor-robot";
const PREVIOUS = "jdos.io/harbor-robot-before";
const SINCE = "jdos.io/harbor-robot-since";
const KEY = ".dockerconfigjson";
/** What began with the credential of before, like a build, ends with it. */
const GRACE_SECONDS = 6 * 3600;
/** What builds do, and what Pods do. */
const ACTIONS = { push: ["push", "pull"], pull: ["pull"] } as const;

export interface RobotOptions {
  client: Client;
  harbor: HarborClient;
  registry: RegistryLocation;
  system: Stored<System>;
  project: HarborProject;
  /** Of the project. */
  robots: readonly HarborRobot[];
  now: Date;
}

/**
 * Sees to it that a System's Secret has the credential of a robot account that lives long enough. Harbor tells a secret
 * once: an account whose secret never came to the Secret is deleted, and another one made. Answers in how many seconds
 * it is renewed.
 */
export async function ensureRobot(kind: RobotKind, options: RobotOptions): Promise<number> {
  const { client, harbor, registry, system, robots, now } = options;
  const secret = await find(client, system.metadata.name, HARBOR_SECRETS[kind]);
  const own = robots.filter((robot) => numberOf(robot, kind) !== undefined);
  const current = own.find((robot) => isCurrent(robot, secret, registry));
  const seconds = now.getTime() / 1000;
  const renewAt = current === undefined ? 0 : renewalOf(current, registry);
  if (secret === undefined || current === undefined || renewAt <= seconds) {
    await renew(kind, { ...options, secret, own });
    return 0;
  }
  const since = Number(secret.metadata.annotations?.[SINCE] ?? 0);
  const before = seconds - since < GRACE_SECONDS ? secret.metadata.annotations?.[PREVIOUS] : undefined;
  for (const robot of own)
    if (robot !== current && String(robot.id) !== before) await harbor.deleteRobot(robot.id);
  await followMirrors(client, secret, registry);
  return before === undefined
    ? renewAt - seconds
    : Math.min(renewAt - seconds, since + GRACE_SECONDS - seconds);
}

/** Deletes all robot accounts that were made for a System. */
export async function deleteRobots(harbor: HarborClient, robots: readonly HarborRobot[]): Promise<void> {
  for (const robot of robots)
    if (numberOf(robot, "push") !== undefined || numberOf(robot, "pull") !== undefined)
      await harbor.deleteRobot(robot.id);
}

interface Renewal extends RobotOptions {
  secret: Stored<Secret> | undefined;
  own: readonly HarborRobot[];
}

async function renew(kind: RobotKind, options: Renewal): Promise<void> {
  const { client, harbor, registry, system, project, secret, own, now } = options;
  const number = 1 + Math.max(0, ...own.map((robot) => numberOf(robot, kind) ?? 0));
  const made = await harbor.createRobot({
    name: `jdos-${kind}-${number}`,
    description: `${kind === "push" ? "Builds" : "Pods"} of JDOS system ${system.metadata.name}`,
    durationDays: registry.harbor?.robotDays ?? 30,
    project: project.name,
    actions: ACTIONS[kind],
  });
  const before = secret?.metadata.annotations?.[ROBOT];
  const wanted: Secret = {
    apiVersion: "v1",
    kind: "Secret",
    type: "kubernetes.io/dockerconfigjson",
    metadata: {
      name: HARBOR_SECRETS[kind],
      namespace: system.metadata.name,
      labels: { [REGISTRY_CREDENTIAL_LABEL]: "true", "app.kubernetes.io/managed-by": "jdos" },
      annotations: {
        [ROBOT]: String(made.id),
        [SINCE]: String(Math.floor(now.getTime() / 1000)),
        ...(before === undefined ? {} : { [PREVIOUS]: before }),
      },
      ownerReferences: [controllerReference(system)],
    },
    data: { [KEY]: encode(registry, { username: made.name, password: made.secret }) },
  };
  if (secret === undefined) await client.create(Secrets, wanted);
  else {
    const { resourceVersion } = secret.metadata;
    await client.update(Secrets, { ...wanted, metadata: { ...wanted.metadata, resourceVersion } });
  }
}

/** The accounts of mirrors change by themselves. */
async function followMirrors(
  client: Client,
  secret: Stored<Secret>,
  registry: RegistryLocation,
): Promise<void> {
  const { host } = registry;
  const own = authsOf(secret)[host];
  if (own === undefined) return;
  const text = encode(registry, own);
  if (secret.data?.[KEY] !== text)
    await client.update(Secrets, { ...secret, data: { [KEY]: text } } as Stored<Secret>);
}

function encode(registry: RegistryLocation, own: { username: string; password: string }): string {
  const { host, url } = registry;
  const config = dockerConfigOf({ ...mirrorCredentials(registry), [host]: own, [new URL(url).host]: own });
  return Buffer.from(config).toString("base64");
}

function authsOf(secret: Stored<Secret>): Record<string, { username: string; password: string }> {
  const text = Buffer.from(secret.data?.[KEY] ?? "", "base64").toString("utf8");
  try {
    return (
      (JSON.parse(text) as { auths?: Record<string, { username: string; password: string }> }).auths ?? {}
    );
  } catch {
    return {};
  }
}

/** Which of the accounts of a kind it is; undefined: none of ours. */
function numberOf({ name }: HarborRobot, kind: RobotKind): number | undefined {
  const number = /\+jdos-(push|pull)-(\d+)$/.exec(name);
  return number?.[1] === kind ? Number(number[2]) : undefined;
}

function isCurrent(
  robot: HarborRobot,
  secret: Stored<Secret> | undefined,
  { host }: RegistryLocation,
): boolean {
  if (secret === undefined || robot.disable === true) return false;
  return (
    secret.metadata.annotations?.[ROBOT] === String(robot.id) &&
    authsOf(secret)[host]?.username === robot.name
  );
}

/** When a third of its life is left, in Unix seconds. */
function renewalOf({ expires_at: expiresAt = -1 }: HarborRobot, { harbor }: RegistryLocation): number {
  if (expiresAt === -1) return Number.POSITIVE_INFINITY;
  return expiresAt - ((harbor?.robotDays ?? 30) * 86_400) / 3;
}

async function find(client: Client, namespace: string, name: string): Promise<Stored<Secret> | undefined> {
  try {
    return await client.get(Secrets, { namespace, name });
  } catch (error) {
    if (isStatus(error, "NotFound")) return undefined;
    throw error;
  }
}
