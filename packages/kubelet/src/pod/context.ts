import type { Client } from "@jdos/client";
import type { Clock, Logger } from "@jdos/component-base";
import type { EventRecorder } from "@jdos/controller-runtime";
import type { ClusterDns } from "../container/dns-config.ts";
import type { PodPlace } from "../container/field-ref.ts";
import type { ObjectSource } from "../container/object-source.ts";
import type { ServiceSource } from "../container/service-env.ts";
import type { CriClient } from "../cri/cri-client.ts";
import type { ImagePuller } from "../image/image-puller.ts";
import type { ProbeManager } from "../probe/probe-manager.ts";
import type { RuntimeView } from "../runtime/runtime-view.ts";
import type { Slots } from "../slots.ts";
import type { StatusManager } from "../status/status-manager.ts";
import type { TokenSource } from "../volume/token-source.ts";
import type { VolumeManager } from "../volume/volume-manager.ts";
import type { BackOff } from "./back-off.ts";
import type { Directories } from "./directories.ts";

/** What the life of a Pod needs of the node. */
export interface PodContext {
  readonly client: Client;
  readonly cri: CriClient;
  readonly view: RuntimeView;
  readonly objects: ObjectSource;
  readonly services: ServiceSource;
  readonly images: ImagePuller;
  readonly volumes: VolumeManager;
  readonly tokens: TokenSource;
  readonly probes: ProbeManager;
  readonly statuses: StatusManager;
  readonly events: EventRecorder;
  readonly crashes: BackOff;
  readonly directories: Directories;
  readonly dns: ClusterDns;
  readonly cgroupParent: string;
  /** Processes and threads of a Pod; 0 is no bound. */
  readonly podPidsLimit: number;
  readonly hostIps: readonly string[];
  readonly node: {
    readonly name: string;
    readonly memoryBytes: number;
    readonly allocatable: PodPlace["allocatable"];
  };
  /** Why Pods that need the Pod network cannot start, or undefined when they can. */
  networkProblem(): Promise<string | undefined>;
  /** Told once a Pod, when it is ready for the first time, how long that took. */
  podStarted(seconds: number): void;
  /** What burns CPU in the runtime: a few at once, so that Pods become ready one after the other, not all late. */
  readonly heavy: Slots;
  readonly clock: Clock;
  readonly log: Logger;
}
