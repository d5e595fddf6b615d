import { join } from "node:path";
import { Namespaces, ServiceAccounts } from "@jdos/api";
import { type Client, createHttpClient, loadKubeconfig } from "@jdos/client";
import type { ClusterLayout } from "./layout.ts";
import { kubeconfigOf } from "./pki.ts";
import { Program } from "./program.ts";

export interface ControlPlaneOptions {
  layout: ClusterLayout;
  /** Where Kubernetes' programs are. */
  bin: string;
  /** The defaults allow 20 changes a second: too few to measure anything else. Defaults to true. */
  raisedQps?: boolean;
  /** More of the API server's own arguments. Defaults to none. */
  apiServerArguments?: readonly string[];
  /** Whether a controller manager will make the ServiceAccounts that Pods need. Defaults to true. */
  controllers?: boolean;
}

/** Debian's etcd. A killed process loses nothing without fsync; a machine without power would. */
export function etcdProgram(layout: ClusterLayout): Program {
  const client = `http://${layout.host}:${layout.ports.etcd}`;
  const peer = `http://${layout.host}:${layout.ports.etcdPeer}`;
  return new Program({
    name: "etcd",
    layout,
    argv: [
      "etcd",
      ...["--data-dir", join(layout.directory, "etcd")],
      ...["--listen-client-urls", client, "--advertise-client-urls", client],
      ...["--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer],
      ...["--initial-cluster", `default=${peer}`],
      ...["--logger", "zap", "--log-level", "warn", "--unsafe-no-fsync"],
    ],
    ready: async () => (await (await fetch(`${client}/health`)).text()).includes('"true"'),
  });
}

/** kube-apiserver with RBAC and Node authorization. Ready as its own /readyz says, and once it has made the first namespace. */
export function apiServerProgram(
  { layout, bin, controllers = true, apiServerArguments = [] }: ControlPlaneOptions,
  admin: Client,
): Program {
  const { host, ports, names } = layout;
  const pki = (file: string) => join(layout.pki, file);
  const bind = ["--bind-address", host, "--secure-port", `${ports.api}`, "--advertise-address", host];
  const serving = ["--tls-cert-file", pki("apiserver.crt"), "--tls-private-key-file", pki("apiserver.key")];
  const serviceAccounts = [
    ...["--service-account-key-file", pki("service-account.pub")],
    ...["--service-account-signing-key-file", pki("service-account.key")],
    ...["--service-account-issuer", "https://kubernetes.default.svc.cluster.local"],
  ];
  const kubelets = [
    ...["--kubelet-certificate-authority", pki("ca.crt"), "--kubelet-preferred-address-types", "InternalIP"],
    ...["--kubelet-client-certificate", pki("kubelet-client.crt")],
    ...["--kubelet-client-key", pki("kubelet-client.key")],
  ];
  const aggregation = [
    ...["--requestheader-client-ca-file", pki("front-proxy-ca.crt")],
    ...["--requestheader-allowed-names", "front-proxy-client", "--enable-aggregator-routing"],
    ...["--requestheader-extra-headers-prefix", "X-Remote-Extra-"],
    ...[
      "--requestheader-group-headers",
      "X-Remote-Group",
      "--requestheader-username-headers",
      "X-Remote-User",
    ],
    ...["--proxy-client-cert-file", pki("front-proxy-client.crt")],
    ...["--proxy-client-key-file", pki("front-proxy-client.key")],
  ];
  return new Program({
    name: "kube-apiserver",
    layout,
    argv: [
      join(bin, "kube-apiserver"),
      ...["--etcd-servers", `http://${host}:${ports.etcd}`],
      ...["--service-cluster-ip-range", names.services.range, "--allow-privileged"],
      ...["--authorization-mode", "Node,RBAC", "--enable-admission-plugins", "NodeRestriction"],
      ...["--client-ca-file", pki("ca.crt")],
      ...bind,
      ...serving,
      ...serviceAccounts,
      ...kubelets,
      ...aggregation,
      ...(controllers ? [] : ["--disable-admission-plugins", "ServiceAccount"]),
      ...apiServerArguments,
    ],
    ready: async () =>
      (await admin.raw({ path: "/readyz", signal: AbortSignal.timeout(2000) })).status === 200 &&
      (await admin.get(Namespaces, { name: "default" })) !== undefined,
  });
}

/** Ready once it has made the first namespace's ServiceAccount: from then on Pods can be created. */
export function controllerManagerProgram(options: ControlPlaneOptions, admin: Client): Program {
  const { layout, bin, raisedQps = true } = options;
  const pki = (file: string) => join(layout.pki, file);
  return new Program({
    name: "kube-controller-manager",
    layout,
    argv: [
      join(bin, "kube-controller-manager"),
      ...identity(kubeconfigOf(layout, "controller-manager")),
      ...["--root-ca-file", pki("ca.crt"), "--use-service-account-credentials"],
      ...["--service-account-private-key-file", pki("service-account.key")],
      ...["--cluster-signing-cert-file", pki("ca.crt"), "--cluster-signing-key-file", pki("ca.key")],
      ...["--requestheader-client-ca-file", pki("front-proxy-ca.crt")],
      ...(raisedQps ? RAISED_QPS : []),
    ],
    ready: async () =>
      (await admin.get(ServiceAccounts, { namespace: "default", name: "default" })) !== undefined,
  });
}

export function schedulerProgram({ layout, bin, raisedQps = true }: ControlPlaneOptions): Program {
  return new Program({
    name: "kube-scheduler",
    layout,
    argv: [
      join(bin, "kube-scheduler"),
      ...identity(kubeconfigOf(layout, "scheduler")),
      ...(raisedQps ? RAISED_QPS : []),
    ],
    ready: async () => true,
  });
}

const RAISED_QPS = ["--kube-api-qps", "1000", "--kube-api-burst", "2000"];

/** No port of its own is opened; alone it needs no election. */
function identity(kubeconfig: string): string[] {
  const roles = ["--kubeconfig", "--authentication-kubeconfig", "--authorization-kubeconfig"];
  const ports = ["--port", "0", "--secure-port", "0"];
  return [...roles.flatMap((role) => [role, kubeconfig]), "--leader-elect=false", ...ports];
}

export async function clientOf(kubeconfig: string): Promise<Client> {
  return createHttpClient(await loadKubeconfig({ path: kubeconfig }));
}
