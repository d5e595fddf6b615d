import { join } from "node:path";
import { type ConfigMap, ConfigMaps } from "@jdos/api";
import type { Client } from "@jdos/client";
import { createShutdown, dataPaths, type Shutdown } from "@jdos/component-base";
import { startControlServer } from "../control/server.ts";
import { controlSocket, type PlatformStatus } from "../control/status.ts";
import { readBuildEnvironment } from "../environment/build-environment.ts";
import { ensurePlatformImages } from "../host/platform-images.ts";
import { applyManifests } from "../manifests/apply.ts";
import { readManifests } from "../manifests/read-manifests.ts";
import { writeSecret } from "../pki/key-files.ts";
import { kubeconfigText } from "../pki/kubeconfig.ts";
import type { Progress } from "../progress.ts";
import { compilePodCode } from "./compiled-code.ts";
import { type Context, IDENTITIES } from "./context.ts";
import { manifestValues } from "./manifest-values.ts";
import { type Part, Supervisor } from "./part.ts";
import { type ApiServerPart, apiServerPart } from "./parts/apiserver.ts";
import { cniPart } from "./parts/cni.ts";
import { containerdPart } from "./parts/containerd.ts";
import { controllerManagerPart } from "./parts/controller-manager.ts";
import { dnsPart } from "./parts/dns.ts";
import { kubeletPart } from "./parts/kubelet.ts";
import { loadBalancerPart } from "./parts/load-balancer.ts";
import { logServerPart } from "./parts/log-server.ts";
import { metricsPart } from "./parts/metrics.ts";
import { platformApiPart } from "./parts/platform-api.ts";
import { platformControllersPart } from "./parts/platform-controllers.ts";
import { gitServerPart, nodePart, registryPart, routesPart } from "./parts/pods.ts";
import { registryStoragePart } from "./parts/registry-storage.ts";
import { schedulerPart } from "./parts/scheduler.ts";
import { serviceProxyPart } from "./parts/service-proxy.ts";

/** One machine's platform: every part under supervision. */
export class Platform {
  readonly #context: Context;
  readonly #progress: Progress;
  readonly #supervisors: Supervisor[] = [];
  readonly #shutdown: Shutdown;
  #ready = false;
  #registryUsage: () => PlatformStatus["registry"] = () => undefined;

  constructor(context: Context, progress: Progress) {
    this.#context = context;
    this.#progress = progress;
    this.#shutdown = createShutdown({ log: context.log });
  }

  status(): PlatformStatus {
    const { names, options } = this.#context;
    const registry = this.#registryUsage();
    const components = this.#supervisors.map(({ status }) => status);
    return {
      pid: process.pid,
      ready: this.#ready && components.every(({ state }) => state === "running"),
      components,
      dataDir: options.dataDir,
      instance: names.instance,
      ...(registry === undefined ? {} : { registry }),
      urls: {
        platform: `http://127.0.0.1:${names.ports.platform}`,
        kubernetes: `https://127.0.0.1:${names.ports.kubernetes}`,
        routes: `http://127.0.0.1:${names.ports.routes}`,
      },
    };
  }

  /**
   * Starts all parts, each as soon as what it needs is there, and settles when applications can be deployed. What
   * was started is stopped again when one part fails.
   */
  async start(): Promise<void> {
    const { names, metrics, log } = this.#context;
    try {
      const socket = controlSocket(names.runDir);
      const control = { status: () => this.status(), metrics: () => metrics.text() };
      this.#shutdown.add("control", await startControlServer(socket, control));
      await this.#startParts();
      this.#ready = true;
    } catch (error) {
      await this.stop().catch((err: unknown) => log.error({ err }, "Failed to stop after a failed start"));
      throw error;
    }
  }

  /** Containers go on. Idempotent. */
  async stop(): Promise<void> {
    this.#ready = false;
    await this.#shutdown.stop();
  }

  async #startParts(): Promise<void> {
    const context = this.#context;
    const { options } = context;
    const api = apiServerPart(context);
    const { clientFor } = api;

