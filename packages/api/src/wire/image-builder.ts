import type { ApplicationBuild, ApplicationSource } from "../jdos/application.ts";
import { BUILD_STAGES, type BuildMaterial, type BuildStage } from "../jdos/build.ts";

/** What image-builder is asked to do: the file input.json of the build's ConfigMap. */
export interface BuilderInput {
  system: string;
  application: string;
  /** The Build's name. */
  build: string;
  source: ApplicationSource;
  options?: ApplicationBuild;
  registry: {
    /** Where the registry answers from inside a Pod: http://registry.jdos-system.svc:5000 */
    url: string;
    /** The host in image references: registry.jdos.internal */
    host: string;
    /** Before every repository, "" or "team/jdos/". Defaults to "". */
    prefix?: string;
    /** Where images of other registries come from, the longest prefix first. Defaults to those registries. */
    mirrors?: readonly BuilderMirror[];
  };
  /** Repository the image is pushed to: <prefix><system>/<application>. */
  repository: string;
  /** The image that stacks build on: registry.jdos.internal/jdos/base:12 */
  baseImage: string;
  /** Images named in the hint when a FROM cannot be had. */
  platformImages?: string[];
  timeoutSeconds: number;
}

/** Images below `prefix` ("docker.io/library/node") come from `location` ("registry.example.org/mirror/node"). */
export interface BuilderMirror {
  prefix: string;
  location: string;
  /** Where the mirror's API answers from inside a Pod. */
  url: string;
}

/** What image-builder reports: the JSON of the termination message, at most 4 KiB. */
export interface BuilderResult {
  /** Of the image's manifest; absent when the build failed. */
  digest?: string;
  /** registry.jdos.internal/<system>/<application>@<digest> */
  image?: string;
  stages: BuildStage[];
  /** The commit or the bundle's digest. */
  revision?: string;
  /** What was detected and why, in a sentence. */
  stack?: string;
  /** Digest of the artifact that keeps the log; absent where it could not be kept. */
  log?: string;
  /** The images it was built from, at most 16. */
  materials?: BuildMaterial[];
  /** What FROM named at other registries, as the steps say it; at most 4. */
  bases?: BuildMaterial[];
  /** Digest of the list of packages of the image; absent where none could be made. */
  sbom?: string;
  error?: BuilderError;
}

export interface BuilderError {
  code: string;
  /** The failing step and why. */
  message: string;
  hint?: string;
  /** The last lines the failing step wrote. */
  lines?: string[];
}

/** A line of the build's log that says where the build stands: `--- stage build succeeded in 1.2s: why`. */
export interface StageMarker {
  stage: BuildStage["name"];
  state: BuildStage["state"];
  seconds?: number;
  message?: string;
}

/** Writes a stage marker as a line of the build's log, without the line end. */
export function formatStageMarker(marker: StageMarker): string {
  if (marker.state === "Running") return `--- stage ${marker.stage} started`;
  const seconds = marker.seconds === undefined ? "" : ` in ${marker.seconds.toFixed(1)}s`;
  const message = marker.message === undefined ? "" : `: ${marker.message.replaceAll("\n", " ")}`;
  return `--- stage ${marker.stage} ${marker.state.toLowerCase()}${seconds}${message}`;
}

const MARKER = new RegExp(
  `^--- stage (${BUILD_STAGES.join("|")}) (started|succeeded|failed)(?: in ([0-9.]+)s)?(?:: (.*))?$`,
);

/** Reads a line of a build's log; undefined when it is not a stage marker. */
export function parseStageMarker(line: string): StageMarker | undefined {
  const match = MARKER.exec(line);
  if (match === null) return undefined;
  const states = { started: "Running", succeeded: "Succeeded", failed: "Failed" } as const;
  return {
    stage: match[1] as StageMarker["stage"],
    state: states[match[2] as keyof typeof states],
    ...(match[3] === undefined ? {} : { seconds: Number(match[3]) }),
    ...(match[4] === undefined ? {} : { message: match[4] }),
  };
}
