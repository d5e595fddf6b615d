import assert from "node:assert/strict";
import { it } from "node:test";
import type { BuilderInput } from "@jdos/api";
import { parseMirrors } from "@jdos/component-base";
import { StepFailure } from "../steps/run-step.ts";
import { explainFailure } from "./explain.ts";

const input: BuilderInput = {
  system: "demo",
  application: "hello",
  build: "hello-b1",
  source: {},
  registry: {
    url: "http://registry.example",
    host: "registry.example",
    mirrors: [...parseMirrors({ "quay.io": "mirror.example/quay" })],
  },
  repository: "demo/hello",
  baseImage: "registry.example/jdos/base:12",
  timeoutSeconds: 60,
};
/** What buildah 1.28 says of a registry that does not answer. */
const AWAY = (image: string) =>
  `error: creating build container: initializing source docker://${image}:latest: pinging container registry: dial tcp: lookup on 127.0.0.11:53: no such host`;

for (const [step, image, sentence, hint] of [
  [
    "FROM ghcr.io/a/b",
    "ghcr.io/a/b",
    "its registry cannot be reached",
    "can name a mirror of it in registry.mirrors",
  ],
  [
    "FROM quay.io/a/b",
    "quay.io/a/b",
    'its mirror "mirror.example/quay" cannot be reached',
    "set in registry.mirrors",
  ],
  [
    "COPY --chown=1:1 --from=ghcr.io/a/b /x /x",
    "ghcr.io/a/b",
    "its registry cannot be reached",
    "registry.mirrors",
  ],
] as const)
  it(`explainFailure() names the setting for "${step}"`, () => {
    const failure = new StepFailure("buildah failed", { lines: [AWAY(image)], exitCode: 125 });
    const {
      code,
      message,
      hint: said,
    } = explainFailure(failure, { lastStep: step, dockerfile: "Dockerfile", input });
    assert.equal(code, "BaseImageMissing");
    assert.ok(message.includes(`"${image}"`) && message.includes(sentence), message);
    assert.ok(said?.includes(hint), said);
  });

it("explainFailure() leaves a COPY from a stage that lacks the file to the step", () => {
  const lines = ["error: building at STEP: copier: stat: no such file or directory"];
  const failure = new StepFailure("buildah failed", { lines, exitCode: 125 });
  const lastStep = "COPY --from=first /x /x";
  assert.equal(
    explainFailure(failure, { lastStep, dockerfile: "Dockerfile", input }).code,
    "BuildStepFailed",
  );
});
