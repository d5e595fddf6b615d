/**
 * Source to image to registry. A build is two containers of one Pod: one holds the registry's credential, fetches
 * the source and pushes; the other runs the user's steps and sees no credential. main.ts is the program of both.
 * @module
 */
export { type BuilderErrorCode, ImageBuilderError } from "./errors.ts";
export { type BuilderOptions, readOptions } from "./options.ts";
export { run } from "./start.ts";
