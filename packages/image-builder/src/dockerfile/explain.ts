import type { BuilderInput } from "@jdos/api/builder";
import { mirroredImage, parseImageName } from "@jdos/component-base/registry";
import { ImageBuilderError } from "../errors.ts";
import type { StepFailure } from "../steps/run-step.ts";

export interface Facts {
  /** The text of the last step that began. */
  lastStep: string | undefined;
  dockerfile: string;
  input: BuilderInput;
}

/** What buildah's end means to the person who wrote the Dockerfile. */
export function explainFailure(
  failure: StepFailure,
  { lastStep, dockerfile, input }: Facts,
): ImageBuilderError {
  const text = failure.lines.join("\n");
  const cause = failure;
  const from = imageNamedBy(lastStep ?? "", text);
  if (from !== undefined || lastStep === undefined) {
    const image =
      from ?? /(?:docker:\/\/|pulling image |source image )"?([^\s":]+(?::[\w.-]+)?)/.exec(text)?.[1];
    if (
      image !== undefined &&
      /pull|initializing source|registry|manifest|resolv|dial|lookup|denied|unauthorized|image not known|copying/i.test(
        text,
      )
    )
      return missing(image, { cause, text, input });
    if (lastStep === undefined) {
      return new ImageBuilderError(
        "DockerfileInvalid",
        `Cannot read "${dockerfile}": ${lastError(failure)}`,
        { cause, hint: "Correct the Dockerfile" },
      );
    }
  }
  if (failure.killedBy === "SIGKILL" || /signal: killed|exit status 137/.test(text)) {
    return new ImageBuilderError(
      "OutOfMemory",
      `Cannot finish step "${short(lastStep)}": it was killed, most likely because it used more memory than a build has`,
      { cause },
    );
  }
  const exit = /exit status (\d+)/.exec(text)?.[1];
  const why = exit === undefined ? lastError(failure) : `exit code ${exit}`;
  return new ImageBuilderError(
    "BuildStepFailed",
    `Cannot finish step "${short(lastStep)}" of "${dockerfile}": ${why}`,
    { cause },
  );
}

/** The image of a FROM, or of a COPY when it could not be had. */
function imageNamedBy(step: string, text: string): string | undefined {
  const from = /^FROM\s+(?:--\S+\s+)*(\S+)/i.exec(step)?.[1];
  if (from !== undefined || !/initializing source docker:|pinging container registry/.test(text)) return from;
  return /^COPY\s+(?:--\S+\s+)*?--from=(\S+)/i.exec(step)?.[1];
}

function missing(
  image: string,
  { cause, text, input }: { cause: StepFailure; text: string; input: BuilderInput },
): ImageBuilderError {
  const known = input.platformImages ?? [input.baseImage];
  const name = parseImageName(image);
  const mirrored = name && mirroredImage(name, input.registry.mirrors ?? []);
  const registry = mirrored === undefined ? "registry" : `mirror "${mirrored.mirror.location}"`;
  const [why, isAway] = /manifest unknown|not found|name unknown/i.test(text)
    ? [mirrored === undefined ? "no registry has it" : `the ${registry} does not have it`, false]
    : /denied|unauthorized|forbidden/i.test(text)
      ? [`the ${registry} does not give it out`, false]
      : [`its ${registry} cannot be reached`, true];
  const platform = `Images of the platform: ${known.join(", ")}`;
  const setting =
    mirrored === undefined ? "an administrator can name a mirror of it in" : "mirrors are set in";
  const hint =
    isAway || mirrored !== undefined ? `${platform}. Of others ${setting} registry.mirrors` : platform;
  return new ImageBuilderError(
    "BaseImageMissing",
    `Cannot get the image "${image}" that the Dockerfile names: ${why}`,
    { cause, hint },
  );
}

function lastError(failure: StepFailure): string {
  const line =
    failure.lines.filter((each) => /error/i.test(each)).at(-1) ?? failure.lines.at(-1) ?? failure.message;
  return line.replace(/^error:?\s*/i, "").slice(0, 300);
}

function short(step: string | undefined): string {
  const text = step ?? "of the Dockerfile";
  return text.length > 120 ? `${text.slice(0, 117)}...` : text;
}
