import type { Build } from "@jdos/api";
import type { Stored } from "@jdos/client";
import {
  ARTIFACT_TYPES,
  type ArtifactDescriptor,
  type ArtifactManifest,
  type ArtifactStore,
  attachmentArtifact,
  attachmentTags,
  CYCLONEDX_PREDICATE,
  DSSE_MEDIA_TYPE,
  descriptorOf,
  imageSubject,
  openStatement,
  readSigningPayload,
  SIGNATURE_ANNOTATION,
  SIMPLE_SIGNING_MEDIA_TYPE,
  type SigningKey,
  type Statement,
  sbomArtifact,
  sealStatement,
  signingPayload,
} from "@jdos/component-base/attestation";
import { provenanceOf, type Subject, statementOf } from "./provenance.ts";

export interface AttestOptions {
  /** The application's repository. */
  store: ArtifactStore;
  key: SigningKey;
  subject: Subject;
  builderId: string;
}

export interface Attestation {
  provenance: string;
  signature: string;
  /** Whether the image has a list of packages. */
  hasSbom: boolean;
}

const MAX_BLOB_BYTES = 16 * 1024 * 1024;
/** A list of packages above it is attached and not signed by itself; the provenance has its digest. */
const MAX_SIGNED_SBOM_BYTES = 4 * 1024 * 1024;
/** Statements and signatures of one image: those of builds that gave the same one, and of others. */
const MAX_LAYERS = 40;
const MAX_REFERRERS = 200;
/** Which Build a statement is of, or which list of packages it signs. */
const ABOUT = "jdos.io/about";
const OCI_INDEX = "application/vnd.oci.image.index.v1+json";

/**
 * Attaches signature, provenance and list of packages to the image of a Build, as far as they are not there. Undefined:
 * the registry does not have the image. What others attached stays.
 */
export async function attestImage(
  build: Stored<Build>,
  options: AttestOptions,
): Promise<Attestation | undefined> {
  const { store, subject } = options;
  const image = await store.manifest(subject.digest);
  if (image === undefined) return undefined;
  const about = imageSubject(image.bytes, image.mediaType);
  const tags = attachmentTags(subject.digest);
  const sbom =
    build.status?.sbom === undefined ? undefined : await store.blob(build.status.sbom, MAX_BLOB_BYTES);
  const referrers: ArtifactDescriptor[] = [];
  const refer = (kind: keyof typeof ARTIFACT_TYPES, manifest: ArtifactManifest): string => {
    const bytes = Buffer.from(JSON.stringify(manifest));
    const descriptor = { ...descriptorOf(bytes, manifest.mediaType), artifactType: ARTIFACT_TYPES[kind] };
    referrers.push(descriptor);
    return descriptor.digest;
  };
  if (sbom !== undefined) {
    const artifact = sbomArtifact(about, sbom);
    await store.putArtifact(tags.sbom, artifact);
    refer("sbom", artifact.manifest);
  }
  const put = async (kind: "signature" | "attestations", layers: ArtifactDescriptor[]): Promise<string> => {
    const artifact = attachmentArtifact(kind, { subject: about, layers });
    const digest = refer(kind, artifact.manifest);
    if ((await store.manifest(tags[kind]))?.digest !== digest) await store.putArtifact(tags[kind], artifact);
    return digest;
  };
  const signature = await put("signature", await signatureLayers(tags.signature, options));
  const { layers, provenance } = await statementLayers(build, { ...options, tag: tags.attestations, sbom });
  await put("attestations", layers);
  await writeReferrers(store, tags.referrers, referrers);
  return { signature, provenance, hasSbom: sbom !== undefined };
}

