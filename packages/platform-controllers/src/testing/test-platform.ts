import {
  type Application,
  Applications,
  type Build,
  type BuilderResult,
  Builds,
  type Deployment,
  Deployments,
  JDOS_DEFINITIONS,
  Jobs,
  Pods,
  Systems,
} from "@jdos/api";
import type { KubeObject, ResourceType } from "@jdos/apimachinery";
import { startTestServer } from "@jdos/apiserver/testing";
import type { Client, NamespacedName, Stored } from "@jdos/client";
import { silentLogger } from "@jdos/component-base/testing";
import { type PlatformControllersOptions, start } from "../index.ts";
import { applyRights } from "./manifests.ts";

export interface TestPlatform {
  /** May do everything. */
  readonly client: Client;
  /** A System that is ready for applications. */
  createSystem(name: string): Promise<void>;
  createApplication(name: string, spec: Application["spec"], system?: string): Promise<Stored<Application>>;
  createBuild(application: string, number: number, system?: string): Promise<Stored<Build>>;
  /** Ends a build as its Pod would. */
  endBuild(name: string, result: BuilderResult, system?: string): Promise<void>;
  /** Ends containers of the Pod of a build's Job, by name. */
  endBuildPod(
    job: string,
    ends: Record<string, { exitCode: number; reason?: string; message?: string }>,
    system?: string,
  ): Promise<void>;
  /** Ends containers of a build's Pod that is there. */
  endContainers(
    pod: string,
    ends: Record<string, { exitCode: number; reason?: string; message?: string }>,
    system?: string,
  ): Promise<void>;
  setPodStatus(pod: string, status: object, system?: string): Promise<void>;
  /** Ends the controllers and starts others, which can write nothing more after so many writes: they are dead then. */
  restart(options?: { deadAfterWrites?: number }): Promise<void>;
  /** Lets a Deployment have all its Pods ready, as the Deployment controller and kubelet would. */
  rollOut(name: string, system?: string): Promise<void>;
  /** Resolves with the first state that satisfies `done`; rejects after 10 seconds with the last one. */
  until<T extends KubeObject>(
    type: ResourceType<T>,
    key: NamespacedName,
    done: (object: Stored<T>) => boolean,
  ): Promise<Stored<T>>;
  untilGone<T extends KubeObject>(type: ResourceType<T>, key: NamespacedName): Promise<void>;
  /** Resolves when the controllers have nothing left to do. */
  idle(): Promise<void>;
  stop(): Promise<void>;
}

const WAIT_MILLIS = 60_000;
const USER = { name: "system:serviceaccount:jdos-system:platform-controllers" };

export interface TestPlatformOptions extends Partial<PlatformControllersOptions> {
  /** Puts faults between the controllers and the server. */
  through?: (client: Client) => Client;
}

