import { type Application, type Build, type BuildSpec, isBuildEnded, type RebuildPolicy } from "@jdos/api";
import { type DeepReadonly, deepCopy, type Persisted } from "@jdos/apimachinery";

type StoredApplication = DeepReadonly<Persisted<Application>>;
type StoredBuild = DeepReadonly<Persisted<Build>>;

/** Annotation of a Build that the platform asked for: the newer bases, "<image>=<digest>" with spaces between. */
export const NEWER_BASES_ANNOTATION = "jdos.io/newer-bases";
/** The same of which try it is, from 1 on: earlier ones may have been pruned. */
export const REBUILD_ATTEMPT_ANNOTATION = "jdos.io/rebuild-attempt";

const MAX_ATTEMPTS = 3;
/** After the first try that failed; four times as long each time. */
const RETRY_SECONDS = 600;
/** Until it is looked again whether there is room. */
const TURN_SECONDS = 30;

export interface RebuildWorld {
  readonly application: StoredApplication;
  readonly policy: Exclude<RebuildPolicy, "Never">;
  /** What the current Release was built by. */
  readonly build: StoredBuild;
  /** All of the application. */
  readonly builds: readonly StoredBuild[];
  /** Bases of the build whose names lead elsewhere now: what they were, and one digest that it is now. */
  readonly newer: readonly { readonly image: string; readonly digest: string; readonly now: string }[];
  /** Whether another Build of the platform's own accord may begin. */
  readonly hasRoom: boolean;
  readonly now: Date;
}

export interface RebuildPlan {
  /** Of the condition BaseImageCurrent, which is False. */
  readonly reason: string;
  readonly message: string;
  readonly create?: {
    readonly spec: Omit<BuildSpec, "application" | "number">;
    readonly annotations: Readonly<Record<string, string>>;
  };
  readonly againSeconds?: number;
}

/** What is said of a newer base, and what is done about it. The Builds alone say what was tried before. */
export function planRebuild(world: RebuildWorld): RebuildPlan {
  const { application, build, builds, newer, policy, hasRoom, now } = world;
  const is = newerSentence(world);
  const { namespace, name } = application.metadata;
  const command = `jdos build retry ${build.spec.number} --system ${namespace} --app ${name}`;
  const offer = { reason: "NewerBaseImage", message: `${is}. Build it again: ${command}` };
  const open = builds.find((each) => !isBuildEnded(each));
  if (open !== undefined)
    return { reason: "Rebuilding", message: `${is}; build ${open.metadata.name} is under way` };
  if (policy === "Offer") return offer;
  const bases = newer.map(({ image, now: digest }) => `${image}=${digest}`).join(" ");
  const tries = builds
    .filter(({ metadata }) => metadata.annotations?.[NEWER_BASES_ANNOTATION] === bases)
    .sort((a, b) => b.spec.number - a.spec.number);
  const [last] = tries;
  const attempt = Number(last?.metadata.annotations?.[REBUILD_ATTEMPT_ANNOTATION] ?? 0);
  if (last?.status?.phase === "Succeeded")
    return {
      reason: "Rebuilt",
      message: `${is}; build ${last.metadata.name} was made for it and is not current`,
    };
  if (last?.status?.phase === "Cancelled" || attempt >= MAX_ATTEMPTS) {
    const why =
      last?.status?.phase === "Cancelled" ? "was cancelled" : `failed, and ${attempt} tries are enough`;
    return {
      reason: "RebuildFailed",
      message: `${is}; build ${last?.metadata.name} ${why}. Build it again: ${command}`,
    };
  }
  const due =
    last === undefined
      ? 0
      : Date.parse(last.status?.completionTime ?? last.metadata.creationTimestamp) / 1000 +
        RETRY_SECONDS * 4 ** (attempt - 1);
  const waits = due - now.getTime() / 1000;
  if (waits > 0) {
    const at = new Date(due * 1000).toISOString();
    return {
      reason: "RebuildFailed",
      message: `${is}; build ${last?.metadata.name} failed, it is tried again at ${at}`,
      againSeconds: waits,
    };
  }
  if (!hasRoom)
    return {
      reason: "RebuildWaits",
      message: `${is}; it is built again when others have been`,
      againSeconds: TURN_SECONDS * (1 + Math.random()),
    };
  return {
    reason: "Rebuilding",
    message: `${is}; it is built again`,
    create: {
      spec: specOf(build),
      annotations: { [NEWER_BASES_ANNOTATION]: bases, [REBUILD_ATTEMPT_ANNOTATION]: String(attempt + 1) },
    },
  };
}

function newerSentence({ newer, build }: RebuildWorld): string {
  const names = newer.map(
    ({ image, digest, now }) => `${image} is ${short(now)} now and was ${short(digest)}`,
  );
  return `${names.join(", ")} when build ${build.metadata.name} was made`;
}

function short(digest: string): string {
  return digest.slice(0, 19);
}

/** The same source: of a branch the commit that it was. */
function specOf(build: StoredBuild): Omit<BuildSpec, "application" | "number"> {
  const { source, build: options, timeoutSeconds, trigger } = deepCopy(build.spec) as BuildSpec;
  const { revision } = build.status ?? {};
  const commit = source.git !== undefined && /^[0-9a-f]{40}$/.test(revision ?? "") ? revision : undefined;
  const git = source.git === undefined ? {} : { git: { ...source.git, ...(commit && { revision: commit }) } };
  return {
    source: { ...source, ...git },
    ...(options === undefined ? {} : { build: options }),
    ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
    requestedBy: "base image",
    trigger: { kind: "BaseImage", ...(trigger?.ref === undefined ? {} : { ref: trigger.ref }) },
  };
}
