import { CliError } from "../errors.ts";
import { notInstalled } from "./connection.ts";
import { gatewayFailure, isGatewayStatus, notKubernetes, unknownCredentials } from "./failures.ts";

/** What a cluster's API server says in place of the platform API behind it. */
export function gatewayRefusal(server: string, httpStatus: number, message: string): CliError {
  if (httpStatus === 401) return unknownCredentials(server);
  if (httpStatus === 403)
    return new CliError("Forbidden", `Cannot reach the platform at ${server}: ${message}`, {
      hint: "Ask an administrator to bind Role jdos-person in namespace jdos-system to you: it opens services/proxy of platform-api",
    });
  if (httpStatus === 404) return notInstalled(server);
  return new CliError("Unavailable", `Cannot reach the platform at ${server}: ${message}`, {
    hint: "See whether its Pods run: kubectl get pods -n jdos-system",
  });
}

/** An answer that neither the platform nor an API server wrote. */
export function foreignAnswer(server: string, httpStatus: number, cause?: unknown): CliError {
  if (httpStatus === 401) return unknownCredentials(server, cause);
  return isGatewayStatus(httpStatus)
    ? gatewayFailure(server, httpStatus, cause)
    : notKubernetes(server, httpStatus < 400 ? "what came is not JSON" : `HTTP ${httpStatus}`, cause);
}
