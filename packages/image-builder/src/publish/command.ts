import type { Environment } from "@jdos/component-base";
import { readPublishOptions } from "./options.ts";
import { publishPlatform } from "./publish.ts";

/** `publish-platform`: prints {images: {base, tools, platform}}, and progress as JSON lines on standard error. */
export async function publish(args: readonly string[], env: Environment): Promise<void> {
  const options = readPublishOptions(args, env);
  const began = performance.now();
  const stage = `publish to ${options.registry.host}`;
  const tell = (state: string, message?: string): void => {
    const seconds = Math.round((performance.now() - began) / 100) / 10;
    process.stderr.write(`${JSON.stringify({ stage, state, seconds, message })}\n`);
  };
  tell("started");
  const images = await publishPlatform(options, (message) => tell("running", message));
  tell("succeeded");
  process.stdout.write(`${JSON.stringify({ images }, null, 2)}\n`);
}
