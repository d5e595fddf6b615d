/**
 * The controllers against a real API server in memory, with their own rights, and doubles for what Deployments and
 * builds do.
 * @module
 */

export { registryMissing } from "@jdos/component-base/testing";
export { applyRights } from "./manifests.ts";
export { startRegistry } from "./start-registry.ts";
export { startTestPlatform, type TestPlatform } from "./test-platform.ts";
