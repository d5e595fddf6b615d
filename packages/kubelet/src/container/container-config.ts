import type { ContainerConfig, Image, Mount } from "../cri/types.ts";
import type { ContainerSpec, PodObject } from "../pod/pod.ts";
import { containerAnnotations, containerLabels } from "../runtime/labels.ts";
import { expand } from "./expand.ts";
import { containerResources } from "./resources.ts";
import { containerSecurity } from "./security-context.ts";

export interface ContainerInput {
  readonly restartCount: number;
  readonly image: Image;
  readonly environment: ReadonlyMap<string, string>;
  readonly mounts: readonly Mount[];
  readonly nodeMemoryBytes: number;
  readonly seccompRoot: string;
}

/** What the runtime needs to make a container. */
export function containerConfig(
  pod: PodObject,
  container: ContainerSpec,
  input: ContainerInput,
): ContainerConfig {
  const lookup = (name: string) => input.environment.get(name);
  return {
    metadata: { name: container.name, attempt: input.restartCount },
    image: { image: input.image.id },
    command: (container.command ?? []).map((word) => expand(word, lookup)),
    args: (container.args ?? []).map((word) => expand(word, lookup)),
    workingDir: container.workingDir ?? "",
    envs: [...input.environment].map(([key, value]) => ({ key, value })),
    mounts: [...input.mounts],
    labels: containerLabels(pod, container),
    annotations: containerAnnotations(pod, container, input.restartCount),
    logPath: containerLogPath(container.name, input.restartCount),
    stdin: container.stdin === true,
    stdinOnce: container.stdinOnce === true,
    tty: container.tty === true,
    linux: {
      resources: containerResources(pod, container, input.nodeMemoryBytes),
      securityContext: containerSecurity(pod, container, input),
    },
  };
}

/** A container's log within its Pod's log directory. */
export function containerLogPath(name: string, restartCount: number): string {
  return `${name}/${restartCount}.log`;
}
