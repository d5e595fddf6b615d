/** What applications wrote, of Pods that are gone. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { example, startPlatform, type TestPlatform } from "./support/platform.ts";
import { eventually } from "./support/process.ts";

const APP = ["--system", "e2e", "--app", "talker"];
const GREETING = "listening on port 8080";
const LINES = 2_000;

interface Line {
  pod: string;
  time: string;
  line: string;
}

describe("logs of Pods that are gone", () => {
  let platform: TestPlatform;
  let gone: string[];
  before(async () => {
    platform = await startPlatform();
    await platform.json("deploy", example("hello-node"), ...APP, "--replicas", "2");
  });
  after(() => platform?.stop());

  async function podNames(): Promise<string[]> {
    const pods = await platform.json<{ name: string }[]>("ps", ...APP);
    return pods.map(({ name }) => name).sort();
  }

  /** Lines of `jdos logs`, which prints one object a line. */
  async function linesOf(...args: string[]): Promise<Line[]> {
    const text = await platform.say("logs", ...args, "-o", "json", ...APP);
    return text
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Line);
  }

  it("every line that was written just before a Pod was deleted is found once, of all Pods", async () => {
    gone = await podNames();
    assert.equal(gone.length, 2);
    const say = `i=0; while [ $i -lt ${LINES} ]; do echo "counted-$i-"; i=$((i+1)); done >/proc/1/fd/1`;
    for (const pod of gone) await platform.say("exec", "--pod", pod, ...APP, "--", "sh", "-c", say);
    await platform.kubectl(["delete", "pod", "-n", "e2e", "--wait=true", ...gone]);
    const wanted = Array.from({ length: LINES }, (_, number) => `counted-${number}-`).sort();
    await eventually(async () => {
      const found = await linesOf("--since", "1h", "--grep", "counted-");
      for (const pod of gone) {
        const texts = found.filter((line) => line.pod === pod).map(({ line }) => line);
        assert.equal(texts.length, LINES, pod);
        assert.deepEqual(texts.sort(), wanted);
      }
    });
  });

  it("a Pod that is gone is read by its name, by its release and by a time", async () => {
    const [pod = ""] = gone;
    assert.ok(!(await podNames()).includes(pod));
    const byName = await linesOf("--pod", pod, "-n", "-1");
    assert.deepEqual(new Set(byName.map((line) => line.pod)), new Set([pod]));
    assert.equal(byName.filter(({ line }) => line.includes(GREETING)).length, 1);
    const ofRelease = await linesOf("--release", "1", "--grep", GREETING);
    assert.ok(gone.every((name) => ofRelease.some((line) => line.pod === name)));
    assert.deepEqual(await linesOf("--release", "99", "--since", "1h"), []);
    assert.deepEqual(await linesOf("--since", "2h", "--until", "1h"), []);
  });

  it("the Pods that run are read as ever, and with those that are gone", async () => {
    const [running = ""] = await podNames();
    assert.match(await platform.say("logs", "--pod", running, ...APP), new RegExp(GREETING));
    await eventually(async () => {
      const all = await linesOf("--since", "1h", "--grep", GREETING);
      const pods = all.map((line) => line.pod);
      for (const pod of [...gone, ...(await podNames())])
        assert.equal(pods.filter((name) => name === pod).length, 1, `${pod} of ${pods}`);
    });
  });
});