/** Starts an API server in memory with the controllers, which have only their own rights. */
export async function startTestPlatform({
  through = (client) => client,
  ...options
}: TestPlatformOptions = {}): Promise<TestPlatform> {
  const server = await startTestServer({ crds: JDOS_DEFINITIONS });
  const client = server.adminClient();
  await applyRights(client);
  const log = options.log ?? silentLogger();
  const begin = (deadAfterWrites = Number.POSITIVE_INFINITY) =>
    start({ client: mortal(through(server.clientFor(USER)), deadAfterWrites), log, ...options });
  let controllers = await begin();

  const until: TestPlatform["until"] = async (type, key, done) => {
    let last: unknown;
    const signal = AbortSignal.timeout(WAIT_MILLIS);
    try {
      for await (const event of await client.watch(type, {
        ...(key.namespace === undefined ? {} : { namespace: key.namespace }),
        signal,
      })) {
        if (event.type === "BOOKMARK") continue;
        if (event.object.metadata.name !== key.name) continue;
        last = event.object;
        if (event.type !== "DELETED" && done(event.object)) return event.object;
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
    throw new Error(`${type.kind} "${key.name}" did not get there: ${JSON.stringify(last, undefined, 1)}`);
  };

  const endBuildPod: TestPlatform["endBuildPod"] = async (job, ends, namespace = "demo") => {
    const { spec } = await until(Jobs, { namespace, name: job }, () => true);
    const pod = await client.create(Pods, {
      metadata: { ...(spec?.template?.metadata as object), name: `${job}-pod`, namespace },
      spec: spec?.template?.spec as never,
    });
    await endContainers(pod.metadata.name, ends, namespace);
  };

  const endContainers: TestPlatform["endContainers"] = async (pod, ends, namespace = "demo") => {
    const time = new Date().toISOString();
    const at = { startedAt: time, finishedAt: time };
    const containerStatuses = Object.entries(ends).map(([name, end]) => ({
      ...{ name, image: "tools", imageID: "", ready: false, restartCount: 0 },
      state: { terminated: { ...at, ...end } },
    }));
    const succeeded = Object.values(ends).every(({ exitCode }) => exitCode === 0);
    await setPodStatus(pod, { phase: succeeded ? "Succeeded" : "Failed", containerStatuses }, namespace);
  };

  const setPodStatus: TestPlatform["setPodStatus"] = async (name, status, namespace = "demo") => {
    await client.patch(
      Pods,
      { namespace, name },
      { type: "merge", body: { status } },
      { subresource: "status" },
    );
  };

  return {
    client,
    until,
    async untilGone(type, key) {
      const signal = AbortSignal.timeout(WAIT_MILLIS);
      for (;;) {
        const { items } = await client.list(
          type,
          key.namespace === undefined ? {} : { namespace: key.namespace },
        );
        if (!items.some(({ metadata }) => metadata.name === key.name)) return;
        signal.throwIfAborted();
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
    async createSystem(name) {
      await client.create(Systems, { metadata: { name }, spec: {} });
      await until(
        Systems,
        { name },
        ({ status }) =>
          status?.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True") === true,
      );
    },
    createApplication: (name, spec, namespace = "demo") =>
      client.create(Applications, { metadata: { name, namespace }, spec }),
    createBuild: (application, number, namespace = "demo") =>
      client.create(Builds, {
        metadata: { name: `${application}-b${number}`, namespace },
        spec: {
          application,
          number,
          source: { bundle: { digest: `sha256:${String(number).padStart(64, "0")}` } },
        },
      }),
    endBuild(name, result, namespace = "demo") {
      const exitCode = result.error === undefined ? 0 : 1;
      return endBuildPod(name, { build: { exitCode, message: JSON.stringify(result) } }, namespace);
    },
    endBuildPod,
    endContainers,
    setPodStatus,
    async restart({ deadAfterWrites } = {}) {
      await controllers.stop();
      controllers = await begin(deadAfterWrites);
    },
    async rollOut(name, namespace = "demo") {
      const deployment = await client.get(Deployments, { namespace, name });
      const replicas = deployment.spec?.replicas ?? 1;
      const status = {
        observedGeneration: deployment.metadata.generation,
        replicas,
        updatedReplicas: replicas,
        readyReplicas: replicas,
        availableReplicas: replicas,
      };
      await client.patch(
        Deployments as ResourceType<Deployment>,
        { namespace, name },
        { type: "merge", body: { status } },
        { subresource: "status" },
      );
    },
    idle: () => controllers.idle(),
    async stop() {
      await controllers.stop();
      await server.stop();
    },
  };
}

/** A client whose owner is killed: after so many writes none arrives any more. */
function mortal(client: Client, writes: number): Client {
  let left = writes;
  const verbs = new Set<PropertyKey>(["create", "update", "patch", "delete"]);
  return new Proxy(client, {
    get(target, name) {
      const member = Reflect.get(target, name) as unknown;
      if (typeof member !== "function") return member;
      return (...given: unknown[]) => {
        if (verbs.has(name) && left-- <= 0) return Promise.reject(new Error("killed"));
        return member.apply(target, given);
      };
    },
  });
}
