import type { Application, Build, Deployment, Event, Pod, Release } from "@jdos/api";
import type { Stored } from "@jdos/client";
import type { World } from "../explain/world.ts";

type Partially<T> = T extends object ? { [K in keyof T]?: Partially<T[K]> } : T;

const CREATED = "2026-01-01T00:00:00Z";

/** Objects as the API server returns them, with the members that a test is about. */
export function stored<T>(name: string, members: Partially<T>): Stored<T & { metadata: object }> {
  const { metadata, ...others } = members as { metadata?: object };
  return {
    metadata: {
      name,
      namespace: "demo",
      uid: name,
      resourceVersion: "1",
      creationTimestamp: CREATED,
      generation: 1,
      ...metadata,
    },
    ...others,
  } as never;
}

export const application = (
  spec: Partially<Application["spec"]> = {},
  status: Partially<Application["status"]> = {},
): Stored<Application> =>
  stored<Application>("hello", {
    spec: { release: 2, replicas: 1, ...spec },
    status: { observedGeneration: 1, ...status },
  }) as Stored<Application>;

export const build = (
  number: number,
  status: Partially<Build["status"]>,
  members: Partially<Build> = {},
): Stored<Build> =>
  stored<Build>(`hello-b${number}`, {
    spec: { application: "hello", number, source: {} },
    status,
    ...members,
  } as never) as Stored<Build>;

export const release = (
  number: number,
  spec: Partially<Release["spec"]> = {},
  members: Partially<Release> = {},
): Stored<Release> =>
  stored<Release>(`hello-v${number}`, {
    spec: { application: "hello", number, image: `demo/hello@${number}`, run: {}, hash: "", ...spec },
    ...members,
  } as never) as Stored<Release>;

export interface PodState {
  release?: number;
  ready?: boolean;
  phase?: string;
  /** Null: none yet. */
  node?: string | null;
  conditions?: {
    type: string;
    status: string;
    reason?: string;
    message?: string;
    lastTransitionTime?: string;
  }[];
  container?: Partially<NonNullable<NonNullable<Pod["status"]>["containerStatuses"]>[number]>;
  spec?: Partially<Pod["spec"]>;
  status?: Partially<Pod["status"]>;
  metadata?: Partially<Pod["metadata"]>;
}

export function pod(
  name: string,
  {
    release: number = 2,
    ready = false,
    phase = "Running",
    node = "n1",
    conditions = [],
    container,
    spec,
    status,
    metadata,
  }: PodState = {},
): Stored<Pod> {
  return stored<Pod>(name, {
    metadata: { labels: { "jdos.io/application": "hello", "jdos.io/release": String(number) }, ...metadata },
    spec: {
      ...(node === null ? {} : { nodeName: node }),
      containers: [{ name: "app", image: `demo/hello@${number}` }],
      ...spec,
    },
    status: {
      phase,
      conditions: [{ type: "Ready", status: ready ? "True" : "False" }, ...conditions],
      containerStatuses: [
        {
          name: "app",
          image: "x",
          ready,
          restartCount: 0,
          state: ready || container === undefined ? { running: {} } : {},
          ...container,
        },
      ],
      ...status,
    },
  } as never) as Stored<Pod>;
}

export const event = (
  about: string,
  reason: string,
  message: string,
  members: Partially<Event> = {},
): Stored<Event> =>
  stored<Event>(`${about}.1`, {
    type: "Warning",
    reason,
    message,
    involvedObject: { kind: "Pod", name: about },
    lastTimestamp: CREATED,
    ...members,
  } as never) as Stored<Event>;

export const deployment = (members: Partially<Deployment>): Stored<Deployment> =>
  stored<Deployment>("hello", members as never) as Stored<Deployment>;

/** One release that runs well, with what a test changes. */
export function world(members: Partial<World> = {}): World {
  return {
    application: application(),
    builds: [],
    releases: [release(1), release(2)],
    deployment: undefined,
    pods: [pod("hello-2-a", { ready: true })],
    events: [],
    quotas: [],
    logs: [],
    imagePrefix: "registry.jdos.internal/",
    ...members,
  };
}

export const log = (podName: string, ...lines: string[]): World["logs"][number] => ({
  pod: podName,
  container: "app",
  previous: false,
  lines,
});
