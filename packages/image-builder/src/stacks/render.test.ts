import assert from "node:assert/strict";
import { test } from "node:test";
import { renderDockerfile, runConfig } from "./render.ts";

test("renderDockerfile() puts what changes seldom first, and keeps compilers out of the image", () => {
  const text = renderDockerfile(
    {
      runtime: ["python3"],
      build: {
        packages: ["python3-pip"],
        dependencies: {
          files: ["requirements.txt", "wheels"],
          run: "pip install",
          caches: ["/root/.cache/pip"],
        },
        outputs: [{ from: "/opt/venv", to: "/opt/venv" }],
      },
      own: "all",
      env: { GREETING: 'a "word"' },
      files: { "/etc/own.conf": "x" },
      command: ["python3", "app.py"],
      notes: [],
    },
    { base: "base:1", isFolder: (name) => name === "wheels", extraPackages: ["curl"] },
  );
  const [runtime = "", build = "", image = ""] = text.split("\n\n");
  assert.match(runtime, /^FROM base:1 AS runtime\nWORKDIR \/app\nRUN .*install curl python3 /);
  assert.deepEqual(build.split("\n").slice(2), [
    'COPY --chown=1000:1000 ["requirements.txt","./"]',
    'COPY --chown=1000:1000 ["wheels","./wheels/"]',
    "RUN --mount=type=cache,target=/root/.cache/pip pip install",
  ]);
  assert.deepEqual(image.trim().split("\n"), [
    "FROM runtime",
    `COPY --from=jdos-stack --chown=1000:1000 ["etc/own.conf","/etc/own.conf"]`,
    'COPY --from=build --chown=1000:1000 ["/opt/venv","/opt/venv"]',
    'COPY --chown=1000:1000 [".","."]',
  ]);
});

test("renderDockerfile() puts what was compiled over the source that it came from", () => {
  const text = renderDockerfile(
    {
      runtime: [],
      build: { packages: [], compile: { run: "make" }, outputs: [{ from: "/out", to: "/app/bin" }] },
      own: ["public"],
      command: ["/app/bin/x"],
      notes: [],
    },
    { base: "base:1", isFolder: () => true },
  );
  assert.match(
    text,
    /^FROM base:1 AS runtime\nWORKDIR \/app\nRUN chown 1000:1000 \/app\n\nFROM runtime AS build\nCOPY \. \.\nRUN make\n/,
  );
  assert.match(text, /\["public","\.\/public\/"\]\nCOPY --from=build .*\["\/out","\/app\/bin"\]/);
});

test("runConfig() says as whom, where, at which port and with what an application runs", () => {
  const env = { GREETING: 'a "word"', PORT: "9000" };
  assert.deepEqual(runConfig({ runtime: [], own: "all", env, command: ["./app"], notes: [] }), {
    Env: ["PORT=9000", "HOME=/app", 'GREETING=a "word"'],
    WorkingDir: "/app",
    ExposedPorts: { "8080/tcp": {} },
    User: "1000:1000",
    Cmd: ["./app"],
  });
});
