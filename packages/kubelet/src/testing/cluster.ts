import { join } from "node:path";
import { Namespaces, type Pod, Pods, ServiceAccounts } from "@jdos/api";
import type { Client, Stored, UserInfo } from "@jdos/client";
import {
  createCertificateAuthority,
  createLogger,
  issueCertificate,
  type LogLevel,
} from "@jdos/component-base";
import type { KubeletOptions } from "../options.ts";
import { type Kubelet, start } from "../start.ts";
import type { TestContainerd } from "./containerd.ts";
import { TEST_IMAGE } from "./test-image.ts";

export const NODE = "test-node";
/** Who a test's kubelet is: no more than a node. */
export const NODE_USER: UserInfo = {
  name: `system:node:${NODE}`,
  groups: ["system:nodes", "system:authenticated"],
};

/** Creates what a namespace has once the controllers have seen it. */
export async function prepareNamespace(client: Client, name: string): Promise<void> {
  await client.create(Namespaces, { metadata: { name } }).catch(() => undefined);
  await client
    .create(ServiceAccounts, { metadata: { name: "default", namespace: name } })
    .catch(() => undefined);
}

export interface TestKubelet extends Kubelet {
  /** A client certificate the server accepts. */
  readonly clientTls: { cert: string; key: string; ca: string };
}

/** A kubelet on a test's containerd, on the loopback address. */
export async function startTestKubelet(
  client: Client,
  containerd: TestContainerd,
  options: Partial<KubeletOptions> & { level?: LogLevel } = {},
): Promise<TestKubelet> {
  const { level = "error", ...rest } = options;
  const authority = await createCertificateAuthority();
  const own = await issueCertificate(authority, {
    commonName: NODE,
    ipAddresses: ["127.0.0.1"],
    usages: ["server"],
  });
  const user = await issueCertificate(authority, { commonName: "system:kube-apiserver", usages: ["client"] });
  const kubelet = await start({
    client,
    log: createLogger({ name: "kubelet", level }),
    nodeName: NODE,
    nodeAddress: "127.0.0.1",
    containerdSocket: containerd.socket,
    rootDir: join(containerd.directory, "kubelet"),
    cgroupParent: containerd.cgroupParent,
    clusterDns: [],
    tls: { ...own, clientCaPem: authority.certPem },
    ...rest,
  });
  return { ...kubelet, clientTls: { cert: user.certPem, key: user.keyPem, ca: authority.certPem } };
}

export interface TestPod {
  name: string;
  namespace?: string;
  /** Run by a shell in the only container, "main". */
  script?: string;
  spec?: Partial<NonNullable<Pod["spec"]>>;
  container?: Partial<NonNullable<Pod["spec"]>["containers"][number]>;
}

/** A Pod on the host's network, bound to the test's node. */
export function testPod({
  name,
  namespace = "default",
  script = "sleep 1000",
  spec,
  container,
}: TestPod): Pod {
  return {
    metadata: { name, namespace },
    spec: {
      nodeName: NODE,
      hostNetwork: true,
      terminationGracePeriodSeconds: 1,
      automountServiceAccountToken: false,
      containers: [
        {
          name: "main",
          image: TEST_IMAGE,
          command: ["sh", "-c", script],
          imagePullPolicy: "Never",
          ...container,
        },
      ],
      ...spec,
    },
  };
}

/** Watches one Pod until it is as described; undefined stands for "gone". Throws with the last status after a minute. */
export async function waitForPod(
  client: Client,
  { name, namespace = "default" }: { name: string; namespace?: string },
  condition: (pod: Stored<Pod> | undefined) => boolean,
): Promise<Stored<Pod> | undefined> {
  const signal = AbortSignal.timeout(60_000);
  let last: Stored<Pod> | undefined;
  try {
    last = await client.get(Pods, { namespace, name }).catch(() => undefined);
    if (condition(last)) return last;
    const resourceVersion = last?.metadata.resourceVersion;
    const events = await client.watch(Pods, {
      namespace,
      fieldSelector: `metadata.name=${name}`,
      signal,
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
    });
    for await (const event of events) {
      if (event.type === "BOOKMARK") continue;
      last = event.type === "DELETED" ? undefined : event.object;
      if (condition(last)) return last;
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  throw new Error(`The pod "${name}" did not get there: ${JSON.stringify(last?.status)}`);
}

export function isReady(pod: Stored<Pod> | undefined): boolean {
  return pod?.status?.conditions?.some((item) => item.type === "Ready" && item.status === "True") === true;
}
