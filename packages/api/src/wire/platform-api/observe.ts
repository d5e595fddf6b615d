export interface PodView {
  name: string;
  /** As kubectl prints it: Running, CrashLoopBackOff, Pending ... */
  status: string;
  ready: boolean;
  restarts: number;
  release?: number;
  node?: string;
  ip?: string;
  /** Why it is not ready, in a sentence. */
  message?: string;
  startedAt?: string;
  createdAt: string;
}

export interface LogQuery {
  follow?: boolean;
  /** Lines of each Pod, of the past those of all together. Defaults to 200, with sinceSeconds or untilSeconds of the past to all; -1: all. */
  tail?: number;
  previous?: boolean;
  /** Not older. With this, or one of the next three, lines come of Pods that are gone too, where a log store is. */
  sinceSeconds?: number;
  /** Not younger. */
  untilSeconds?: number;
  /** Only lines with this text in them. */
  grep?: string;
  /** Only Pods of this release. */
  release?: number;
  /** One Pod instead of all; one that is gone, where a log store is. */
  pod?: string;
  container?: string;
}

export interface LogLine {
  pod: string;
  /** When the container wrote it, RFC 3339. */
  time?: string;
  line: string;
}

export interface ExecQuery {
  /** One word a member of argv. */
  command: string[];
  /** Defaults to a ready Pod. */
  pod?: string;
  container?: string;
  tty?: boolean;
  stdin?: boolean;
}

export interface EventView {
  time: string;
  type: "Normal" | "Warning";
  reason: string;
  /** "Pod/hello-5d8f-x2x4p" */
  object: string;
  message: string;
  count: number;
}

/** What `why` answers. */
export interface Explanation {
  /** One word in CamelCase for programs: Healthy, BuildFailed, ImagePullFailed, CrashLoop ... */
  situation: string;
  healthy: boolean;
  sentence: string;
  /** Facts it rests on: statuses, events, last log lines. */
  evidence: { from: string; text: string }[];
  nextStep: string;
}
