import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { networkCounts, readNetworkCounts } from "./network-counts.ts";

describe("networkCounts()", () => {
  it("readNetworkCounts() reads every interface but the loopback", () => {
    const table = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:     100       1    0    0    0     0          0         0      100       1    0    0    0     0       0          0
  eth0: 1234567      89    1    2    0     0          0         0     7654      32    3    4    0     0       0          0
`;
    assert.deepEqual(readNetworkCounts(table), [
      {
        interface: "eth0",
        receivedBytes: 1234567,
        receivedPackets: 89,
        receiveErrors: 1,
        receiveDropped: 2,
        sentBytes: 7654,
        sentPackets: 32,
        sendErrors: 3,
        sendDropped: 4,
      },
    ]);
  });

  it("networkCounts() reads this machine's own, and answers nothing for a process that has ended", async () => {
    for (const counts of await networkCounts(process.pid)) assert.ok(counts.receivedBytes >= 0);
    assert.deepEqual(await networkCounts(2 ** 30), []);
  });
});
