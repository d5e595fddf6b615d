import {
  BUILD_CONTAINER,
  BUILD_LABEL,
  type Build,
  type Container,
  type Job,
  registrySecretName,
  SYSTEM_LABEL,
  type Volume,
  type VolumeMount,
} from "@jdos/api";
import type { Stored } from "@jdos/client";
import type { Settings } from "../options.ts";
import { BUILD_ENVIRONMENT } from "./environment.ts";
import { DEFAULT_TIMEOUT_SECONDS } from "./input.ts";

/** The container in which the user's own steps run; it never sees a credential. */
export const STEPS_CONTAINER = "steps";
const PROGRAM = "/jdos/packages/image-builder/src/main.ts";

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

/**
 * The Job of a Build. Two containers of one Pod share an empty directory: `build` holds the registry credential,
 * fetches the source and pushes, and its log is the build's log; `steps` runs what the user wrote, in a container
 * of its own, so that no step can read the credential whatever it does.
 */
export function renderJob(build: Stored<Build>, attempt: number, settings: Settings): Job {
  const labels = {
    [BUILD_LABEL]: build.metadata.name,
    [ATTEMPT_LABEL]: String(attempt),
    [SYSTEM_LABEL]: build.metadata.namespace ?? "",
    "app.kubernetes.io/managed-by": "jdos",
  };
  const { repositoryHostPath } = settings.build;
  const repository: VolumeMount[] =
    repositoryHostPath === undefined ? [] : [{ name: "repository", mountPath: "/jdos", readOnly: true }];
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name: jobName(build.metadata.name, attempt), namespace: build.metadata.namespace, labels },
    spec: {
      // A step that failed would fail again; what may pass is retried inside.
      backoffLimit: 0,
      activeDeadlineSeconds: build.spec.timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS,
      template: {
        metadata: { labels, annotations: { "kubectl.kubernetes.io/default-container": BUILD_CONTAINER } },
        spec: {
          restartPolicy: "Never",
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          terminationGracePeriodSeconds: 5,
          containers: [
            {
              ...container(BUILD_CONTAINER, "coordinate", settings),
              resources: { requests: { cpu: "50m", memory: "64Mi" }, limits: { memory: "512Mi" } },
              volumeMounts: [input, credential, exchange, ...repository],
            },
            {
              ...container(STEPS_CONTAINER, "steps", settings),
              resources: {
                requests: { cpu: settings.build.cpu, memory: "64Mi" },
                limits: { memory: settings.build.memory },
              },
              volumeMounts: [input, environment, exchange, work, ...repository],
            },
          ],
          volumes: volumes(build, repositoryHostPath),
        },
      },
    },
  };
}

function container(name: string, role: string, { build }: Settings): Container {
  return {
    name,
    image: build.toolsImage,
    imagePullPolicy: build.toolsImagePullPolicy,
    command: ["node", "--disable-warning=ExperimentalWarning", PROGRAM, role],
    securityContext: { runAsUser: 0, allowPrivilegeEscalation: false },
  };
}

function volumes(build: Stored<Build>, repositoryHostPath: string | undefined): Volume[] {
  return [
    { name: "input", configMap: { name: build.metadata.name } },
    { name: "environment", configMap: { name: BUILD_ENVIRONMENT, optional: true } },
    {
      name: "credential",
      secret: { secretName: registrySecretName(build.spec.application), defaultMode: 0o400 },
    },
    { name: "exchange", emptyDir: {} },
    { name: "work", emptyDir: {} },
    ...(repositoryHostPath === undefined
      ? []
      : [{ name: "repository", hostPath: { path: repositoryHostPath, type: "Directory" } }]),
  ];
}