/** An image is signed once: a signature that is there and right is kept. */
async function signatureLayers(
  tag: string,
  { store, key, subject }: AttestOptions,
): Promise<ArtifactDescriptor[]> {
  const present = await layersOf(store, tag);
  for (const layer of present) {
    if (layer.mediaType !== SIMPLE_SIGNING_MEDIA_TYPE) continue;
    const payload = await store.blob(layer.digest, MAX_BLOB_BYTES);
    const signature = Buffer.from(layer.annotations?.[SIGNATURE_ANNOTATION] ?? "", "base64");
    if (payload === undefined || !key.verify(payload, signature)) continue;
    const signed = readSigningPayload(payload);
    if (signed?.digest === subject.digest && signed.repository === subject.repository) return present;
  }
  const payload = signingPayload(subject);
  await store.putBlob(payload);
  const annotations = { [SIGNATURE_ANNOTATION]: key.sign(payload).toString("base64") };
  return [...present, { ...descriptorOf(payload, SIMPLE_SIGNING_MEDIA_TYPE), annotations }].slice(
    -MAX_LAYERS,
  );
}

interface Stating extends AttestOptions {
  tag: string;
  sbom: Buffer | undefined;
}

async function statementLayers(
  build: Stored<Build>,
  options: Stating,
): Promise<{ layers: ArtifactDescriptor[]; provenance: string }> {
  const { subject, builderId, sbom } = options;
  let layers = await layersOf(options.store, options.tag);
  if (sbom !== undefined && sbom.length <= MAX_SIGNED_SBOM_BYTES) {
    const statement = statementOf(subject, CYCLONEDX_PREDICATE, JSON.parse(sbom.toString("utf8")));
    ({ layers } = await withStatement(layers, { statement, about: build.status?.sbom ?? "" }, options));
  }
  const statement = provenanceOf(build, subject, builderId);
  const stated = await withStatement(layers, { statement, about: build.metadata.uid }, options);
  return { layers: stated.layers, provenance: stated.digest };
}

/** The layers with a statement about something; the one of before is kept when it says the same and its signature is right. */
async function withStatement(
  layers: ArtifactDescriptor[],
  { statement, about }: { statement: Statement; about: string },
  { store, key }: Stating,
): Promise<{ layers: ArtifactDescriptor[]; digest: string }> {
  const before = layers.find(({ annotations }) => annotations?.[ABOUT] === about);
  const envelope = before === undefined ? undefined : await store.blob(before.digest, MAX_BLOB_BYTES);
  if (before !== undefined && envelope !== undefined) {
    const said = openStatement(envelope, key);
    if (JSON.stringify(said) === JSON.stringify(statement)) return { layers, digest: before.digest };
  }
  const bytes = Buffer.from(JSON.stringify(sealStatement(statement, key)));
  await store.putBlob(bytes);
  const annotations = {
    predicateType: statement.predicateType,
    // cosign expects the annotation, and finds the signatures in the envelope.
    [SIGNATURE_ANNOTATION]: "",
    [ABOUT]: about,
  };
  const layer = { ...descriptorOf(bytes, DSSE_MEDIA_TYPE), annotations };
  const others = layers.filter((each) => each !== before);
  return { layers: [...others, layer].slice(-MAX_LAYERS), digest: layer.digest };
}

async function layersOf(store: ArtifactStore, tag: string): Promise<ArtifactDescriptor[]> {
  const found = await store.manifest(tag);
  const value = found === undefined ? undefined : parse<ArtifactManifest>(found.bytes);
  return Array.isArray(value?.layers) ? value.layers : [];
}

async function writeReferrers(
  store: ArtifactStore,
  tag: string,
  ours: readonly ArtifactDescriptor[],
): Promise<void> {
  const found = await store.manifest(tag);
  const before = found === undefined ? undefined : parse<{ manifests?: ArtifactDescriptor[] }>(found.bytes);
  const types: readonly (string | undefined)[] = Object.values(ARTIFACT_TYPES);
  const others = (before?.manifests ?? []).filter(({ artifactType }) => !types.includes(artifactType));
  const manifests = [...others, ...ours].slice(-MAX_REFERRERS);
  if (JSON.stringify(before?.manifests) === JSON.stringify(manifests)) return;
  await store.putManifest(tag, { schemaVersion: 2, mediaType: OCI_INDEX, manifests } as {
    mediaType: string;
  });
}

function parse<T>(bytes: Buffer): T | undefined {
  try {
    return JSON.parse(bytes.toString("utf8")) as T;
  } catch {
    return undefined;
  }
}
