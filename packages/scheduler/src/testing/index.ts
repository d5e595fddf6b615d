/**
 * Stored Nodes and Pods in a line, for tests of scheduling.
 * @module
 */
export { type NodeSketch, node, pod } from "./objects.ts";
