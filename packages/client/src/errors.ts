export interface ClientErrorOptions {
  cause?: unknown;
  hint?: string;
}

/**
 * Codes: "Transport" (ours or the network's), "Config" (the user's), "Unsupported" (the cluster's). Refusals by the
 * server are StatusError.
 */
export class ClientError extends Error {
  readonly code: "Transport" | "Config" | "Unsupported";
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
  constructor(message: string, options: ClientErrorOptions = {}) {
    super("Transport", message, {
      hint: "Check that the server runs and that its address is right",
      ...options,
    });
    this.name = "TransportError";
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
