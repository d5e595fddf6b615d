/**
 * The HTTP API for people: login, views of systems and applications, actions on them, live streams of deploys and
 * logs, exec, source uploads, the registry's tokens, and a page that says what runs here. Every call acts on the
 * Kubernetes API as the person who makes it. The routes and bodies are in @jdos/api (PLATFORM_ROUTES).
 * @module
 */
export { PlatformError, type PlatformErrorCode } from "./errors.ts";
export { explain } from "./explain/explain.ts";
export type { ContainerLog, World } from "./explain/world.ts";
export type { LocalUser } from "./login/login.ts";
export type { Persons } from "./login/persons.ts";
export type { ListenAddress, PlatformApiOptions, RegistryOptions } from "./options.ts";
export type { RegistryTokenOptions } from "./registry-token/issuer.ts";
export { type PlatformApi, start } from "./start.ts";
