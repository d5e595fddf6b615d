import type { AccessFiles } from "../access-files.ts";
import { ComponentError } from "../errors.ts";
import { basicAuthorization } from "../registry/credentials.ts";

/** How a server that speaks Prometheus' HTTP API is reached. */
export interface PrometheusAccess {
  /** http:// or https://, with the path before /api/v1 where there is one. */
  url: string;
  /** The value of the header. Without it the server asks for none. */
  authorization?: string;
  /** Authorities that its certificate is checked by, beside those of the system. PEM. */
  caPem?: string;
}

/** @throws ComponentError InvalidOption for a token beside a name, and for a name without a password */
export function prometheusAccess(url: string, files: AccessFiles = {}): PrometheusAccess {
  const { token, username, password, "ca.crt": caPem } = files;
  if (token !== undefined && username !== undefined) throw unclear("a token and a user name are given");
  if ((username === undefined) !== (password === undefined))
    throw unclear("a user name and a password belong together, and one is missing");
  const authorization =
    token !== undefined
      ? `Bearer ${token.trim()}`
      : username !== undefined
        ? basicAuthorization({ username: username.trim(), password: (password ?? "").trim() })
        : undefined;
  return {
    url,
    ...(authorization === undefined ? {} : { authorization }),
    ...(caPem === undefined ? {} : { caPem }),
  };
}

function unclear(state: string): ComponentError {
  return new ComponentError("InvalidOption", `Cannot tell how to log in to Prometheus: ${state}`, {
    hint: "Give a token alone, or a user name with its password",
  });
}
