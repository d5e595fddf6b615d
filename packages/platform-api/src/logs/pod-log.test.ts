import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Client, RawRequest } from "@jdos/client";
import { readBuildLog, readPodLog, splitLines } from "./pod-log.ts";

async function* bytes(...chunks: string[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield Buffer.from(chunk);
}

describe("splitLines()", () => {
  it("splitLines() joins lines across chunks, even within a character, and keeps a last one without line feed", async () => {
    const euro = Buffer.from("€");
    async function* halves(): AsyncGenerator<Uint8Array> {
      yield Buffer.concat([Buffer.from("a\nb"), euro.subarray(0, 1)]);
      yield Buffer.concat([euro.subarray(1), Buffer.from("\n\nend")]);
    }
    assert.deepEqual(await Array.fromAsync(splitLines(halves())), ["a", "b€", "", "end"]);
  });

  it("splitLines() cuts a line that does not end", async () => {
    const found = await Array.fromAsync(splitLines(bytes("x".repeat(70_000))));
    assert.deepEqual(
      found.map(({ length }) => length),
      [65_536, 4464],
    );
  });
});

describe("readPodLog()", () => {
  it("readPodLog() takes the time off each line and asks for what is wanted", async () => {
    const asked: RawRequest[] = [];
    const raw: Client["raw"] = async (request) => {
      asked.push(request);
      return {
        status: 200,
        headers: {},
        body: bytes("2026-01-01T00:00:00.5Z hello\n", "2026-01-01T00:00:01Z \nplain"),
      };
    };
    const log = readPodLog({
      client: { raw } as Client,
      namespace: "demo",
      pod: "a",
      container: "app",
      follow: true,
      tailLines: 5,
    });
    assert.deepEqual(await Array.fromAsync(log), [
      { time: "2026-01-01T00:00:00.5Z", line: "hello" },
      { time: "2026-01-01T00:00:01Z", line: "" },
      { line: "plain" },
    ]);
    assert.equal(asked[0]?.path, "/api/v1/namespaces/demo/pods/a/log");
    assert.deepEqual(asked[0]?.query, {
      timestamps: "true",
      container: "app",
      follow: "true",
      tailLines: "5",
    });
  });

  it("readBuildLog() names the container: a Pod of several has no log of its own", async () => {
    let asked: RawRequest | undefined;
    const raw: Client["raw"] = async (request) => {
      asked = request;
      return { status: 200, headers: {}, body: bytes("done\n") };
    };
    const log = readBuildLog({ client: { raw } as Client, namespace: "demo", pod: "hello-b1-x" });
    assert.deepEqual(await Array.fromAsync(log), [{ line: "done" }]);
    assert.equal(asked?.query?.container, "build");
  });
});
