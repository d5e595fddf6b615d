import { namespaceOf, type PodObject } from "./pod.ts";

/** Where the kubelet keeps its files. */
export interface Directories {
  readonly root: string;
  readonly pods: string;
  readonly logs: string;
  /** On a tmpfs: secrets and tokens never reach a disk. */
  readonly memory: string;
  /** Seccomp profiles of type Localhost. */
  readonly seccomp: string;
}

export function directoriesOf(rootDir: string): Directories {
  return {
    root: rootDir,
    pods: `${rootDir}/pods`,
    logs: `${rootDir}/logs`,
    memory: `${rootDir}/memory`,
    seccomp: `${rootDir}/seccomp`,
  };
}

export function podDirectory(directories: Directories, uid: string): string {
  return `${directories.pods}/${uid}`;
}

/** "<namespace>_<name>_<uid>", as log collectors expect it. */
export function podLogDirectory(directories: Directories, pod: PodObject): string {
  return `${directories.logs}/${namespaceOf(pod)}_${pod.metadata.name}_${pod.metadata.uid}`;
}
