import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import test, { after, before } from "node:test";
import {
  type Build,
  Builds,
  Events,
  NOTICED_ANNOTATION,
  type NoticeBody,
  Secrets,
  type SystemNotice,
  Systems,
} from "@jdos/api";
import type { Stored } from "@jdos/client";
import { eventually } from "@jdos/component-base/testing";
import { startTestPlatform, type TestPlatform } from "../testing/index.ts";
import { reachable } from "./reachable.ts";

interface Seen {
  headers: IncomingHttpHeaders;
  body: string;
}

const IMAGE = `registry.jdos.internal/demo/app@sha256:${"a".repeat(64)}`;
const seen: Seen[] = [];
let answers: number[] = [];
let server: Server;
let url: string;
let platform: TestPlatform;

before(async () => {
  server = createServer(async (request, response) => {
    seen.push({ headers: request.headers, body: await text(request) });
    response.writeHead(answers.shift() ?? 204).end();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
  platform = await startTestPlatform({
    notices: { allow: ["127.0.0.1/32"], retrySeconds: 0.05, attempts: 3 },
  });
});
after(async () => {
  await platform.stop();
  server.closeAllConnections();
  server.close();
});

async function system(name: string, notice: Omit<SystemNotice, "name">): Promise<void> {
  await platform.createSystem(name);
  const data = { key: Buffer.from("a secret of ours").toString("base64") };
  await platform.client.create(Secrets, { metadata: { name: "sign", namespace: name }, data });
  const body = { spec: { notices: [{ name: "chat", ...notice }] } };
  await platform.client.patch(Systems, { name }, { type: "merge", body });
  await platform.until(Systems, { name }, ({ status }) => status?.notices?.length === 1);
  await platform.createApplication("hello", {}, name);
}

async function build(namespace: string, number: number): Promise<string> {
  await platform.createBuild("hello", number, namespace);
  await platform.endBuild(`hello-b${number}`, { image: IMAGE, digest: "x", stages: [] }, namespace);
  const key = { namespace, name: `hello-b${number}` };
  return (await platform.until(Builds, key, ({ status }) => status?.phase === "Succeeded")).metadata.uid;
}

const toldOf = (system: string): NoticeBody[] =>
  seen.map(({ body }) => JSON.parse(body) as NoticeBody).filter((each) => each.system === system);

test("a notice tells the end of a build, signed, with a text for chats, and once", async () => {
  await system("signed", { url, events: ["build.succeeded"], secret: { name: "sign", key: "key" } });
  const uid = await build("signed", 1);
  await eventually(() => assert.equal(toldOf("signed").length, 1));
  const { headers, body } = seen.at(-1)!;
  const told = JSON.parse(body) as NoticeBody;
  assert.equal(told.text, "signed/hello: build 1 succeeded");
  assert.deepEqual([told.event, told.build?.image], ["build.succeeded", IMAGE]);
  const id = `${uid}/build.succeeded`;
  assert.equal(headers["webhook-id"], id);
  const signed = `${id}.${headers["webhook-timestamp"]}.${body}`;
  const signature = createHmac("sha256", "a secret of ours").update(signed).digest("base64");
  assert.equal(headers["webhook-signature"], `v1,${signature}`);
  const isMarked = ({ metadata }: Stored<Build>) => metadata.annotations?.[NOTICED_ANNOTATION] !== undefined;
  await platform.until(Builds, { namespace: "signed", name: "hello-b1" }, isMarked);
  await platform.restart();
  await build("signed", 2);
  await eventually(() => assert.equal(toldOf("signed").length, 2));
  await platform.idle();
  assert.deepEqual(
    toldOf("signed").map((each) => each.build?.number),
    [1, 2],
  );
});

test("a notice that fails is tried again, then left with an Event, and the next one is told", async () => {
  answers = [500, 500, 500, 503, 204];
  await system("busy", { url, events: ["build.succeeded"] });
  await build("busy", 1);
  await build("busy", 2);
  await eventually(() => assert.equal(toldOf("busy").length, 5));
  assert.deepEqual(
    toldOf("busy").map((each) => each.build?.number),
    [1, 1, 1, 2, 2],
  );
  await platform.until(
    Systems,
    { name: "busy" },
    ({ status }) => status?.notices?.[0]?.message === undefined,
  );
  await eventually(async () => {
    const { items } = await platform.client.list(Events);
    const said = items.map(({ message }) => message ?? "");
    assert.ok(
      said.some((each) =>
        /"chat".*hello-b1 \(try 3\): 127\.0\.0\.1:\d+ answered HTTP 500; it is not/.test(each),
      ),
    );
    assert.ok(said.every((each) => !each.includes("/hook")));
  });
});

test("a notice is told although the controllers die at any write", async () => {
  await system("mortal", { url, events: ["build.succeeded"] });
  for (let writes = 0; writes < 4; writes++) {
    await platform.createBuild("hello", writes + 1, "mortal");
    await platform.endBuild(`hello-b${writes + 1}`, { image: IMAGE, digest: "x", stages: [] }, "mortal");
    await platform.restart({ deadAfterWrites: writes });
    await platform.restart();
  }
  await eventually(() =>
    assert.deepEqual([...new Set(toldOf("mortal").map((each) => each.build?.number))].sort(), [1, 2, 3, 4]),
  );
});

test("reachable() refuses private addresses, by number and after resolution", async () => {
  const may = reachable(["10.1.0.0/16"], (_host, done) =>
    done(null, [
      { address: "127.0.0.1", family: 4 },
      { address: "::ffff:169.254.169.254", family: 6 },
      { address: "10.1.2.3", family: 4 },
    ]),
  );
  for (const host of [
    "127.0.0.1",
    "[::1]",
    "169.254.169.254",
    "10.128.0.1",
    "[::ffff:7f00:1]",
    "[fd00::1]",
    "0.0.0.0",
  ])
    assert.match(may.refusalOf(host) ?? "", /is private/, host);
  for (const host of ["10.1.2.3", "93.184.215.14", "[2606:4700::1]", "example.org"])
    assert.equal(may.refusalOf(host), undefined, host);
  const found = await new Promise((resolve) => may.lookup("x", { all: true }, (_, list) => resolve(list)));
  assert.deepEqual(found, [{ address: "10.1.2.3", family: 4 }]);
  const none = reachable([], (_host, done) => done(null, [{ address: "10.1.2.3", family: 4 }]));
  const error = await new Promise<Error | null>((resolve) => none.lookup("rebound", {}, (e) => resolve(e)));
  assert.match(error?.message ?? "", /"rebound" is private/);
});
