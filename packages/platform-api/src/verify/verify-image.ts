import type { ImageVerification, VerificationCheck } from "@jdos/api";
import {
  type ArtifactDescriptor,
  type ArtifactStore,
  attachmentTags,
  DSSE_MEDIA_TYPE,
  openStatement,
  PROVENANCE_PREDICATE,
  type Provenance,
  readSigningPayload,
  SIGNATURE_ANNOTATION,
  SIMPLE_SIGNING_MEDIA_TYPE,
  type Statement,
  type VerifyingKey,
} from "@jdos/component-base/attestation";

export interface VerifyOptions {
  /** The repository that has the image. */
  store: ArtifactStore;
  key: VerifyingKey;
  /** registry.jdos.internal/demo/hello */
  repository: string;
  digest: string;
  /** The Build that a Release says made it, and its uid while it is there. */
  build?: { name: string; uid?: string };
}

export type Verified = Pick<ImageVerification, "checks" | "provenance" | "packages">;

const MAX_BLOB_BYTES = 32 * 1024 * 1024;
const MAX_LAYERS = 64;

type Check = Omit<VerificationCheck, "name">;

/** Looks at an image and at all that is attached to it. Everything is checked against its digest as it is read. */
export async function verifyImage(options: VerifyOptions): Promise<Verified> {
  const tags = attachmentTags(options.digest);
  const image = await looked(() => imageCheck(options));
  const signature = await looked(() => signatureCheck(options, tags.signature));
  let statement: Statement | undefined;
  const provenance = await looked(async () => {
    const found = await findProvenance(options, tags.attestations);
    statement = found.statement;
    return found.check;
  });
  const said = statement?.predicate as Provenance | undefined;
  let packages: number | undefined;
  const sbom = await looked(async () => {
    const found = await sbomCheck(options.store, said);
    packages = found.packages;
    return found.check;
  });
  return {
    checks: [
      { name: "image", ...image },
      { name: "signature", ...signature },
      { name: "provenance", ...provenance },
      { name: "sbom", ...sbom },
    ],
    ...(said === undefined ? {} : { provenance: summaryOf(said) }),
    ...(packages === undefined ? {} : { packages }),
  };
}

/** What the registry holds under a digest and does not have it is a finding; that it cannot be reached is not. */
async function looked(check: () => Promise<Check>): Promise<Check> {
  try {
    return await check();
  } catch (error) {
    if ((error as { code?: string }).code !== "RegistryRefused") throw error;
    return failed((error as Error).message);
  }
}

async function imageCheck({ store, digest }: VerifyOptions): Promise<Check> {
  const found = await store.manifest(digest);
  return found === undefined ? failed("The registry does not have the image") : passed(`It is ${digest}`);
}

async function signatureCheck(
  { store, key, repository, digest }: VerifyOptions,
  tag: string,
): Promise<Check> {
  const layers = await layersOf(store, tag, SIMPLE_SIGNING_MEDIA_TYPE);
  if (layers.length === 0) return failed("The image has no signature");
  for (const { digest: payloadDigest, annotations } of layers) {
    const payload = await store.blob(payloadDigest, MAX_BLOB_BYTES);
    const signature = Buffer.from(annotations?.[SIGNATURE_ANNOTATION] ?? "", "base64");
    if (payload === undefined || !key.verify(payload, signature)) continue;
    const signed = readSigningPayload(payload);
    if (signed?.digest === digest && signed.repository === repository)
      return passed("The image is signed by the platform");
  }
  return failed("No signature of the image is the platform's");
}

async function findProvenance(
  { store, key, digest, build }: VerifyOptions,
  tag: string,
): Promise<{ check: Check; statement?: Statement }> {
  const layers = await layersOf(store, tag, DSSE_MEDIA_TYPE);
  const candidates = layers.filter(({ annotations }) => annotations?.predicateType === PROVENANCE_PREDICATE);
  if (candidates.length === 0) return { check: failed("The image has no provenance") };
  let isSigned = false;
  for (const layer of candidates.toReversed()) {
    const envelope = await store.blob(layer.digest, MAX_BLOB_BYTES);
    const statement = envelope === undefined ? undefined : openStatement(envelope, key);
    if (statement?.predicateType !== PROVENANCE_PREDICATE) continue;
    if (!statement.subject.some((subject) => `sha256:${subject.digest?.sha256}` === digest)) continue;
    isSigned = true;
    if (isOf(statement.predicate as Provenance, build))
      return { statement, check: passed("The statement of how it was built is signed by the platform") };
  }
  return {
    check: failed(
      isSigned
        ? `No statement is of ${build?.name}, which the release names`
        : "No statement of how it was built is signed by the platform",
    ),
  };
}

function isOf({ buildDefinition, runDetails }: Provenance, build: VerifyOptions["build"]): boolean {
  if (build === undefined) return true;
  if (build.uid !== undefined) return runDetails.metadata.invocationId === build.uid;
  return (buildDefinition.internalParameters as { build?: string } | undefined)?.build === build.name;
}

async function sbomCheck(
  store: ArtifactStore,
  provenance: Provenance | undefined,
): Promise<{ check: Check; packages?: number }> {
  if (provenance === undefined)
    return { check: failed("Without provenance nothing says which list is right") };
  const digest = provenance.runDetails.byproducts?.find(({ name }) => name === "sbom")?.digest?.sha256;
  if (digest === undefined) return { check: failed("The build made no list of packages") };
  const bytes = await store.blob(`sha256:${digest}`, MAX_BLOB_BYTES);
  if (bytes === undefined) return { check: failed("The registry does not have the list of packages") };
  const { components = [] } = JSON.parse(bytes.toString("utf8")) as { components?: { type: string }[] };
  const packages = components.filter(({ type }) => type === "library").length;
  return { packages, check: passed(`${packages} packages, in the list that the provenance names`) };
}

function summaryOf({ buildDefinition, runDetails }: Provenance): NonNullable<Verified["provenance"]> {
  const { build, requestedBy } = (buildDefinition.internalParameters ?? {}) as Record<string, string>;
  const source = buildDefinition.resolvedDependencies.find(({ name }) => name === "source");
  const revision = source?.digest?.gitCommit ?? source?.digest?.sha256;
  const { startedOn, finishedOn } = runDetails.metadata;
  return {
    builder: runDetails.builder.id,
    ...(build === undefined ? {} : { build }),
    ...(requestedBy === undefined ? {} : { requestedBy }),
    ...(source?.uri === undefined ? {} : { source: source.uri }),
    ...(revision === undefined ? {} : { revision }),
    ...(startedOn === undefined ? {} : { startedOn }),
    ...(finishedOn === undefined ? {} : { finishedOn }),
    materials: buildDefinition.resolvedDependencies
      .filter(({ name }) => name === "image")
      .map(({ uri = "", digest }) =>
        (uri.includes("@") ? uri : `${uri}@sha256:${digest?.sha256}`).replace("oci://", ""),
      ),
  };
}

async function layersOf(store: ArtifactStore, tag: string, mediaType: string): Promise<ArtifactDescriptor[]> {
  const found = await store.manifest(tag);
  if (found === undefined) return [];
  try {
    const { layers } = JSON.parse(found.bytes.toString("utf8")) as { layers?: ArtifactDescriptor[] };
    return (layers ?? []).filter((layer) => layer.mediaType === mediaType).slice(0, MAX_LAYERS);
  } catch {
    return [];
  }
}

function passed(message: string): Check {
  return { passed: true, message };
}

function failed(message: string): Check {
  return { passed: false, message };
}
