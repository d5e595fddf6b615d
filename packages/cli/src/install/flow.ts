import type { KubeObject } from "@jdos/apimachinery";
import { asServed } from "@jdos/client";
import type { CommandContext, Input } from "../command.ts";
import { bringUp, objectsOf, prepareStages } from "./bring-up.ts";
import { nodeAddress, readKept } from "./facts.ts";
import { publishImages, readImages } from "./images.ts";
import { renderManifests, type Stages } from "./manifests.ts";
import { preflight } from "./preflight/preflight.ts";
import type { Installation } from "./record.ts";
import { renderRecord } from "./record.ts";
import { locationOf } from "./registry.ts";
import { missingRoutesAddress } from "./routes-address.ts";
import type { ClusterSession } from "./session.ts";
import type { Facts } from "./template-values.ts";
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
  const kept = await readKept(session.client, values.registry);
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
  const kept = await readKept(client, values.registry);
  const address = await nodeAddress(client);
  const factsWith = (images: Facts["images"]): Facts => ({ ...kept, nodeAddress: address, images });
  await run("preflight", async () => {
    const checked = await stagesOf({
      values,
      facts: factsWith({ platform: "unknown", base: "unknown" }),
      id: begun.id,
    });
    const objects = objectsOf(checked);
    const credentials = kept.registryCredentials;
    await preflight({ client, id: begun.id, values, credentials, objects, push: file === undefined });
  });
  const images = await run("images", (say) =>
    file === undefined
      ? publishImages({
          registry: values.registry,
          credentials: kept.registryCredentials,
          variables: environment.variables,
          signal,
          say,
        })
      : readImages(String(file)),
  );
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
    notices: noAddress === undefined ? [] : [`Applications have no address of their own: ${noAddress}`],
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

/** The file of the registry's account is of this machine; what it held is kept as a Secret. */
function recorded(values: Values): Values {
  return { ...values, registry: { ...values.registry, credentialsFile: "" } };
}
