import { CliError } from "../errors.ts";
import { notInstalled } from "./connection.ts";

/** What a cluster's API server says in place of the platform API behind it. */
export function gatewayRefusal(server: string, httpStatus: number, message: string): CliError {
  if (httpStatus === 401)
    return new CliError(
      "Unauthorized",
      `Cannot log in to the cluster at ${server}: it does not know these credentials`,
      {
        hint: "Their token or certificate may be over: get a new kubeconfig from who runs the cluster",
      },
    );
  if (httpStatus === 403)
    return new CliError("Forbidden", `Cannot reach the platform at ${server}: ${message}`, {
      hint: "Ask an administrator to bind Role jdos-person in namespace jdos-system to you: it opens services/proxy of platform-api",
    });
  if (httpStatus === 404) return notInstalled(server);
  return new CliError("Unavailable", `Cannot reach the platform at ${server}: ${message}`, {
    hint: "See whether its Pods run: kubectl get pods -n jdos-system",
  });
}
