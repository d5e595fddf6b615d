/**
 * Names of images, where a registry is, and who may use it.
 * @module
 */
export type { ApplicationImages } from "./application-images.ts";
export { applicationImages } from "./application-images.ts";
export type { AuthorizationRequest, RegistryScopes } from "./authorization.ts";
export { authorizationFor, authorizeAt, parseChallenge } from "./authorization.ts";
export type { RegistryCredential } from "./credentials.ts";
export {
  basicAuthorization,
  credentialFor,
  dockerConfig,
  dockerConfigOf,
  readRegistryCredential,
} from "./credentials.ts";
export type { ImageName } from "./image-name.ts";
export { formatImageName, isRepository, parseImageName } from "./image-name.ts";
export type { HarborSettings, RegistryLocation } from "./location.ts";
export { DEFAULT_REGISTRY, parseRegistry, REGISTRY_SETTINGS, registryLocation } from "./location.ts";
export type { MirroredImage, RegistryMirror } from "./mirrors.ts";
export { mirroredImage, parseMirrors } from "./mirrors.ts";
export type { RegistryAnswer, RegistryQuestion } from "./request.ts";
export { askRegistry, textOf } from "./request.ts";
