import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Pod } from "@jdos/api";
import { example, startPlatform, type TestPlatform } from "./support/platform.ts";
import { eventually } from "./support/process.ts";
import { Source } from "./support/sources.ts";

interface Deployed {
  image: string;
  seconds: { build: number; total: number };
}

interface Example {
  name: string;
  stack: RegExp;
  /** What is changed, and where it shows: the words of its first answer. */
  file: string;
  says: string;
  /** Programs that build it, of which none may be in the image. */
  builders?: readonly string[];
}

/** One of each stack; all is in the source or comes from Debian. */
const EXAMPLES: readonly Example[] = [
  { name: "procfile", stack: /^procfile: /, file: "server.pl", says: "Hello from a Procfile" },
  { name: "static", stack: /^static: /, file: "index.html", says: "Hello from a static site" },
  {
    name: "php",
    stack: /^php: /,
    file: "src/Greeting.php",
    says: "Hello from PHP",
    builders: ["composer", "git"],
  },
  { name: "python", stack: /^python: /, file: "server.py", says: "Hello from Python", builders: ["pip3"] },
  {
    name: "ruby",
    stack: /^ruby: /,
    file: "gems/example-greeting/lib/example_greeting.rb",
    says: "Hello from Ruby",
  },
  { name: "java", stack: /^java: /, file: "Main.java", says: "Hello from Java", builders: ["javac"] },
  {
    name: "go",
    stack: /^go: /,
    file: "vendor/example.org/greeting/greeting.go",
    says: "Hello from Go",
    builders: ["go"],
  },
];

/** All take a quarter of an hour: JDOS_E2E_STACKS names those to try, or "all". */
const WANTED = (process.env.JDOS_E2E_STACKS ?? "procfile,static,python").split(",");
const isWanted = ({ name }: { name: string }): boolean => WANTED.includes("all") || WANTED.includes(name);

const COMPILERS = ["cc", "gcc", "g++", "make"];

const NODE = {
  name: "hello",
  private: true,
  scripts: { start: "node server.js" },
  dependencies: { ms: "2.1.3" },
};
const INTEGRITY =
  "sha512-6FlzubTLZG3J2a/NVCAleEhjzq5oxgHyaCU9yYXvcLsvoVaHJq/s5xXI6/XXP6tz7R9xAOtHnSO/tXtF3WRTlA==";
const ANSWER = `require("http").createServer((_, answer) => answer.end("Hello in " + require("ms")(60000))).listen(process.env.PORT);\n`;
const nodeWith = (lockfile: string, text: string): Source =>
  new Source("hello-node")
    .delete("package-lock.json")
    .write("package.json", JSON.stringify(NODE))
    .write("server.js", ANSWER)
    .write(lockfile, text);

interface Manager {
  name: string;
  stack: RegExp;
  says: string;
  source(): Source;
  builders: readonly string[];
}

/** Other ways to come by what an application needs: pnpm, yarn and Vite from npm's registry, Maven from Debian's. */
const MANAGERS: readonly Manager[] = [
  {
    name: "pyproject",
    stack: /^python: the source has pyproject.toml/,
    says: "Hello from Python",
    source: () =>
      new Source("hello-python")
        .delete("requirements.txt")
        .write(
          "pyproject.toml",
          '[project]\nname = "hello"\nversion = "1.0"\ndependencies = ["jdos-example-greeting==1.0"]\n',
        ),
    builders: ["pip3"],
  },
  {
    name: "frontend",
    stack: /^static: the source has package.json with a build script/,
    says: "Hello from a front end",
    source: () => new Source("hello-frontend"),
    builders: [],
  },
  {
    name: "maven",
    stack: /^java: the source has pom.xml/,
    says: "Hello from Maven",
    source: () => new Source("hello-maven"),
    builders: ["javac", "mvn"],
  },
  {
    name: "pnpm",
    stack: /^node: the source has package.json with pnpm-lock.yaml/,
    says: "Hello in 1m",
    source: () =>
      nodeWith(
        "pnpm-lock.yaml",
        `lockfileVersion: '9.0'

importers:

  .:
    dependencies:
      ms:
        specifier: 2.1.3
        version: 2.1.3

packages:

  ms@2.1.3:
    resolution: {integrity: ${INTEGRITY}}

snapshots:

  ms@2.1.3: {}
`,
      ),
    builders: ["pnpm"],
  },
  {
    name: "yarn",
    stack: /^node: the source has package.json with yarn.lock/,
    says: "Hello in 1m",
    source: () =>
      nodeWith(
        "yarn.lock",
        `# yarn lockfile v1\n\n\nms@2.1.3:\n  version "2.1.3"\n  integrity ${INTEGRITY}\n`,
      ),
    builders: ["yarn"],
  },
];

