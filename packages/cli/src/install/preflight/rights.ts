import { isStatus, type KubeObject, type ResourceType } from "@jdos/apimachinery";
import type { Client } from "@jdos/client";
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
  const asked = [...types.values()].flatMap((type) => verbs.map((verb) => ({ type, verb })));
  const answers = await Promise.all(
    asked.map(async (ask) => ({ ...ask, allowed: await isAllowed(client, ask) })),
  );
  const missing = [...types.values()].flatMap((type) => {
    const refused = answers
      .filter((answer) => answer.type === type && !answer.allowed)
      .map(({ verb }) => verb);
    return refused.length === 0 ? [] : [`${refused.join(", ")} ${describe(type)}`];
  });
  if (missing.length > 0) throw missingRights(missing);
}

function describe({ group, resource, namespaced }: ResourceType): string {
  const name = group === "" ? resource : `${resource}.${group}`;
  return namespaced ? `${name} in namespace ${PLATFORM_NAMESPACE}` : name;
}

interface Ask {
  type: ResourceType;
  verb: string;
}

async function isAllowed(client: Client, { type, verb }: Ask): Promise<boolean> {
  const { body } = await client.raw({
    method: "POST",
    path: "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
    body: {
      apiVersion: "authorization.k8s.io/v1",
      kind: "SelfSubjectAccessReview",
      spec: {
        resourceAttributes: {
          group: type.group,
          resource: type.resource,
          verb,
          ...(type.namespaced ? { namespace: PLATFORM_NAMESPACE } : {}),
        },
      },
    },
  });
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  const { status } = JSON.parse(Buffer.concat(chunks).toString("utf8")) as { status?: { allowed?: boolean } };
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
      hint: "Use the kubeconfig of an administrator of the cluster: the install gives the platform's parts their rights",
      cause,
    },
  );
}
