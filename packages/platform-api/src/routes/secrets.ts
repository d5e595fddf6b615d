import {
  type Application,
  Applications,
  type ListOf,
  PLATFORM_ROUTES,
  SECRET_LABEL,
  type Secret,
  type SecretRequest,
  Secrets,
  type SecretView,
} from "@jdos/api";
import { isStatus } from "@jdos/apimachinery";
import type { Client, Stored } from "@jdos/client";
import type { FastifyInstance } from "fastify";
import { PlatformError } from "../errors.ts";
import { sessionOf } from "./context.ts";
import { SECRET, SECRET_PARAMS, SYSTEM_PARAMS } from "./schemas.ts";
import { requireSystem } from "./systems.ts";
import { retryOnConflict } from "./write.ts";

type Params = { system: string; secret: string };

/** Secrets that people keep for applications. No answer has a value of one, and those of others are not touched. */
export function secretRoutes(server: FastifyInstance): void {
  server.get<{ Params: { system: string } }>(
    PLATFORM_ROUTES.secrets,
    { schema: { params: SYSTEM_PARAMS } },
    async (request): Promise<ListOf<SecretView>> => {
      const { client } = sessionOf(request);
      const { system: namespace } = request.params;
      await requireSystem(client, namespace);
      const [secrets, applications] = await Promise.all([
        client.list(Secrets, { namespace, labelSelector: `${SECRET_LABEL}=true` }),
        client.list(Applications, { namespace }),
      ]);
      return { items: secrets.items.map((secret) => secretView(secret, applications.items)) };
    },
  );

  server.put<{ Params: Params; Body: SecretRequest }>(
    PLATFORM_ROUTES.secret,
    { schema: { params: SECRET_PARAMS, body: SECRET } },
    async (request): Promise<SecretView> => {
      const { client } = sessionOf(request);
      await requireSystem(client, request.params.system);
      const secret = await write(client, request.params, request.body);
      const applications = await client.list(Applications, { namespace: request.params.system });
      return secretView(secret, applications.items);
    },
  );

  server.delete<{ Params: Params }>(
    PLATFORM_ROUTES.secret,
    { schema: { params: SECRET_PARAMS } },
    async (request, reply): Promise<SecretView> => {
      const { client } = sessionOf(request);
      const { system: namespace, secret: name } = request.params;
      const secret = own(await find(client, request.params), request.params);
      const applications = await client.list(Applications, { namespace });
      const view = secretView(secret, applications.items);
      if (view.usedBy.length > 0)
        throw new PlatformError(
          "Conflict",
          `Cannot delete secret "${name}": ${view.usedBy.map((app) => `application "${app}"`).join(", ")} takes variables from it`,
          {
            hint: `Take the variable out first: jdos env unset NAME --system ${namespace} --app ${view.usedBy[0]}`,
          },
        );
      await client.delete(Secrets, { namespace, name }, { preconditions: { uid: secret.metadata.uid } });
      reply.code(202);
      return view;
    },
  );
}

async function write(
  client: Client,
  params: Params,
  { set = {}, unset = [] }: SecretRequest,
): Promise<Stored<Secret>> {
  const { system: namespace, secret: name } = params;
  return retryOnConflict(async () => {
    const found = await find(client, params);
    if (found === undefined) {
      const labels = { [SECRET_LABEL]: "true" };
      return client.create(Secrets, { metadata: { name, namespace, labels }, type: "Opaque", data: set });
    }
    const { data = {} } = own(found, params);
    const kept = Object.entries(data).filter(([key]) => !unset.includes(key));
    return client.update(Secrets, {
      ...found,
      data: { ...Object.fromEntries(kept), ...set },
    } as Stored<Secret>);
  });
}

async function find(client: Client, { system, secret }: Params): Promise<Stored<Secret> | undefined> {
  try {
    return await client.get(Secrets, { namespace: system, name: secret });
  } catch (error) {
    if (isStatus(error, "NotFound")) return undefined;
    throw error;
  }
}

function own(secret: Stored<Secret> | undefined, { system, secret: name }: Params): Stored<Secret> {
  const hint = `See what there is: jdos secrets list --system ${system}`;
  if (secret === undefined)
    throw new PlatformError("NotFound", `Cannot find secret "${name}" in system "${system}"`, { hint });
  if (secret.metadata.labels?.[SECRET_LABEL] === "true") return secret;
  throw new PlatformError("Conflict", `Cannot change secret "${name}": it is not one of jdos secrets`, {
    hint,
  });
}

/**
 * Refuses what refers to a Secret or key that is missing. Who may not read Secrets is believed, and `why` says later
 * what is missing.
 */
export async function requireSecretKey(
  client: Client,
  system: string,
  { name, key }: { name: string; key: string },
): Promise<void> {
  let secret: Stored<Secret> | undefined;
  try {
    secret = await find(client, { system, secret: name });
  } catch (error) {
    if (isStatus(error, "Forbidden")) return;
    throw error;
  }
  if (secret?.data?.[key] !== undefined) return;
  throw new PlatformError(
    "Invalid",
    secret === undefined
      ? `Cannot take a variable from secret "${name}": it is not there`
      : `Cannot take a variable from secret "${name}": it has no key "${key}"`,
    { hint: `Make it: jdos secrets set ${name} ${key}=VALUE --system ${system}`, field: "secrets" },
  );
}

function secretView(
  { metadata, data = {} }: Stored<Secret>,
  applications: readonly Stored<Application>[],
): SecretView {
  const uses = ({ spec }: Stored<Application>): boolean =>
    [...(spec.run?.env ?? []), ...(spec.build?.secrets ?? [])].some(
      ({ secret }) => secret?.name === metadata.name,
    ) || spec.source?.git?.secret === metadata.name;
  return {
    name: metadata.name,
    keys: Object.keys(data).sort(),
    usedBy: applications.filter(uses).map((application) => application.metadata.name),
    createdAt: metadata.creationTimestamp,
  };
}
