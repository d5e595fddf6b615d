import type { KubeObject } from "@jdos/apimachinery";
import { asServed } from "@jdos/client";
import type { CommandContext, Input } from "../command.ts";
import { bringUp, objectsOf, prepareStages } from "./bring-up.ts";
import { missingBuildBounds } from "./build-bounds.ts";
import { nodeAddress, readKept } from "./facts.ts";
import { ensurePlatformProject } from "./harbor.ts";
import { publishImages, readImages } from "./images.ts";
import { renderManifests, type Stages } from "./manifests.ts";
import { preflight } from "./preflight/preflight.ts";
import type { Installation } from "./record.ts";
import { renderRecord } from "./record.ts";
import { locationOf } from "./registry.ts";
import { missingRoutesAddress } from "./routes-address.ts";
import type { ClusterSession } from "./session.ts";
import type { Facts } from "./template-values.ts";
import { unreadLogs } from "./unread-logs.ts";
import type { GivenValues, Values } from "./values.ts";

export interface Installed {
  id: string;
  state: string;
  version: string;
  kubernetes: string;
  server: string;
  images: Facts["images"];
  seconds: number;
  /** What a person should know of it that is not as it might be. */
  notices: string[];
}

export interface Plan {
  session: ClusterSession;
  input: Input;
  context: CommandContext;
  values: Values;
  /** What is known of it before its objects and images. */
  begun: Pick<Installation, "id" | "state" | "version" | "objects">;
}

const DEFAULT_TIMEOUT_SECONDS = 600;

export function givenValues({ options }: Input): GivenValues {
  const text = (name: string): string | undefined =>
    options[name] === undefined ? undefined : String(options[name]);
  return {
    file: text("values"),
    registry: text("registry"),
    registryUrl: text("registryUrl"),
    credentialsFile: text("registryCredentials"),
  };
}

/** What would be applied, with names in place of what is made on the way. Reads the cluster and changes nothing. */
export async function dryRun(plan: Plan): Promise<KubeObject[]> {
  const { session, values, begun, input } = plan;
  const kept = await readKept(session.client, values);
  const repository = locationOf(values.registry);
  const made = (name: string): string =>
    `${repository.host}/${repository.prefix}jdos/${name}:${begun.version}`;
  const images =
    input.options.images === undefined
      ? { platform: made("platform"), base: made("base") }
      : await readImages(String(input.options.images));
  const facts: Facts = {
    ...kept,
    administratorToken: "made at the install",
    gitServerKey: "made at the install",
    signingKey: "made at the install",
    signingPublicKey: "made at the install",
    registryCredentials: kept.registryCredentials === "" ? "" : "the registry's account",
    metricsAccess: mapped(kept.metricsAccess, () => "the account at Prometheus"),
    logKeys: mapped(kept.logKeys, () => "made at the install"),
    clickhouseAccess: mapped(kept.clickhouseAccess, () => "the account at ClickHouse"),
    mirrorCredentials: kept.mirrorCredentials === "" ? "" : "the accounts of mirrors",
    nodeAddress: await nodeAddress(session.client),
    images,
  };
  const stages = await stagesOf({ values, facts, id: begun.id });
  const record = renderRecord({ ...begun, images, values: recorded(values), objects: [] });
  const { namespace, definitions, rights, parts } = stages;
  return asServed(session.client, [...namespace, record, ...definitions, ...rights, ...parts]);
}

/** Checks, makes the images, and brings the cluster to what the plan says. */
export async function carryOut({ session, input, context, values, begun }: Plan): Promise<Installed> {
  const { client, run, server, kubernetes } = session;
  const since = performance.now();
  const { signal, environment } = context;
  const file = input.options.images;
  const kept = await readKept(client, values);
  const address = await nodeAddress(client);
  const factsWith = (images: Facts["images"]): Facts => ({ ...kept, nodeAddress: address, images });
  const unknown = await run("preflight", async () => {
    const checked = await stagesOf({
      values,
      facts: factsWith({ platform: "unknown", base: "unknown" }),
      id: begun.id,
    });
    const objects = objectsOf(checked);
    const credentials = kept.registryCredentials;
    return preflight({
      client,
      id: begun.id,
      values,
      credentials,
      metricsAccess: kept.metricsAccess,
      clickhouseAccess: kept.clickhouseAccess,
      objects,
      push: file === undefined,
    });
  });
  const images = await run("images", async (say) => {
    if (file !== undefined) return readImages(String(file));
    await ensurePlatformProject(values.registry, kept.registryCredentials);
    return publishImages({
      registry: values.registry,
      credentials: kept.registryCredentials,
      variables: environment.variables,
      signal,
      say,
    });
  });
  const installation = await bringUp({
    client,
    installation: { ...begun, images, values: recorded(values) },
    stages: await stagesOf({ values, facts: factsWith(images), id: begun.id }),
    run,
    signal,
    timeoutSeconds: Number(input.options.timeout ?? DEFAULT_TIMEOUT_SECONDS),
  });
  const { id, state, version } = installation;
  const noAddress = await missingRoutesAddress(client);
  return {
    id,
    state,
    version,
    kubernetes,
    server,
    images,
    seconds: (performance.now() - since) / 1000,
    notices: [
      ...(noAddress === undefined ? [] : [`Applications have no address of their own: ${noAddress}`]),
      ...unknown,
      ...(await missingBuildBounds(client, values)),
      ...(await unreadLogs(client, values)),
    ],
  };
}

async function stagesOf({
  values,
  facts,
  id,
}: {
  values: Values;
  facts: Facts;
  id: string;
}): Promise<Stages> {
  return prepareStages(await renderManifests(values, facts), id);
}

/** Files with accounts are of this machine; what they held is kept as Secrets. */
function recorded(values: Values): Values {
  const metrics = { ...values.metrics, tokenFile: "", basicAuthFile: "", caFile: "" };
  const registry = { ...values.registry, credentialsFile: "", mirrorCredentialsFile: "" };
  const logs = { ...values.logs, credentialsFile: "", caFile: "" };
  return { ...values, registry, metrics, logs };
}

function mapped<T extends object>(from: T, value: () => string): T {
  return Object.fromEntries(Object.keys(from).map((key) => [key, value()])) as T;
}
