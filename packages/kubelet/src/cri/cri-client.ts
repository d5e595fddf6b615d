import { fileURLToPath } from "node:url";
import * as grpc from "@grpc/grpc-js";
import { loadSync, type PackageDefinition } from "@grpc/proto-loader";
import type {
  AttachRequest,
  AuthConfig,
  Container,
  ContainerConfig,
  ContainerStats,
  ContainerStatus,
  ExecRequest,
  ExecSyncResult,
  FilesystemUsage,
  Image,
  Labels,
  RuntimeCondition,
  Sandbox,
  SandboxConfig,
  SandboxStatus,
} from "./types.ts";

export interface CriFilter {
  id?: string;
  podSandboxId?: string;
  labelSelector?: Labels;
}

/** The container runtime as the kubelet uses it. Every call rejects with a CriError. */
export interface CriClient {
  version(): Promise<{ runtimeName: string; runtimeVersion: string }>;
  status(): Promise<RuntimeCondition[]>;
  runPodSandbox(config: SandboxConfig): Promise<string>;
  stopPodSandbox(id: string): Promise<void>;
  removePodSandbox(id: string): Promise<void>;
  podSandboxStatus(id: string): Promise<SandboxStatus>;
  listPodSandboxes(filter?: Omit<CriFilter, "podSandboxId">): Promise<Sandbox[]>;
  createContainer(sandboxId: string, config: ContainerConfig, sandboxConfig: SandboxConfig): Promise<string>;
  startContainer(id: string): Promise<void>;
  stopContainer(id: string, timeoutSeconds: number): Promise<void>;
  removeContainer(id: string): Promise<void>;
  listContainers(filter?: CriFilter): Promise<Container[]>;
  containerStatus(id: string): Promise<ContainerStatus>;
  reopenContainerLog(id: string): Promise<void>;
  execSync(id: string, command: readonly string[], timeoutSeconds: number): Promise<ExecSyncResult>;
  /** The URL at which the runtime serves the stream, once. */
  exec(request: ExecRequest): Promise<string>;
  attach(request: AttachRequest): Promise<string>;
  portForward(sandboxId: string, ports: readonly number[]): Promise<string>;
  listContainerStats(filter?: CriFilter): Promise<ContainerStats[]>;
  listImages(): Promise<Image[]>;
  /** Undefined when the image is not present. */
  imageStatus(image: string): Promise<Image | undefined>;
  pullImage(image: string, auth?: AuthConfig): Promise<string>;
  removeImage(image: string): Promise<void>;
  imageFilesystems(): Promise<FilesystemUsage[]>;
  /** Hands each end or out-of-memory of a container's task to the callback until the signal fires. */
  watchTasks(onTask: (containerId: string, topic: string) => void, signal: AbortSignal): Promise<void>;
  close(): void;
}

/** What the runtime answered: `code` is a gRPC status ("NOT_FOUND", "DEADLINE_EXCEEDED", ...). */
export class CriError extends Error {
  readonly code: string;

  constructor(method: string, cause: grpc.ServiceError) {
    super(cause.details || cause.message, { cause });
    this.name = "CriError";
    this.code = grpc.status[cause.code] ?? "UNKNOWN";
    this.method = method;
  }

  readonly method: string;
}

/** True when the runtime says that the object is not there. */
export function isCriNotFound(error: unknown): boolean {
  return error instanceof CriError && (error.code === "NOT_FOUND" || /not found/i.test(error.message));
}

const SHORT_SECONDS = 120;
const PULL_SECONDS = 1800;
const MAX_MESSAGE_BYTES = 16 << 20;

let definitions: PackageDefinition | undefined;

export interface CriClientOptions {
  /** Told of each call's length. */
  observe?(method: string, ok: boolean, seconds: number): void;
}

