/**
 * Signatures of images and signed statements about them, in the forms that cosign, in-toto and the containers tools
 * read, and the artifacts that carry them in a registry.
 * @module
 */
export type { Artifact, ArtifactDescriptor, ArtifactManifest } from "../registry/artifact.ts";
export {
  attachmentArtifact,
  descriptorOf,
  imageSubject,
  sbomArtifact,
  sha256Digest,
} from "../registry/artifact.ts";
export type { ArtifactStoreOptions, FoundManifest } from "../registry/artifact-store.ts";
export { ArtifactStore } from "../registry/artifact-store.ts";
export type { AttachmentTags } from "../registry/attachments.ts";
export {
  ARTIFACT_TYPES,
  attachmentTags,
  DSSE_MEDIA_TYPE,
  SBOM_MEDIA_TYPE,
  SIGNATURE_ANNOTATION,
  SIMPLE_SIGNING_MEDIA_TYPE,
  subjectOfTag,
} from "../registry/attachments.ts";
export type { Envelope, Statement } from "./dsse.ts";
export { openStatement, sealStatement } from "./dsse.ts";
export type { Provenance, ResourceDescriptor } from "./provenance.ts";
export { CYCLONEDX_PREDICATE, PROVENANCE_PREDICATE } from "./provenance.ts";
export type { SigningKey, VerifyingKey } from "./signing-key.ts";
export { newSigningKey, readSigningKey, readVerifyingKey } from "./signing-key.ts";
export type { SignedImage } from "./simple-signing.ts";
export { readSigningPayload, signingPayload } from "./simple-signing.ts";
