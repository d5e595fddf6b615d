import type { IncomingMessage, ServerResponse } from "node:http";

export interface HandledRequest {
  request: IncomingMessage;
  response: ServerResponse;
  /** The path's segments after the door's own, decoded. */
  segments: readonly string[];
  url: URL;
}

/** Answers the requests of one door. What it throws is answered as a GitServerError, if nothing was sent yet. */
export type Handler = (handled: HandledRequest) => Promise<void>;

/** The handler of each first segment of a path, and of all the others. */
export interface Doors {
  readonly hooks?: Handler;
  readonly repositories?: Handler;
}
