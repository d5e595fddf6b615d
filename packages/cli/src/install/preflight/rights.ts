import { isStatus, type KubeObject, type ResourceType } from "@jdos/apimachinery";
import { type Client, readJson } from "@jdos/client";
import { PLATFORM_NAMESPACE } from "../../cluster/names.ts";
import { CliError } from "../../errors.ts";
import { applyObject } from "../apply.ts";
import { typeOf } from "../objects.ts";

/**
 * Whether this kubeconfig may do all that an installation needs, before anything is done.
 * @throws CliError MissingRights with what is missing
 */
export async function checkRights(client: Client, objects: readonly KubeObject[]): Promise<void> {
  await checkVerbs(client, objects, ["get", "create", "patch", "delete"]);
  await checkEscalation(client, objects);
}

/** Whether it may do each of the verbs to every object. @throws CliError MissingRights */
export async function checkVerbs(
  client: Client,
  objects: readonly KubeObject[],
  verbs: readonly string[],
): Promise<void> {
  const types = new Map(
    objects.map(typeOf).map((type): [string, ResourceType] => [`${type.group}/${type.resource}`, type]),
  );
  await checkAsks(
    client,
    [...types.values()].map((type) => ({
      type,
      verbs,
      ...(type.namespaced ? { namespace: PLATFORM_NAMESPACE } : {}),
    })),
  );
}

/** What is to be done to all objects of a type, in every namespace unless one is named. */
export interface Ask {
  type: Pick<ResourceType, "group" | "resource" | "namespaced">;
  verbs: readonly string[];
  namespace?: string;
}

/** @throws CliError MissingRights with what is missing */
export async function checkAsks(client: Client, asks: readonly Ask[]): Promise<void> {
  const answers = await Promise.all(
    asks.map(async (ask) => {
      const allowed = await Promise.all(ask.verbs.map((verb) => isAllowed(client, ask, verb)));
      return { ask, refused: ask.verbs.filter((_, index) => allowed[index] !== true) };
    }),
  );
  const missing = answers
    .filter(({ refused }) => refused.length > 0)
    .map(({ ask, refused }) => `${refused.join(", ")} ${describe(ask)}`);
  if (missing.length > 0) throw missingRights(missing);
}

function describe({ type: { group, resource, namespaced }, namespace }: Ask): string {
  const name = group === "" ? resource : `${resource}.${group}`;
  if (!namespaced) return name;
  return namespace === undefined ? `${name} in every namespace` : `${name} in namespace ${namespace}`;
}

async function isAllowed(client: Client, { type, namespace }: Ask, verb: string): Promise<boolean> {
  const { group, resource } = type;
  const { status } = await readJson<{ status?: { allowed?: boolean } }>(client, {
    method: "POST",
    path: "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
    body: {
      apiVersion: "authorization.k8s.io/v1",
      kind: "SelfSubjectAccessReview",
      spec: {
        resourceAttributes: { group, resource, verb, ...(namespace === undefined ? {} : { namespace }) },
      },
    },
  });
  return status?.allowed === true;
}

/** Nobody may give away rights they have not: the API server says so of each role when it is only tried. */
async function checkEscalation(client: Client, objects: readonly KubeObject[]): Promise<void> {
  for (const object of objects.filter(({ kind }) => kind === "ClusterRole")) {
    try {
      await applyObject(client, object, { dryRun: true });
    } catch (error) {
      const { cause } = error as { cause?: unknown };
      if (!isStatus(cause, "Forbidden")) throw error;
      throw missingRights([`give away what ClusterRole ${object.metadata?.name} allows`], error);
    }
  }
}

function missingRights(missing: readonly string[], cause?: unknown): CliError {
  const most = 5;
  const rest = missing.length > most ? `; and ${missing.length - most} more` : "";
  return new CliError(
    "MissingRights",
    `Cannot begin: this kubeconfig may not ${missing.slice(0, most).join("; ")}${rest}`,
    {
      hint: "Use the kubeconfig of an administrator of the cluster: the platform's parts are given their rights, and lose them, by this command",
      cause,
    },
  );
}
