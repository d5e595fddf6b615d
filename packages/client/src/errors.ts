export interface TransportErrorOptions {
  cause?: unknown;
  hint?: string;
}

/** The server could not be reached, or the connection broke: nothing is known about what it did. */
export class TransportError extends Error {
  readonly code = "Transport";
  readonly hint: string;

  constructor(message: string, { cause, hint }: TransportErrorOptions = {}) {
    super(message, { cause });
    this.name = "TransportError";
    this.hint = hint ?? "Check that the server runs and that its address is right";
  }
}