/** Connects lazily to the runtime's Unix socket, and again whenever the connection was lost. */
export function createCriClient(socket: string, { observe }: CriClientOptions = {}): CriClient {
  const { runtime, images, events } = connect(socket);
  const rt = <T>(method: string, request: object, seconds?: number) =>
    observed(observe, method, call<T>(runtime, method, request, seconds));
  const im = <T>(method: string, request: object, seconds?: number) =>
    observed(observe, method, call<T>(images, method, request, seconds));
  return {
    version: () => rt("version", { version: "0.1.0" }),
    status: async () =>
      (await rt<{ status: { conditions: RuntimeCondition[] } }>("status", {})).status.conditions,
    runPodSandbox: async (config) =>
      (await rt<{ podSandboxId: string }>("runPodSandbox", { config }, 240)).podSandboxId,
    stopPodSandbox: (podSandboxId) => rt("stopPodSandbox", { podSandboxId }),
    removePodSandbox: (podSandboxId) => rt("removePodSandbox", { podSandboxId }),
    podSandboxStatus: async (podSandboxId) =>
      (await rt<{ status: SandboxStatus }>("podSandboxStatus", { podSandboxId })).status,
    listPodSandboxes: async (filter = {}) =>
      (await rt<{ items: Sandbox[] }>("listPodSandbox", { filter })).items,
    createContainer: async (podSandboxId, config, sandboxConfig) =>
      (await rt<{ containerId: string }>("createContainer", { podSandboxId, config, sandboxConfig }))
        .containerId,
    startContainer: (containerId) => rt("startContainer", { containerId }),
    stopContainer: (containerId, timeout) =>
      rt("stopContainer", { containerId, timeout }, timeout + SHORT_SECONDS),
    removeContainer: (containerId) => rt("removeContainer", { containerId }),
    listContainers: async (filter = {}) =>
      (await rt<{ containers: Container[] }>("listContainers", { filter })).containers,
    containerStatus: async (containerId) =>
      (await rt<{ status: ContainerStatus }>("containerStatus", { containerId })).status,
    reopenContainerLog: (containerId) => rt("reopenContainerLog", { containerId }),
    execSync: (containerId, cmd, timeout) => rt("execSync", { containerId, cmd, timeout }, timeout + 5),
    exec: async (request) => (await rt<{ url: string }>("exec", request)).url,
    attach: async (request) => (await rt<{ url: string }>("attach", request)).url,
    portForward: async (podSandboxId, port) =>
      (await rt<{ url: string }>("portForward", { podSandboxId, port })).url,
    listContainerStats: async (filter = {}) =>
      (await rt<{ stats: ContainerStats[] }>("listContainerStats", { filter })).stats,
    listImages: async () => (await im<{ images: Image[] }>("listImages", {})).images,
    imageStatus: async (image) =>
      (await im<{ image: Image | null }>("imageStatus", { image: { image } })).image ?? undefined,
    pullImage: async (image, auth) =>
      (await im<{ imageRef: string }>("pullImage", { image: { image }, auth }, PULL_SECONDS)).imageRef,
    removeImage: (image) => im("removeImage", { image: { image } }),
    imageFilesystems: async () =>
      (await im<{ imageFilesystems: FilesystemUsage[] }>("imageFsInfo", {})).imageFilesystems,
    watchTasks: (onTask, signal) => watchTasks(events, onTask, signal),
    close: () => {
      for (const client of [runtime, images, events]) client.close();
    },
  };
}

type Method = (
  request: object,
  metadata: grpc.Metadata,
  options: grpc.CallOptions,
  callback: (error: grpc.ServiceError | null, answer: unknown) => void,
) => grpc.ClientUnaryCall;

function call<T>(client: grpc.Client, name: string, request: object, seconds = SHORT_SECONDS): Promise<T> {
  const method = (client as unknown as Record<string, Method>)[name]!;
  return new Promise((resolve, reject) => {
    const options = { deadline: Date.now() + seconds * 1000 };
    method.call(client, request, new grpc.Metadata(), options, (error, answer) => {
      if (error === null) resolve(answer as T);
      else reject(new CriError(name, error));
    });
  });
}

function observed<T>(observe: CriClientOptions["observe"], method: string, work: Promise<T>): Promise<T> {
  if (observe === undefined) return work;
  const started = performance.now();
  const done = (ok: boolean) => observe(method, ok, (performance.now() - started) / 1000);
  work.then(
    () => done(true),
    () => done(false),
  );
  return work;
}

interface Envelope {
  topic: string;
  event: { value: { containerId: string; id: string } | null } | null;
}

type Subscribe = (request: object, metadata: grpc.Metadata) => grpc.ClientReadableStream<Envelope>;

function watchTasks(
  client: grpc.Client,
  onTask: (containerId: string, topic: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const metadata = new grpc.Metadata();
  metadata.set("containerd-namespace", "k8s.io");
  const filters = [`topic=="/tasks/exit"`, `topic=="/tasks/oom"`];
  const subscribe = (client as unknown as { subscribe: Subscribe }).subscribe;
  const stream = subscribe.call(client, { filters }, metadata);
  const cancel = () => stream.cancel();
  signal.addEventListener("abort", cancel, { once: true });
  return new Promise<void>((resolve, reject) => {
    stream.on("data", ({ topic, event }: Envelope) => {
      const { containerId = "", id = "" } = event?.value ?? {};
      // What was merely executed in a container ends without the container ending.
      if (topic === "/tasks/exit" && id !== containerId) return;
      if (containerId !== "") onTask(containerId, topic);
    });
    stream.on("end", resolve);
    stream.on("error", (error: grpc.ServiceError) =>
      signal.aborted ? resolve() : reject(new CriError("subscribe", error)),
    );
  }).finally(() => signal.removeEventListener("abort", cancel));
}

interface Connections {
  runtime: grpc.Client;
  images: grpc.Client;
  events: grpc.Client;
}

function connect(socket: string): Connections {
  definitions ??= loadSync(
    ["runtime.proto", "events.proto"].map((file) => fileURLToPath(new URL(file, import.meta.url))),
    { longs: String, enums: String, defaults: true, arrays: true, objects: true },
  );
  const credentials = grpc.credentials.createInsecure();
  const options: grpc.ClientOptions = {
    "grpc.max_receive_message_length": MAX_MESSAGE_BYTES,
    "grpc.max_reconnect_backoff_ms": 1000,
    "grpc.initial_reconnect_backoff_ms": 100,
  };
  const create = (service: string): grpc.Client => {
    const definition = definitions![service] as unknown as grpc.ServiceDefinition;
    const Client = grpc.makeClientConstructor(definition, service);
    return new Client(`unix://${socket}`, credentials, options);
  };
  return {
    runtime: create("runtime.v1.RuntimeService"),
    images: create("runtime.v1.ImageService"),
    events: create("containerd.services.events.v1.Events"),
  };
}
