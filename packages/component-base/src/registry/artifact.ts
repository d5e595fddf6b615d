import { createHash } from "node:crypto";
import { ARTIFACT_TYPES, type AttachmentTags, SBOM_MEDIA_TYPE } from "./attachments.ts";

const OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json";
const OCI_CONFIG = "application/vnd.oci.image.config.v1+json";
const OCI_EMPTY = "application/vnd.oci.empty.v1+json";

/** Source: OCI image specification, descriptor. */
export interface ArtifactDescriptor {
  mediaType: string;
  digest: string;
  size: number;
  artifactType?: string;
  annotations?: Record<string, string>;
}

export interface ArtifactManifest {
  schemaVersion: 2;
  mediaType: string;
  artifactType?: string;
  config: ArtifactDescriptor;
  layers: ArtifactDescriptor[];
  subject?: ArtifactDescriptor;
}

/** An artifact and the bytes of its configuration. */
export interface Artifact {
  manifest: ArtifactManifest;
  config: Buffer;
}

export function sha256Digest(bytes: Uint8Array | string): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

export function descriptorOf(bytes: Uint8Array, mediaType: string): ArtifactDescriptor {
  return { mediaType, digest: sha256Digest(bytes), size: bytes.byteLength };
}

/**
 * The artifact of one kind about an image. Signatures and attestations have an image's configuration, as cosign writes
 * them: registries like Harbor know them by it.
 */
export function attachmentArtifact(
  kind: Exclude<keyof AttachmentTags, "referrers">,
  { subject, layers }: { subject: ArtifactDescriptor; layers: ArtifactDescriptor[] },
): Artifact {
  const diffIds = layers.map(({ digest }) => digest);
  const image = { architecture: "", os: "", config: {}, rootfs: { type: "layers", diff_ids: diffIds } };
  const config = Buffer.from(JSON.stringify(kind === "sbom" ? {} : image));
  return {
    config,
    manifest: {
      schemaVersion: 2,
      mediaType: OCI_MANIFEST,
      artifactType: ARTIFACT_TYPES[kind],
      config: descriptorOf(config, kind === "sbom" ? OCI_EMPTY : OCI_CONFIG),
      layers,
      subject,
    },
  };
}

/** The artifact of a list of packages; the same list gives the same artifact. */
export function sbomArtifact(subject: ArtifactDescriptor, sbom: Uint8Array): Artifact {
  return attachmentArtifact("sbom", { subject, layers: [descriptorOf(sbom, SBOM_MEDIA_TYPE)] });
}

/** How an image is named as the subject of others. */
export function imageSubject(manifest: Uint8Array, mediaType: string): ArtifactDescriptor {
  return descriptorOf(manifest, mediaType);
}
