import { type Build, type BuildStatus, Builds, Secrets } from "@jdos/api";
import { type Condition, findCondition, isStatus, type ObjectKey, setCondition } from "@jdos/apimachinery";
import type { Client, Stored } from "@jdos/client";
import { authorizeAt, credentialFor, type RegistryCredential } from "@jdos/component-base";
import { ArtifactStore } from "@jdos/component-base/attestation";
import type { ControllerOptions, ReconcileContext, Result } from "@jdos/controller-runtime";
import type { AttestationSettings, Settings } from "../../options.ts";
import { writeBuild } from "../write-build.ts";
import { attestImage } from "./attest-image.ts";

/** How long the token service may take. */
const TOKEN_MILLIS = 20_000;

/**
 * Signs the images of Builds that succeeded. One at a time: two Builds may have given the same image, whose attachments
 * are read and written.
 */
export function attestationController(
  settings: Settings,
  attestation: AttestationSettings,
): ControllerOptions {
  return {
    name: "attestation",
    for: Builds,
    concurrency: 1,
    reconcile: (context, key) => reconcile(context, key, { settings, attestation }),
  };
}

interface Means {
  settings: Settings;
  attestation: AttestationSettings;
}

async function reconcile(
  context: ReconcileContext,
  key: ObjectKey,
  means: Means,
): Promise<Result | undefined> {
  const build = context.informers.for(Builds).lister.get(key);
  const { phase, image, conditions } = build?.status ?? {};
  if (build === undefined || build.metadata.deletionTimestamp !== undefined) return;
  if (phase !== "Succeeded" || image === undefined) return;
  if (findCondition(conditions, "Attested")?.status === "True") return;
  try {
    await attest(context, build, { ...means, image });
  } catch (error) {
    if (isStatus(error)) throw error;
    const message = `Its image is not signed: ${(error as Error).message}`;
    await say(context, build, { status: "False", reason: "RegistryFailed", message });
    throw error;
  }
  return;
}

async function attest(
  context: ReconcileContext,
  build: Stored<Build>,
  { settings, attestation, image }: Means & { image: string },
): Promise<void> {
  const [repository = "", digest = ""] = image.split("@");
  const { registry } = settings;
  const path = repository.slice(registry.host.length + 1);
  const url = attestation.registryUrl ?? registry.url;
  const credential = await credentialOf(context.client, build, settings);
  const authorization = await authorizeAt(url, {
    scopes: { [path]: "pull,push" },
    ...(credential === undefined ? {} : { credential }),
    signal: AbortSignal.any([context.signal, AbortSignal.timeout(TOKEN_MILLIS)]),
  });
  const store = new ArtifactStore({
    url,
    repository: path,
    ...(authorization === undefined ? {} : { authorization }),
  });
  const { key, builderId } = attestation;
  const attested = await attestImage(build, { store, key, subject: { repository, digest }, builderId });
  if (attested === undefined) {
    const message = "Its image is not signed: the registry does not have it";
    return say(context, build, { status: "False", reason: "ImageMissing", message });
  }
  const { hasSbom, provenance, signature } = attested;
  const message = hasSbom
    ? "Its image is signed and has provenance and a list of packages"
    : "Its image is signed and has provenance; it has no list of packages: its log says why";
  await say(
    context,
    build,
    { status: "True", reason: hasSbom ? "Signed" : "SignedWithoutSbom", message },
    { provenance, signature },
  );
}

/** The application's own credential, which reaches its repository alone. */
async function credentialOf(
  client: Client,
  { metadata, spec }: Stored<Build>,
  { access, registry: { host } }: Settings,
): Promise<RegistryCredential | undefined> {
  const name = access.pushSecret(spec.application);
  if (name === undefined) return undefined;
  const key = { namespace: metadata.namespace ?? "", name };
  try {
    const { data = {} } = await client.get(Secrets, key);
    return credentialFor(host, Buffer.from(data[".dockerconfigjson"] ?? "", "base64").toString("utf8"));
  } catch (error) {
    if (isStatus(error, "NotFound")) return undefined;
    throw error;
  }
}

async function say(
  { client, now }: ReconcileContext,
  build: Stored<Build>,
  condition: Pick<Condition, "status" | "reason" | "message">,
  facts: Pick<BuildStatus, "provenance" | "signature"> = {},
): Promise<void> {
  const before = build.status as BuildStatus;
  const conditions = setCondition(before.conditions, { type: "Attested", ...condition }, now());
  await writeBuild(client, build, { ...before, ...facts, conditions });
}