describe("stacks", { concurrency: 2 }, () => {
  let platform: TestPlatform;
  before(async () => {
    platform = await startPlatform();
    // Of steps that several builds share and make at the same time, each keeps its own: one goes ahead.
    await platform.json("deploy", example("hello-procfile"), "--system", "e2e", "--app", "first");
  });
  after(() => platform?.stop());

  const deploy = (source: Source, name: string): Promise<Deployed> =>
    platform.json<Deployed>("deploy", source.path, "--system", "e2e", "--app", name);
  const answers = (name: string, text: string): Promise<void> =>
    eventually(async () => {
      const { status, body } = await platform.ask(name);
      assert.deepEqual([status, body.includes(text)], [200, true], body);
    }, 20);
  const isOfStack = async (name: string, stack: RegExp): Promise<void> => {
    const [build] = await platform.json<{ stack: string }[]>("builds", "--system", "e2e", "--app", name);
    assert.match(build?.stack ?? "", stack);
  };
  /** Not root, ready when its port is open, and nothing there that only builds. */
  const runsLean = async (name: string, builders: readonly string[] = []): Promise<void> => {
    const selector = ["--namespace", "e2e", "--selector", `app.kubernetes.io/name=${name}`];
    const pods = await platform.kubectl(["get", "pods", ...selector, "--output", "json"]);
    const [pod] = (JSON.parse(pods.stdout) as { items: Pod[] }).items;
    const container = pod?.spec?.containers[0];
    assert.equal(container?.readinessProbe?.tcpSocket?.port, 8080, JSON.stringify(container));
    const look = `id -u; for each in ${[...COMPILERS, ...builders].join(" ")}; do command -v $each; done; true`;
    const seen = await platform.say("exec", "--system", "e2e", "--app", name, "--", "sh", "-c", look);
    assert.equal(seen.trim(), "1000");
  };

  for (const { name, stack, file, says, builders } of EXAMPLES.filter(isWanted)) {
    it(`${name}: built, built again from what is kept, and with one file changed`, async (context) => {
      const source = new Source(`hello-${name}`);
      try {
        const cold = await deploy(source, name);
        await answers(name, says);
        await isOfStack(name, stack);
        await runsLean(name, builders);
        const cached = await deploy(source, name);
        assert.equal(cached.image, cold.image);
        source.replace(file, says, "Hello again");
        const changed = await deploy(source, name);
        assert.notEqual(changed.image, cold.image);
        await answers(name, "Hello again");
        const seconds = [cold, cached, changed].map((each) => each.seconds.build.toFixed(1));
        context.diagnostic(`build seconds cold, cached, one file changed: ${seconds.join(", ")}`);
      } finally {
        source.remove();
      }
    });
  }

  for (const { name, stack, says, builders, source: make } of MANAGERS.filter(isWanted)) {
    it(`${name}: what it needs is there, and what builds it is not`, async () => {
      const source = make();
      try {
        await deploy(source, name);
        await answers(name, says);
        await isOfStack(name, stack);
        await runsLean(name, builders);
      } finally {
        source.remove();
      }
    });
  }
});
