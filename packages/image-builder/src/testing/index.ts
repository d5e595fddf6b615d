/**
 * A real registry, a small base image and bundles for the tests of a build.
 * @module
 */
export { pushBase, type TestBase } from "./base-image.ts";
export { archive, pushBundle } from "./bundle.ts";
export { type PrivateGit, startPrivateGit } from "./private-git.ts";
export {
  BASIC_CREDENTIAL,
  startTestRegistry,
  type TestRegistry,
  type TestRegistryOptions,
} from "./test-registry.ts";
