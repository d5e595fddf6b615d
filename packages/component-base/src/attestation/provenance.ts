export const PROVENANCE_PREDICATE = "https://slsa.dev/provenance/v1";
export const CYCLONEDX_PREDICATE = "https://cyclonedx.org/bom";

/** How an image came about. Source: SLSA 1.0, provenance. */
export interface Provenance {
  buildDefinition: {
    buildType: string;
    /** What somebody asked for. */
    externalParameters: object;
    /** What the platform set. */
    internalParameters?: object;
    resolvedDependencies: ResourceDescriptor[];
  };
  runDetails: {
    builder: { id: string; version?: Record<string, string> };
    metadata: { invocationId: string; startedOn?: string; finishedOn?: string };
    byproducts?: ResourceDescriptor[];
  };
}

/** Source: in-toto attestation framework, ResourceDescriptor. */
export interface ResourceDescriptor {
  name?: string;
  uri?: string;
  digest?: Record<string, string>;
  mediaType?: string;
  /** Where it came from, when that is another place than `uri` says. */
  downloadLocation?: string;
}
