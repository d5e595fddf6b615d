import { startTestServer, type TestServer } from "@jdos/apiserver/testing";
import type { Client } from "@jdos/client";
import { NODE_USER, prepareNamespace, startTestKubelet, type TestKubelet } from "./cluster.ts";
import { startTestContainerd, type TestContainerd } from "./containerd.ts";

type KubeletSettings = Parameters<typeof startTestKubelet>[2];

/** An API server with the namespace "default", a containerd, and the kubelet that joins them. */
export class TestNode {
  readonly server: TestServer;
  readonly containerd: TestContainerd;
  /** Of one who may do everything. */
  readonly client: Client;
  readonly #settings: KubeletSettings;
  #kubelet: TestKubelet | undefined;

  private constructor(server: TestServer, containerd: TestContainerd, settings: KubeletSettings) {
    this.server = server;
    this.containerd = containerd;
    this.client = server.adminClient();
    this.#settings = settings;
  }

  static async start(settings?: KubeletSettings): Promise<TestNode> {
    const [server, containerd] = await Promise.all([startTestServer(), startTestContainerd()]);
    const node = new TestNode(server, containerd, settings);
    await prepareNamespace(node.client, "default");
    await node.#startKubelet();
    return node;
  }

  get kubelet(): TestKubelet {
    if (this.#kubelet === undefined) throw new Error("the kubelet does not run");
    return this.#kubelet;
  }

  /** Ends the kubelet, lets happen what happens meanwhile, and starts it again. */
  async restartKubelet(meanwhile: () => Promise<unknown> = async () => undefined): Promise<void> {
    await this.#kubelet?.stop();
    this.#kubelet = undefined;
    await meanwhile();
    await this.#startKubelet();
  }

  async stop(): Promise<void> {
    await this.#kubelet?.stop();
    await this.containerd.stop();
    await this.server.stop();
  }

  async #startKubelet(): Promise<void> {
    this.#kubelet = await startTestKubelet(this.server.clientFor(NODE_USER), this.containerd, this.#settings);
  }
}
