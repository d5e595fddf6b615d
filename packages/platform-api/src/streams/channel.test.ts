import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Channel } from "./channel.ts";

describe("Channel", () => {
  it("receive() gives what was sent in its order, and ends after close()", async () => {
    const channel = new Channel<number>();
    for (const item of [1, 2, 3]) await channel.send(item);
    channel.close();
    assert.deepEqual(await Array.fromAsync(channel.receive()), [1, 2, 3]);
    assert.equal(await channel.send(4), false);
  });

  it("send() waits while the channel is full; offer() does not", async () => {
    const channel = new Channel<number>(1);
    assert.equal(channel.offer(1), true);
    assert.equal(channel.offer(2), false);
    let sent = false;
    const sending = channel.send(3).then(() => {
      sent = true;
    });
    await Promise.resolve();
    assert.equal(sent, false);
    const items = channel.receive();
    assert.equal((await items.next()).value, 1);
    await sending;
    assert.equal((await items.next()).value, 3);
    await items.return(undefined);
  });

  it("fail() reaches the reader after what was sent before", async () => {
    const channel = new Channel<string>();
    await channel.send("last words");
    channel.fail(new Error("broken"));
    const items = channel.receive();
    assert.equal((await items.next()).value, "last words");
    await assert.rejects(items.next(), /broken/);
  });

  it("receive() ends when its signal fires, and lets writers go", async () => {
    const channel = new Channel<number>(1);
    const abort = new AbortController();
    const items = channel.receive(abort.signal);
    const next = items.next();
    abort.abort();
    assert.equal((await next).done, true);
    assert.equal(await channel.send(1), false);
  });
});
