import { request as httpsRequest } from "node:https";
import type { HTTPGetAction } from "@jdos/api";
import type { DeepReadonly } from "@jdos/apimachinery";
import { http } from "@jdos/component-base/http";
import type { ContainerSpec } from "../pod/pod.ts";

export interface HttpTarget {
  readonly container: ContainerSpec;
  readonly podIp: string;
  readonly timeoutMs: number;
  readonly userAgent: string;
}

export interface HttpAnswer {
  readonly status: number;
  /** The first kilobytes. */
  readonly body: string;
}

const MAX_BODY_BYTES = 10 * 1024;

/** One GET on a connection of its own; certificates are not checked and redirects not followed. */
export function httpGet(action: DeepReadonly<HTTPGetAction>, target: HttpTarget): Promise<HttpAnswer> {
  const https = action.scheme === "HTTPS";
  const host = action.host === undefined || action.host === "" ? target.podIp : action.host;
  const port = resolvePort(action.port, target.container);
  const headers: Record<string, string> = {
    "user-agent": target.userAgent,
    accept: "*/*",
    connection: "close",
  };
  for (const { name, value } of action.httpHeaders ?? []) headers[name.toLowerCase()] = value;
  const path = action.path === undefined || action.path === "" ? "/" : action.path;
  const options = {
    host,
    port,
    path: path.startsWith("/") ? path : `/${path}`,
    headers,
    agent: false as const,
    ...(https ? { rejectUnauthorized: false } : {}),
  };
  return new Promise((resolve, reject) => {
    const request = (https ? httpsRequest : http.request)(options);
    const timer = setTimeout(() => request.destroy(new Error("context deadline exceeded")), target.timeoutMs);
    request.on("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
    request.on("response", (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      const finish = () => {
        clearTimeout(timer);
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString("utf8") });
        request.destroy();
      };
      response.on("data", (chunk: Buffer) => {
        chunks.push(chunk.subarray(0, MAX_BODY_BYTES - size));
        size += chunk.length;
        if (size >= MAX_BODY_BYTES) finish();
      });
      response.on("end", finish);
      response.on("error", reject);
    });
    request.end();
  });
}

/** A port by its number or by the name the container gives it. */
export function resolvePort(port: number | string, container: ContainerSpec): number {
  if (typeof port === "number") return port;
  const named = container.ports?.find((item) => item.name === port);
  if (named !== undefined) return named.containerPort;
  const number = Number(port);
  if (Number.isInteger(number) && number > 0) return number;
  throw new Error(`couldn't find port "${port}" in container "${container.name}"`);
}
