/**
 * A piece of a source's tar. A source is sent in parts, cut where its content says, so that of a changed source only the
 * changed parts travel; each is a blob of the registry, addressed by its content.
 */
export interface SourcePart {
  /** sha256:... of the part's bytes. */
  digest: string;
  sizeBytes: number;
}

/** Parts in the order of the tar. */
export interface SourceParts {
  parts: SourcePart[];
}

export interface MissingParts {
  /** Digests of the parts that have to be sent. */
  missing: string[];
}

/** The bundle to name in a DeployRequest. */
export interface SourceUploaded {
  /** sha256:..., the manifest of the OCI artifact. */
  digest: string;
  sizeBytes: number;
  seconds: number;
}

/** Of the config of the OCI artifact that a source travels as. */
export const SOURCE_CONFIG_MEDIA_TYPE = "application/vnd.jdos.source.config.v1+json";
/** Of a layer that is a part; all layers together are the tar. */
export const SOURCE_PART_MEDIA_TYPE = "application/vnd.jdos.source.part.v1.tar";
/** Of the only layer of an artifact that is a tar.gz as a whole. */
export const SOURCE_LAYER_MEDIA_TYPE = "application/vnd.jdos.source.v1.tar+gzip";

/** Largest part. */
export const MAX_SOURCE_PART_BYTES = 4 * 1024 * 1024;
/** Most parts of a source. */
export const MAX_SOURCE_PARTS = 16_384;
