import {
  type ApplicationEnv,
  type ApplicationRun,
  type EnvVar,
  type PodTemplateSpec,
  type Probe,
  RELEASE_LABEL,
  SERVING_GATE,
} from "@jdos/api";
import { bytes, cpuMillis, type DeepReadonly, formatBytes, formatCpu } from "@jdos/apimachinery";
import { portsOf } from "./ports.ts";
import { labelsOf, podsOfSubject, type Subject } from "./subject.ts";

const DEFAULT_CPU = "50m";
const DEFAULT_MEMORY = "256Mi";
const DEFAULT_GRACE_SECONDS = 30;
/** How long a Pod goes on answering after its deletion began, while load balancers take it out. */
const DRAIN_SECONDS = 3;

/** The Pods of a Release. */
export function renderPodTemplate(subject: Subject): PodTemplateSpec {
  const { application, release, settings, beside = false } = subject;
  const { run, image, number, podsOf } = release.spec;
  const grace = run.terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS;
  const { schedulerName } = settings.pods;
  const isGated = !beside && application.spec.rollout?.strategy === "InPlace";
  const pullSecret = settings.access.pullSecret(application.metadata.name, image);
  return {
    metadata: {
      labels: {
        ...labelsOf(application),
        ...podsOfSubject(subject),
        [RELEASE_LABEL]: String(podsOf ?? number),
      },
    },
    spec: {
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      terminationGracePeriodSeconds: grace,
      ...(pullSecret === undefined ? {} : { imagePullSecrets: [{ name: pullSecret }] }),
      ...(schedulerName === undefined ? {} : { schedulerName }),
      ...(isGated ? { readinessGates: [{ conditionType: SERVING_GATE }] } : {}),
      securityContext: { seccompProfile: { type: "RuntimeDefault" } },
      containers: [
        {
          name: application.metadata.name,
          image,
          ...(run.command === undefined ? {} : { command: [...run.command] }),
          ...(run.args === undefined ? {} : { args: [...run.args] }),
          env: environment(run),
          ports: portsOf(run).map(({ name, port, protocol }) => ({ name, containerPort: port, protocol })),
          resources: resources(run),
          readinessProbe: readiness(run),
          lifecycle: {
            preStop: { exec: { command: ["sleep", String(Math.min(DRAIN_SECONDS, grace - 1))] } },
          },
          // The last lines of a container that fails become part of its status, and of what people are told.
          terminationMessagePolicy: "FallbackToLogsOnError",
          securityContext: {
            allowPrivilegeEscalation: false,
            capabilities: { drop: ["AUDIT_WRITE", "MKNOD", "NET_RAW", "SETFCAP", "SYS_CHROOT"] },
          },
        },
      ],
    },
  };
}

function environment(run: DeepReadonly<ApplicationRun>): EnvVar[] {
  const own = (run.env ?? []).map(variable);
  if (own.some((entry) => entry.name === "PORT")) return own;
  return [{ name: "PORT", value: String(portsOf(run)[0].port) }, ...own];
}

function variable({ name, value, secret }: DeepReadonly<ApplicationEnv>): EnvVar {
  if (secret === undefined) return { name, value: value ?? "" };
  return { name, valueFrom: { secretKeyRef: { name: secret.name, key: secret.key } } };
}

function resources(run: DeepReadonly<ApplicationRun>) {
  const memory = formatBytes(bytes(run.memory ?? DEFAULT_MEMORY));
  return { requests: { cpu: formatCpu(cpuMillis(run.cpu ?? DEFAULT_CPU)), memory }, limits: { memory } };
}

function readiness(run: DeepReadonly<ApplicationRun>): Probe | undefined {
  const [first] = portsOf(run);
  const port = run.health?.port ?? first.port;
  const path = run.health?.path;
  const timing = {
    initialDelaySeconds: run.health?.initialDelaySeconds ?? 0,
    periodSeconds: run.health?.periodSeconds ?? 2,
    timeoutSeconds: 2,
    failureThreshold: 3,
  };
  if (path !== undefined) return { httpGet: { path, port, scheme: "HTTP" }, ...timing };
  if (run.health?.port === undefined && first.protocol === "UDP") return undefined;
  return { tcpSocket: { port }, ...timing };
}
