/**
 * How a source's tar gets to the platform: cut into parts by its content (`cut.ts`), of which only those that the
 * platform has not got are sent, each again until it is there (`send.ts`).
 * @module
 */
export { cut } from "./cut.ts";
export type { SendOptions, SentSource, SourceDoor } from "./send.ts";
export { sendSource } from "./send.ts";
