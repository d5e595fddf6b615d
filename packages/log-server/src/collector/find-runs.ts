import { join } from "node:path";
import { entriesOf } from "./log-files.ts";

/** The log of one run of a container, as it lies below the directory of Pods' logs. */
export interface FoundRun {
  /** "<Pod uid>/<container>/<restart number>" */
  readonly run: string;
  readonly uid: string;
  readonly container: string;
  readonly restart: string;
  /** Of its files. */
  readonly directory: string;
}

/**
 * Everything that lies below a node's directory of Pods' logs: <namespace>_<pod>_<uid>/<container>/<restart>.log.
 * Source: the kubelet's layout for the Container Runtime Interface.
 */
export function* findRuns(root: string): Generator<FoundRun> {
  for (const pod of entriesOf(root)) {
    const uid = /^[^_]+_[^_]+_([^_/]+)$/.exec(pod)?.[1];
    if (uid === undefined) continue;
    for (const container of entriesOf(join(root, pod))) {
      const directory = join(root, pod, container);
      const restarts = new Set(
        entriesOf(directory).flatMap((name) => /^(\d+)\.log(\.|$)/.exec(name)?.[1] ?? []),
      );
      for (const restart of restarts)
        yield { run: `${uid}/${container}/${restart}`, uid, container, restart, directory };
    }
  }
}
