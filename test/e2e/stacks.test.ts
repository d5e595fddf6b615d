import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { startPlatform, type TestPlatform } from "./support/platform.ts";
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
}

/** One of each stack; all is in the source or comes from Debian. */
const EXAMPLES: readonly Example[] = [
  { name: "procfile", stack: /^procfile: /, file: "server.pl", says: "Hello from a Procfile" },
  { name: "static", stack: /^static: /, file: "index.html", says: "Hello from a static site" },
  { name: "php", stack: /^php: /, file: "src/Greeting.php", says: "Hello from PHP" },
  { name: "python", stack: /^python: /, file: "server.py", says: "Hello from Python" },
  {
    name: "ruby",
    stack: /^ruby: /,
    file: "gems/example-greeting/lib/example_greeting.rb",
    says: "Hello from Ruby",
  },
  { name: "java", stack: /^java: /, file: "Main.java", says: "Hello from Java" },
  { name: "go", stack: /^go: /, file: "vendor/example.org/greeting/greeting.go", says: "Hello from Go" },
];

describe("stacks", () => {
  let platform: TestPlatform;
  before(async () => {
    platform = await startPlatform();
  });
  after(() => platform?.stop());

  for (const { name, stack, file, says } of EXAMPLES) {
    it(`${name}: built, built again from what is kept, and with one file changed`, async (context) => {
      const source = new Source(`hello-${name}`);
      const app = ["--system", "e2e", "--app", name];
      const deploy = (): Promise<Deployed> => platform.json<Deployed>("deploy", source.path, ...app);
      const answers = (text: string): Promise<void> =>
        eventually(async () => {
          const { status, body } = await platform.ask(name);
          assert.deepEqual([status, body.includes(text)], [200, true], body);
        }, 20);
      try {
        const cold = await deploy();
        await answers(says);
        const [build] = await platform.json<{ stack: string }[]>("builds", ...app);
        assert.match(build?.stack ?? "", stack);
        const cached = await deploy();
        assert.equal(cached.image, cold.image);
        source.replace(file, says, "Hello again");
        const changed = await deploy();
        assert.notEqual(changed.image, cold.image);
        await answers("Hello again");
        const seconds = [cold, cached, changed].map((each) => each.seconds.build.toFixed(1));
        context.diagnostic(`build seconds cold, cached, one file changed: ${seconds.join(", ")}`);
      } finally {
        source.remove();
      }
    });
  }
});
