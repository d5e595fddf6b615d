import type { Client } from "@jdos/client";
import type { AccessFiles } from "@jdos/component-base/access-files";
import {
  createPrometheus,
  PrometheusError,
  prometheusAccess,
  type Send,
} from "@jdos/component-base/prometheus";
import { CliError } from "../../errors.ts";
import type { Values } from "../values.ts";
import { type Service, serviceOf, throughApiServer, unaskable } from "./service.ts";

/**
 * Whether the Prometheus that the values name answers as one, and to the platform's account. A Service of the cluster is
 * asked through the API server, which does not pass an account on: that it wants one is then all that can be known. Of one
 * that cannot be asked it answers a sentence that says so.
 * @throws CliError PrometheusUnreachable, PrometheusUnauthorized, NotPrometheus ...
 */
export async function checkMetrics(
  client: Client,
  { provider, url }: Values["metrics"],
  files: AccessFiles,
): Promise<string | undefined> {
  if (provider !== "prometheus") return undefined;
  const service = serviceOf(url);
  const why = service && (await unaskable(client, service));
  if (why !== undefined) return `Prometheus at ${url} was not asked: ${why}`;
  try {
    const access = prometheusAccess(url, files);
    await createPrometheus(access, service && sendThrough(client, service)).check();
    return undefined;
  } catch (error) {
    if (!(error instanceof PrometheusError)) throw error;
    const { authorization } = prometheusAccess(url, files);
    if (error.code === "PrometheusUnauthorized" && service !== undefined && authorization !== undefined)
      return undefined;
    throw new CliError(error.code, `${error.message} (metrics.url)`, { hint: error.hint, cause: error });
  }
}

/** A server that asks for an account says so by its status. */
function sendThrough(client: Client, service: Service): Send {
  const isAnswer = ({ code }: { code: number }): boolean => code === 401 || code === 403;
  return (path, query) => throughApiServer({ client, service, isAnswer }, { path, query });
}