    // The machine's own clients take their time to answer; who builds needs it, not who starts.
    const environment = readBuildEnvironment(options);
    environment.catch(() => {});
    const containerd = this.#run(containerdPart(context));
    const images = this.#importImages(containerd);
    const network = this.#run(cniPart(context));
    const served = this.#run(api).then(() => this.#prepareCluster(api));
    const connected = Promise.all([served, network]).then(() => api.listenForPods());
    const kubelet = Promise.all([connected, images]).then(() => this.#run(kubeletPart(context, clientFor)));
    const storage = registryStoragePart(context, clientFor);
    this.#registryUsage = () => storage.usage();
    const started = [
      kubelet,
      this.#compilePodCode(),
      served.then(async () => this.#applyBuildEnvironment(api, await environment)),
      served.then(() => this.#run(controllerManagerPart(context, clientFor))),
      served.then(() => this.#run(schedulerPart(context, clientFor))),
      served.then(() => this.#run(platformControllersPart(context, clientFor))),
      served.then(() => this.#run(storage)),
      ...(options.logBytes === 0 ? [] : [served.then(() => this.#run(logServerPart(context)))]),
      served.then(() => this.#run(loadBalancerPart(context, clientFor))),
      served.then(() => this.#run(metricsPart(context, clientFor))),
      connected.then(() => this.#run(serviceProxyPart(context, clientFor))),
      connected.then(() => this.#run(platformApiPart(context, clientFor))),
      connected.then(() => this.#run(dnsPart(context))),
    ];
    await Promise.all(started);
    await this.#settle(await clientFor(IDENTITIES.admin), await images);
  }

  async #run(part: Part): Promise<void> {
    const supervisor = new Supervisor(part, { log: this.#context.log });
    this.#supervisors.push(supervisor);
    this.#shutdown.add(part.name, supervisor);
    await this.#progress.stage(part.name, () => supervisor.start());
  }

  #importImages(containerd: Promise<void>): Promise<string> {
    const { options, paths, names } = this.#context;
    return this.#progress.stage("images", (say) =>
      ensurePlatformImages({
        repository: options.repository,
        cacheDir: options.cacheDir,
        dataDir: options.dataDir,
        containerdRoot: paths.containerdRoot,
        containerd: containerd.then(() => names.run.containerdSocket),
        say,
      }),
    );
  }

  /** Without it Pods start as well, only later. */
  async #compilePodCode(): Promise<void> {
    const { options, log } = this.#context;
    await compilePodCode(options.repository).catch((err: unknown) =>
      log.warn({ err }, "Failed to compile the code of Pods"),
    );
  }

  /** What must be in the API before anyone acts on it: Kinds, rights and the platform's own Pods. */
  #prepareCluster(api: ApiServerPart): Promise<void> {
    const { options } = this.#context;
    return this.#progress.stage("manifests", async () => {
      const client = await api.clientFor(IDENTITIES.admin);
      const directory = join(options.repository, "manifests");
      await applyManifests(client, await readManifests(directory, await manifestValues(this.#context)));
      await this.#writeKubeconfigs();
    });
  }

  async #applyBuildEnvironment(api: ApiServerPart, data: Record<string, string>): Promise<void> {
    const metadata = { namespace: "jdos-system", name: "build-environment" };
    const settings: ConfigMap = { apiVersion: "v1", kind: "ConfigMap", metadata, data };
    await applyManifests(await api.clientFor(IDENTITIES.admin), [{ type: ConfigMaps, object: settings }]);
  }

  async #writeKubeconfigs(): Promise<void> {
    const { options, names, pki, paths } = this.#context;
    const common = {
      server: `https://127.0.0.1:${names.ports.kubernetes}`,
      caPem: pki.authority.certPem,
      name: names.instance === 0 ? "jdos" : `jdos-${names.instance}`,
    };
    const admin = await pki.clientCertificate("admin", ["system:masters"]);
    const dns = await pki.clientCertificate(IDENTITIES.dns.name, []);
    await writeSecret(
      dataPaths(options.dataDir).kubeconfig,
      kubeconfigText({ ...common, user: "admin", client: admin }),
    );
    await writeSecret(
      paths.dnsKubeconfig,
      kubeconfigText({ ...common, user: IDENTITIES.dns.name, client: dns }),
    );
  }

  /** Waits for what Pods do: the Node, the registry with the base image in it, the routes. */
  async #settle(client: Client, archive: string): Promise<void> {
    const wait = { client, archive, signal: this.#shutdown.signal };
    await this.#run(nodePart(this.#context, wait));
    await Promise.all([
      this.#run(registryPart(this.#context, wait)),
      this.#run(routesPart(this.#context, wait)).then(() => this.#run(gitServerPart(this.#context, wait))),
    ]);
  }
}
