export interface ClientErrorOptions {
  cause?: unknown;
  hint?: string;
}

/** What the network did: no connection, what arrived cannot be trusted, nothing arrives any more. */
type NetworkCode = "Transport" | "Garbled" | "Silent";

/**
 * Codes: "Config" is the user's fault, "Unsupported" the cluster's, the others the network's. Refusals by the server
 * are StatusError.
 */
export class ClientError extends Error {
  readonly code: NetworkCode | "Config" | "Unsupported";
  readonly hint: string;

  constructor(code: ClientError["code"], message: string, { cause, hint = "" }: ClientErrorOptions = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "ClientError";
    this.code = code;
    this.hint = hint;
  }
}

/** The server could not be reached, or the connection broke: nothing is known about what it did. */
export class TransportError extends ClientError {
  constructor(message: string, options: ClientErrorOptions = {}, code: NetworkCode = "Transport") {
    super(code, message, {
      hint: "Check that the server runs and that its address is right",
      ...options,
    });
    this.name = "TransportError";
  }
}

/** What arrived is no whole answer of a Kubernetes API: cut short, changed on its way, or from something else. */
export class GarbledError extends TransportError {
  constructor(message: string, options: ClientErrorOptions = {}) {
    super(
      message,
      { hint: "Check what stands between here and the server (proxies, load balancers)", ...options },
      "Garbled",
    );
    this.name = "GarbledError";
  }
}

/** A watch on which neither events nor bookmarks came for so long that the connection is taken for dead. */
export class SilentError extends TransportError {
  constructor(message: string, options: ClientErrorOptions = {}) {
    super(message, options, "Silent");
    this.name = "SilentError";
  }
}

/** A kubeconfig or a service account that cannot be used. */
export class ConfigError extends ClientError {
  constructor(message: string, options: ClientErrorOptions = {}) {
    super("Config", message, options);
    this.name = "ConfigError";
  }
}

/** The cluster has no version of what is needed: too old, or with an API switched off. */
export class UnsupportedError extends ClientError {
  constructor(message: string, options: ClientErrorOptions = {}) {
    super("Unsupported", message, options);
    this.name = "UnsupportedError";
  }
}
