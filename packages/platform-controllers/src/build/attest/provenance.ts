import type { ApplicationBuild, Build } from "@jdos/api";
import type { DeepReadonly } from "@jdos/apimachinery";
import type { Stored } from "@jdos/client";
import {
  PROVENANCE_PREDICATE,
  type Provenance,
  type ResourceDescriptor,
  SBOM_MEDIA_TYPE,
  type Statement,
} from "@jdos/component-base/attestation";

/** What externalParameters mean: docs/supply-chain.md. */
export const BUILD_TYPE = "https://jdos.io/build/v1";

export interface Subject {
  /** registry.jdos.internal/demo/hello */
  repository: string;
  digest: string;
}

/** The statement of how a Build made its image. It names no secret's value and no value of an argument. */
export function provenanceOf(build: Stored<Build>, subject: Subject, builderId: string): Statement {
  const { metadata, spec, status = {} } = build;
  const predicate: Provenance = {
    buildDefinition: {
      buildType: BUILD_TYPE,
      externalParameters: {
        source: sourceOf(spec.source),
        ...(spec.build === undefined ? {} : { build: settingsOf(spec.build) }),
      },
      internalParameters: {
        system: metadata.namespace,
        application: spec.application,
        build: metadata.name,
        ...(spec.requestedBy === undefined ? {} : { requestedBy: spec.requestedBy }),
        ...(spec.trigger === undefined ? {} : { trigger: spec.trigger }),
        ...(spec.retryOf === undefined ? {} : { retryOf: spec.retryOf }),
        ...(status.stack === undefined ? {} : { stack: status.stack }),
      },
      resolvedDependencies: [...sourceDependency(build, subject), ...materialsOf(status.materials)],
    },
    runDetails: {
      builder: { id: builderId },
      metadata: {
        invocationId: metadata.uid,
        ...(status.startTime === undefined ? {} : { startedOn: status.startTime }),
        ...(status.completionTime === undefined ? {} : { finishedOn: status.completionTime }),
      },
      ...(status.sbom === undefined
        ? {}
        : { byproducts: [{ name: "sbom", digest: digestOf(status.sbom), mediaType: SBOM_MEDIA_TYPE }] }),
    },
  };
  return statementOf(subject, PROVENANCE_PREDICATE, predicate);
}

export function statementOf(
  { repository, digest }: Subject,
  predicateType: string,
  predicate: object,
): Statement {
  return {
    _type: "https://in-toto.io/Statement/v1",
    subject: [{ name: repository, digest: { sha256: hex(digest) } }],
    predicateType,
    predicate,
  };
}

function sourceOf({ git, bundle }: DeepReadonly<Build["spec"]["source"]>): object {
  if (git !== undefined) return { git: { ...git, url: withoutCredential(git.url) } };
  return { bundle };
}

/** An argument may hold what nobody should read: its name is told, and of a secret where it comes from. */
function settingsOf(build: DeepReadonly<ApplicationBuild>): object {
  const { args, ...settings } = build;
  return { ...settings, ...(args === undefined ? {} : { args: Object.keys(args).sort() }) };
}

function sourceDependency({ spec, status }: Stored<Build>, { repository }: Subject): ResourceDescriptor[] {
  const { git, bundle } = spec.source;
  if (bundle !== undefined) {
    const commit = bundle.revision;
    return [
      {
        name: "source",
        uri: `oci://${repository}@${bundle.digest}`,
        digest: { ...digestOf(bundle.digest), ...(isCommit(commit) ? { gitCommit: commit } : {}) },
      },
    ];
  }
  const revision = status?.revision;
  if (git === undefined || !isCommit(revision)) return [];
  const uri = `git+${withoutCredential(git.url)}@${revision}`;
  return [{ name: "source", uri, digest: { gitCommit: revision } }];
}

function materialsOf(
  materials: DeepReadonly<NonNullable<Build["status"]>>["materials"] = [],
): ResourceDescriptor[] {
  return materials.map(({ image, digest, mirror }) => ({
    name: "image",
    uri: `oci://${image}`,
    digest: digestOf(digest),
    ...(mirror === undefined ? {} : { downloadLocation: `oci://${mirror}` }),
  }));
}

function isCommit(text: string | undefined): text is string {
  return text !== undefined && /^[a-f0-9]{40}([a-f0-9]{24})?$/.test(text);
}

/** Without what stands before "@", which may be a password. */
function withoutCredential(url: string): string {
  return url.replace(/^([a-z+]+:\/\/)[^/@]*@/i, "$1");
}

function digestOf(digest: string): Record<string, string> {
  return { sha256: hex(digest) };
}

function hex(digest: string): string {
  return digest.replace(/^sha256:/, "");
}
