/**
 * What is attached to an image in a registry and how it is found: by the tags of the OCI 1.1 referrers tag schema
 * (`sha256-<digest>`, an index) and of cosign (`.sig`, `.att`, `.sbom`). Each artifact has a tag of its own, so that a
 * registry which removes what has no tag leaves them.
 * Sources: OCI distribution specification 1.1, referrers tag schema; sigstore/cosign, specs/SIGNATURE_SPEC.md.
 */
export const SBOM_MEDIA_TYPE = "application/vnd.cyclonedx+json";
export const DSSE_MEDIA_TYPE = "application/vnd.dsse.envelope.v1+json";
export const SIMPLE_SIGNING_MEDIA_TYPE = "application/vnd.dev.cosign.simplesigning.v1+json";
export const SIGNATURE_ANNOTATION = "dev.cosignproject.cosign/signature";

/** artifactType of the manifests, as cosign and others name them. */
export const ARTIFACT_TYPES = {
  signature: "application/vnd.dev.cosign.artifact.sig.v1+json",
  attestations: "application/vnd.in-toto+json",
  sbom: SBOM_MEDIA_TYPE,
} as const;

export interface AttachmentTags {
  /** The index of all that refers to the image. */
  referrers: string;
  signature: string;
  attestations: string;
  sbom: string;
}

/** The tags in an image's repository that belong to the image: they are kept as long as it is, and copied with it. */
export function attachmentTags(imageDigest: string): AttachmentTags {
  const referrers = imageDigest.replace(":", "-");
  return {
    referrers,
    signature: `${referrers}.sig`,
    attestations: `${referrers}.att`,
    sbom: `${referrers}.sbom`,
  };
}

/** The digest of the image that a tag belongs to; undefined: it is no attachment. */
export function subjectOfTag(tag: string): string | undefined {
  const hex = /^sha256-([a-f0-9]{64})(\.(sig|att|sbom))?$/.exec(tag)?.[1];
  return hex === undefined ? undefined : `sha256:${hex}`;
}
