import {
  BUILD_CONTAINER,
  BUILD_LABEL,
  type Build,
  CONFINED_NETWORK,
  type Container,
  type Job,
  POD_NETWORK_ANNOTATION,
  type PodSpec,
  SYSTEM_LABEL,
  type Volume,
  type VolumeMount,
} from "@jdos/api";
import { cpuMillis } from "@jdos/apimachinery";
import type { Stored } from "@jdos/client";
import { compileCacheEnvironment } from "@jdos/component-base";
import type { Settings } from "../options.ts";
import { BUILD_ENVIRONMENT } from "./environment.ts";
import { gitCredential } from "./git-credential.ts";
import { timeoutOf } from "./input.ts";
import { stepVolumes } from "./step-volumes.ts";

/** The container in which the user's own steps run; it never sees a credential. */
export const STEPS_CONTAINER = "steps";
/** The coordinator keeps to the timeout itself and says where it was; the Job ends one that does not, or never starts. */
const START_SECONDS = 60;
const PROGRAM = "packages/image-builder/src/main.ts";
/** Where the platform's image has the repository's tree, and where a tree of the node is mounted over none. */
const IN_IMAGE = "/opt/jdos";
const MOUNTED = "/jdos";

/**
 * What each container may do as user 0; all the rest is dropped, and nothing can be gained. The coordinator needs
 * nothing. The steps map the user namespace that buildah works in (SETUID, SETGID, SETFCAP), give the source to
 * the user that npm runs as and become it (CHOWN, SETUID, SETGID), end what that user started (KILL), and read and
 * remove what it left (DAC_OVERRIDE, FOWNER).
 */
const CAPABILITIES = {
  [BUILD_CONTAINER]: [],
  [STEPS_CONTAINER]: ["CHOWN", "DAC_OVERRIDE", "FOWNER", "KILL", "SETFCAP", "SETGID", "SETUID"],
};

const input: VolumeMount = { name: "input", mountPath: "/etc/jdos/build", readOnly: true };
const environment: VolumeMount = { name: "environment", mountPath: "/etc/jdos/environment", readOnly: true };
const credential: VolumeMount = { name: "credential", mountPath: "/etc/jdos/registry", readOnly: true };
const exchange: VolumeMount = { name: "exchange", mountPath: "/exchange" };
const work: VolumeMount = { name: "work", mountPath: "/work" };

/** Which try of a Build a Pod belongs to. */
export const ATTEMPT_LABEL = "jdos.io/attempt";

/** The Job of the first try has the Build's own name. */
export function jobName(build: string, attempt: number): string {
  return attempt === 1 ? build : `${build}-r${attempt}`;
}

export interface JobSettings extends Settings {
  /** Where the system's builds keep their layers, on the node. */
  cachePath?: string | undefined;
}

/**
 * The Job of a Build. Two containers of one Pod share an empty directory: `build` holds the credentials of
 * the registry and of a private repository, fetches the source and pushes, and its log is the build's log; `steps` runs what the user wrote, in a container
 * of its own, so that no step can read the credential whatever it does.
 */
export function renderJob(build: Stored<Build>, attempt: number, settings: JobSettings): Job {
  const labels = {
    [BUILD_LABEL]: build.metadata.name,
    [ATTEMPT_LABEL]: String(attempt),
    [SYSTEM_LABEL]: build.metadata.namespace ?? "",
    "app.kubernetes.io/managed-by": "jdos",
  };
  const pullSecret = settings.access.pullSecret(build.spec.application, settings.build.builderImage);
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name: jobName(build.metadata.name, attempt), namespace: build.metadata.namespace, labels },
    spec: {
      // A step that failed would fail again; what may pass is retried inside.
      backoffLimit: 0,
      activeDeadlineSeconds: timeoutOf(build) + START_SECONDS,
      template: {
        metadata: { labels, annotations: annotations(settings) },
        spec: {
          restartPolicy: "Never",
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          // A coordinator that is stopped keeps its log.
          terminationGracePeriodSeconds: 5,
          ...placement(settings),
          ...(pullSecret === undefined ? {} : { imagePullSecrets: [{ name: pullSecret }] }),
          containers: [coordinator(build, settings), steps(build, settings)],
          volumes: volumes(build, settings),
        },
      },
    },
  };
}

/** A request above its limit would be refused. */
function leastOf(request: string, limit: string | undefined): string {
  return limit !== undefined && cpuMillis(limit) < cpuMillis(request) ? limit : request;
}

/** Where builds run, and behind whom. */
function placement({ build }: Settings): Pick<PodSpec, "priorityClassName" | "nodeSelector" | "tolerations"> {
  const { priorityClass, nodeSelector, tolerations } = build;
  return {
    ...(priorityClass === "" ? {} : { priorityClassName: priorityClass }),
    ...(Object.keys(nodeSelector).length === 0 ? {} : { nodeSelector: { ...nodeSelector } }),
    ...(tolerations.length === 0 ? {} : { tolerations: [...tolerations] }),
  };
}

