import { type LoadedKubeconfig, loadInClusterConfig, loadKubeconfig } from "@jdos/client";
import type { Environment } from "@jdos/component-base";

/** How the platform API is reached. */
export interface PlatformConnection {
  /** Base URL; a path in it is kept. */
  url: string;
  /** The authority of an https URL. */
  ca?: string;
  /** What a gateway on the way wants to see; the person's token travels beside it. */
  gatewayToken?(): Promise<string> | string;
}

const PROXY_PATH = "/api/v1/namespaces/jdos-system/services/http:platform-api:80/proxy";

/** By its own URL, or through the API server's services/proxy as this process. */
export async function connectPlatform(
  { url, kubeconfig }: { url: string | undefined; kubeconfig: string | undefined },
  env: Environment,
): Promise<PlatformConnection> {
  if (url !== undefined) return { url };
  const config =
    kubeconfig === undefined
      ? await loadInClusterConfig({ env })
      : await loadKubeconfig({ path: kubeconfig });
  return throughApiServer(config);
}

function throughApiServer({ server, ca, token }: LoadedKubeconfig): PlatformConnection {
  return {
    url: `${server.replace(/\/$/, "")}${PROXY_PATH}`,
    ...(ca === undefined ? {} : { ca }),
    ...(token === undefined ? {} : { gatewayToken: () => (typeof token === "function" ? token() : token) }),
  };
}
