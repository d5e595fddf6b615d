/**
 * The controllers against a real API server in memory, with their own rights, and doubles for what Deployments and
 * builds do.
 * @module
 */
export { applyRights } from "./manifests.ts";
export { startTestPlatform, type TestPlatform } from "./test-platform.ts";
