import type { Probe } from "@jdos/api";
import type { Lifecycle } from "kubernetes-types/core/v1.d.ts";
import type { FieldErrors } from "../../validation/field-errors.ts";
import { portName, portNumber } from "../../validation/names.ts";

type Handler = NonNullable<Lifecycle["preStop"]> & Pick<Probe, "grpc">;

/** Liveness and startup probes succeed at the first success. */
export function validateProbe(
  errors: FieldErrors,
  at: string,
  probe: Probe | undefined,
  options: { onlyOneSuccess: boolean },
): void {
  if (probe === undefined) return;
  validateHandler(errors, at, probe);
  for (const member of [
    "initialDelaySeconds",
    "timeoutSeconds",
    "periodSeconds",
    "successThreshold",
    "failureThreshold",
  ] as const) {
    errors.nonNegative(`${at}.${member}`, probe[member]);
  }
  if (options.onlyOneSuccess && probe.successThreshold !== 1) {
    errors.invalid(`${at}.successThreshold`, probe.successThreshold, "must be 1");
  }
  if (probe.terminationGracePeriodSeconds !== undefined && probe.terminationGracePeriodSeconds <= 0) {
    errors.invalid(
      `${at}.terminationGracePeriodSeconds`,
      probe.terminationGracePeriodSeconds,
      "must be greater than 0",
    );
  }
}

export function validateLifecycle(errors: FieldErrors, at: string, lifecycle: Lifecycle | undefined): void {
  if (lifecycle?.postStart !== undefined) validateHandler(errors, `${at}.postStart`, lifecycle.postStart);
  if (lifecycle?.preStop !== undefined) validateHandler(errors, `${at}.preStop`, lifecycle.preStop);
}

function validateHandler(errors: FieldErrors, at: string, handler: Handler): void {
  const { exec, httpGet, tcpSocket, grpc, sleep } = handler;
  const given = Object.entries({ exec, httpGet, tcpSocket, grpc, sleep }).filter(
    ([, one]) => one !== undefined,
  );
  if (given.length === 0) errors.required(at, "must specify a handler type");
  for (const [member] of given.slice(1)) {
    errors.forbidden(`${at}.${member}`, "may not specify more than 1 handler type");
  }
  if (exec !== undefined && (exec.command ?? []).length === 0) errors.required(`${at}.exec.command`);
  if (httpGet !== undefined) {
    if (!httpGet.path) errors.required(`${at}.httpGet.path`);
    validatePort(errors, `${at}.httpGet.port`, httpGet.port);
    errors.oneOf(`${at}.httpGet.scheme`, httpGet.scheme, ["HTTP", "HTTPS"]);
    for (const [index, header] of (httpGet.httpHeaders ?? []).entries()) {
      if (/^[-A-Za-z0-9]+$/.test(header.name)) continue;
      errors.invalid(
        `${at}.httpGet.httpHeaders[${index}]`,
        header.name,
        "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')",
      );
    }
  }
  if (tcpSocket !== undefined) validatePort(errors, `${at}.tcpSocket.port`, tcpSocket.port);
  if (grpc !== undefined) errors.allInvalid(`${at}.grpc.port`, grpc.port, portNumber(grpc.port));
}

function validatePort(errors: FieldErrors, at: string, port: number | string | undefined): void {
  if (typeof port === "string") errors.allInvalid(at, port, portName(port));
  else errors.allInvalid(at, port ?? 0, portNumber(port ?? 0));
}
