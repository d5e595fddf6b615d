import type { LimitRange, ResourceQuota, System } from "@jdos/api";
import {
  bytes,
  cpuMillis,
  type DeepReadonly,
  formatBytes,
  formatCpu,
  type Persisted,
} from "@jdos/apimachinery";
import { systemLabels } from "./labels.ts";

/** The name of what a System owns one of. */
export const SYSTEM_OBJECT = "jdos-system";

/** The ResourceQuota of a System; undefined when nothing is limited. Builds count with what they request. */
export function renderQuota(system: DeepReadonly<Persisted<System>>): ResourceQuota | undefined {
  const { cpu, memory, pods, disk } = system.spec?.quota ?? {};
  const hard = {
    ...(cpu === undefined ? {} : { "requests.cpu": formatCpu(cpuMillis(cpu)) }),
    ...(memory === undefined ? {} : { "requests.memory": formatBytes(bytes(memory)) }),
    ...(pods === undefined ? {} : { pods: String(pods) }),
    ...(disk === undefined ? {} : { "requests.storage": formatBytes(bytes(disk)) }),
  };
  if (Object.keys(hard).length === 0) return undefined;
  return { apiVersion: "v1", kind: "ResourceQuota", metadata: metadataOf(system), spec: { hard } };
}

/** What a container gets that says nothing: without it a quota would refuse it. */
export function renderLimits(system: DeepReadonly<Persisted<System>>): LimitRange {
  return {
    apiVersion: "v1",
    kind: "LimitRange",
    metadata: metadataOf(system),
    spec: {
      limits: [
        { type: "Container", defaultRequest: { cpu: "50m", memory: "128Mi" }, default: { memory: "512Mi" } },
      ],
    },
  };
}

function metadataOf({ metadata: { name } }: DeepReadonly<Persisted<System>>) {
  return { name: SYSTEM_OBJECT, namespace: name, labels: systemLabels(name) };
}