function annotations({ build }: Settings): Record<string, string> {
  return {
    "kubectl.kubernetes.io/default-container": BUILD_CONTAINER,
    // A network that does not know it leaves what Pods reach to the cluster's own policies.
    [POD_NETWORK_ANNOTATION]: CONFINED_NETWORK,
    ...(build.confinement === "unconfined"
      ? { [`container.apparmor.security.beta.kubernetes.io/${STEPS_CONTAINER}`]: "unconfined" }
      : {}),
  };
}

function coordinator(build: Stored<Build>, settings: Settings): Container {
  const { registry, access } = settings;
  const base = container(BUILD_CONTAINER, "coordinate", settings);
  const authorities = { name: "NODE_EXTRA_CA_CERTS", value: `${environment.mountPath}/ca.crt` };
  const git = gitCredential(build);
  const hasTls = [registry, ...(registry.mirrors ?? [])].some(({ url }) => url.startsWith("https:"));
  return {
    ...base,
    // It needs no user namespace, as the steps do.
    securityContext: { ...base.securityContext, seccompProfile: { type: "RuntimeDefault" } },
    ...(hasTls ? { env: [...(base.env ?? []), authorities] } : {}),
    resources: {
      requests: { cpu: "10m", memory: "64Mi", "ephemeral-storage": "64Mi" },
      limits: { memory: "512Mi", "ephemeral-storage": "1Gi" },
    },
    volumeMounts: [
      input,
      ...(access.pushSecret(build.spec.application) === undefined ? [] : [credential]),
      ...(hasTls || git.mounts.length > 0 ? [environment] : []),
      ...git.mounts,
      exchange,
      ...repository(settings),
    ],
  };
}

function steps(build: Stored<Build>, settings: JobSettings): Container {
  const { spec } = build;
  const { cpu, memory, disk, confinement } = settings.build;
  const most = spec.build?.cpu;
  const base = container(STEPS_CONTAINER, "steps", settings);
  return {
    ...base,
    resources: {
      requests: { cpu: leastOf(cpu, most), memory: "64Mi", "ephemeral-storage": "64Mi" },
      limits: {
        ...(most === undefined ? {} : { cpu: most }),
        memory: spec.build?.memory ?? memory,
        "ephemeral-storage": disk,
      },
    },
    volumeMounts: [
      input,
      environment,
      exchange,
      work,
      ...stepVolumes(build, settings.cachePath).mounts,
      ...repository(settings),
    ],
    ...(confinement === "unconfined"
      ? { securityContext: { ...base.securityContext, seccompProfile: { type: "Unconfined" } } }
      : {}),
  };
}

function container(name: keyof typeof CAPABILITIES, role: string, { build }: Settings): Container {
  const tree = build.repositoryHostPath === undefined ? IN_IMAGE : MOUNTED;
  // Its start is what the build of a small change waits for most.
  const compiled = Object.entries(compileCacheEnvironment(tree)).map(([name, value]) => ({ name, value }));
  return {
    name,
    image: build.builderImage,
    imagePullPolicy: build.builderImagePullPolicy,
    ...(tree === MOUNTED ? { env: compiled } : {}),
    command: ["node", "--disable-warning=ExperimentalWarning", `${tree}/${PROGRAM}`, role],
    securityContext: {
      runAsUser: 0,
      allowPrivilegeEscalation: false,
      capabilities: { drop: ["ALL"], add: [...CAPABILITIES[name]] },
    },
  };
}

function repository({ build }: Settings): VolumeMount[] {
  if (build.repositoryHostPath === undefined) return [];
  return [{ name: "repository", mountPath: MOUNTED, readOnly: true }];
}

function volumes(
  build: Stored<Build>,
  { access, cachePath, build: { repositoryHostPath: path, disk } }: JobSettings,
): Volume[] {
  const secretName = access.pushSecret(build.spec.application);
  return [
    { name: "input", configMap: { name: build.metadata.name } },
    { name: "environment", configMap: { name: BUILD_ENVIRONMENT, optional: true } },
    ...(secretName === undefined ? [] : [{ name: "credential", secret: { secretName, defaultMode: 0o400 } }]),
    { name: "exchange", emptyDir: { sizeLimit: disk } },
    { name: "work", emptyDir: { sizeLimit: disk } },
    ...gitCredential(build).volumes,
    ...stepVolumes(build, cachePath).volumes,
    ...(path === undefined ? [] : [{ name: "repository", hostPath: { path, type: "Directory" } }]),
  ];
}
