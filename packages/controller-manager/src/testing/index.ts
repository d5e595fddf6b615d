/**
 * A cluster in memory: a real API server, chosen controllers, and Pods that run by themselves.
 * @module
 */
export { type FakeKubeletOptions, startFakeKubelet } from "./fake-kubelet.ts";
export { startTestCluster, type TestCluster, type TestClusterOptions } from "./start-test-cluster.ts";
