/** A Pod network on this machine for tests: needs root, iproute2 and nftables. */
export { type CniCall, startTestNetwork, type TestNetwork, type TestSandbox } from "./network.ts";
