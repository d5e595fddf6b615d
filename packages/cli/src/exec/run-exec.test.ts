import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { describe, it } from "node:test";
import { WebSocketServer } from "ws";
import { startFakePlatform } from "../testing/fake-platform.ts";
import { CHANNEL, onChannel, readExecStatus } from "./channels.ts";
import { runExec } from "./run-exec.ts";

function streamsUntil(signal: AbortSignal) {
  return { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough(), signal };
}

function connectionTo(url: string) {
  return { url, headers: () => ({ authorization: "Bearer t" }) };
}

describe("runExec()", () => {
  it("runExec() joins the streams and passes on the exit code", async () => {
    const platform = await startFakePlatform({});
    const sockets = new WebSocketServer({
      server: platform.server,
      handleProtocols: () => "v4.channel.k8s.io",
    });
    sockets.on("connection", (socket, request) => {
      assert.equal(request.headers.authorization, "Bearer t");
      socket.on("message", (message: Buffer) => {
        assert.equal(message[0], CHANNEL.stdin);
        socket.send(onChannel(CHANNEL.stdout, message.subarray(1)));
        socket.send(onChannel(CHANNEL.stderr, Buffer.from("warned")));
        socket.send(
          onChannel(
            CHANNEL.error,
            Buffer.from(
              JSON.stringify({
                status: "Failure",
                reason: "NonZeroExitCode",
                details: { causes: [{ reason: "ExitCode", message: "3" }] },
              }),
            ),
          ),
        );
        socket.close();
      });
    });
    const streams = streamsUntil(new AbortController().signal);
    streams.stdin.write("typed");
    const code = await runExec(
      {
        url: new URL(`${platform.url}/exec`),
        connection: connectionTo(platform.url),
        tty: false,
        stdin: true,
      },
      streams,
    );
    assert.equal(code, 3);
    assert.equal(String(streams.stdout.read()), "typed");
    assert.equal(String(streams.stderr.read()), "warned");
    for (const client of sockets.clients) client.terminate();
    await platform.stop();
  });

  it("runExec() lets go when it is interrupted", async () => {
    const platform = await startFakePlatform({});
    const sockets = new WebSocketServer({
      server: platform.server,
      handleProtocols: () => "v4.channel.k8s.io",
    });
    const interrupted = new AbortController();
    sockets.on("connection", () => interrupted.abort());
    await assert.rejects(
      runExec(
        {
          url: new URL(`${platform.url}/exec`),
          connection: connectionTo(platform.url),
          tty: false,
          stdin: true,
        },
        streamsUntil(interrupted.signal),
      ),
      { code: "Interrupted", exitCode: 130 },
    );
    for (const client of sockets.clients) client.terminate();
    await platform.stop();
  });

  it("runExec() gives the platform's refusal", async () => {
    const platform = await startFakePlatform({});
    platform.server.on("upgrade", (_request, socket) => {
      const body = '{"code":"NoPod","message":"None is running"}';
      socket.end(`HTTP/1.1 409 Conflict\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
    });
    const streams = streamsUntil(new AbortController().signal);
    await assert.rejects(
      runExec(
        { url: new URL(platform.url), connection: connectionTo(platform.url), tty: false, stdin: false },
        streams,
      ),
      { code: "NoPod", message: "None is running" },
    );
    await platform.stop();
  });

  it("readExecStatus() tells an exit code from a command that could not run", () => {
    assert.deepEqual(readExecStatus('{"status":"Success"}'), { exitCode: 0 });
    assert.deepEqual(readExecStatus('{"status":"Failure","message":"no such file"}'), {
      exitCode: 126,
      failure: "no such file",
    });
  });
});
