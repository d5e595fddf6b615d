/** A host and Pods in network namespaces of their own; needs root and iproute2. */
export { type Listen, startTestHost, type TestHost, type TestPod } from "./test-network.ts";
