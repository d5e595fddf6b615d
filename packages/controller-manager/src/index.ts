/**
 * The core controllers: each reads one Kind and its surroundings from shared informers and makes the world as the
 * object says. They meet each other only at the API.
 * @module
 */
export { controllerNames } from "./controllers.ts";
export { ControllerManagerError } from "./errors.ts";
export type { ControllerManagerOptions } from "./options.ts";
export { start } from "./start.ts";
