/**
 * For tests: the promises of Client as suites that every transport and every server runs, and the proxies that play
 * the faults of networks and busy servers.
 * @module
 */
export { type ContractOptions, type ContractSubject, clientContract } from "./contract.ts";
export { afterBytes, afterLines, trickle } from "./faults/body-faults.ts";
export {
  type FaultContractOptions,
  type FaultSubject,
  faultContract,
  type Outage,
} from "./faults/fault-contract.ts";
export {
  type BodyFault,
  type Fault,
  type FaultyProxy,
  type Injected,
  type ProxyTarget,
  type SeenRequest,
  startFaultyProxy,
} from "./faults/faulty-proxy.ts";
export { FollowedWorld, type FollowedWorldOptions } from "./faults/followed-world.ts";
export { startTcpProxy, type TcpProxy } from "./faults/tcp-proxy.ts";
export { informerContract } from "./informer-contract.ts";
export { shapesContract } from "./shapes-contract.ts";
export { type Skips, skippingIt } from "./skips.ts";
