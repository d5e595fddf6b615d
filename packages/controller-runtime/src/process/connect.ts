import { type Client, createHttpClient, loadInClusterConfig, loadKubeconfig } from "@jdos/client";
import type { Environment, Logger, Metrics, SettingValues } from "@jdos/component-base";
import type { ProcessSettings } from "./settings.ts";

/** Where the platform's own parts are when nothing says otherwise. */
const NAMESPACE = "jdos-system";

export interface ConnectOptions {
  /** The part. */
  name: string;
  env: Environment;
  log: Logger;
  metrics?: Metrics;
}

/** A client of the API server by a kubeconfig, or by the Pod's service account; and the platform's namespace. */
export async function connect(
  settings: Pick<SettingValues<ProcessSettings>, "kubeconfig" | "context" | "queries-per-second">,
  { name, env, log, metrics }: ConnectOptions,
): Promise<{ client: Client; namespace: string }> {
  const { kubeconfig: path, context } = settings;
  const config =
    path === undefined
      ? await loadInClusterConfig({ env })
      : await loadKubeconfig({ path, ...(context === undefined ? {} : { context }) });
  const perSecond = settings["queries-per-second"];
  const client = createHttpClient({
    ...config,
    userAgent: `jdos-${name}`,
    onWarning: (text) => log.warn({ text }, "The API server warns"),
    queriesPerSecond: perSecond === 0 ? Number.POSITIVE_INFINITY : perSecond,
    ...(metrics === undefined ? {} : { metrics }),
  });
  return { client, namespace: path === undefined ? config.namespace : NAMESPACE };
}
