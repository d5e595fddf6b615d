/** Upper bounds in milliseconds, from a request's head to its answer's. */
export const LATENCY_BOUNDS = [5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000] as const;

/** More applications than that have none while others are busier. */
const MAX_BACKENDS = 10_000;

/** Where answers are counted by how long they took, by backend. */
export const LATENCY_TABLE = [
  `stick-table type string len 64 size ${MAX_BACKENDS} store gpc(${LATENCY_BOUNDS.length + 1})`,
];

/** When a request came, and whose counters are its own. */
export const BEGIN_LATENCY = [
  "http-request set-var(txn.began) date(0,ms)",
  "http-request track-sc0 var(txn.backend) table latency if { var(txn.backend) -m found }",
];

/** An answer counts under every bound that it kept to, and at last in any case. */
export const COUNT_LATENCY = [
  "http-response set-var(txn.millis) date(0,ms),sub(txn.began)",
  ...LATENCY_BOUNDS.map(
    (bound, index) => `http-response sc-inc-gpc(${index},0) if { var(txn.millis) -m int le ${bound} }`,
  ),
  `http-response sc-inc-gpc(${LATENCY_BOUNDS.length},0)`,
];
