import { parseArgs } from "node:util";
import { ImageBuilderError } from "./errors.ts";

export interface BuilderOptions {
  /** coordinate and steps are the two containers of a build's Pod; local is both on this machine. */
  role: "coordinate" | "steps" | "local";
  /** The BuilderInput. Defaults to /etc/jdos/build/input.json. */
  inputFile: string;
  /** A docker configuration with the registry's credential. Defaults to /etc/jdos/registry/.dockerconfigjson. */
  credentialFile: string;
  /** The Secret of a private repository. Defaults to /etc/jdos/git. */
  gitCredential: string;
  /** The ConfigMap build-environment. Defaults to /etc/jdos/environment. */
  environment: string;
  /** Shared by the two sides. Defaults to /exchange. */
  exchange: string;
  /** Where the steps work. Defaults to /work/build. */
  work: string;
  /** Kept between the builds of a system; it may not be there. Defaults to /cache. */
  cache: string;
  /** Where the secrets of the build are mounted. Defaults to /etc/jdos/secrets. */
  secrets: string;
  /** Where the result goes. Defaults to /dev/termination-log. */
  resultFile: string;
}

const ROLES = ["coordinate", "steps", "local"] as const;

/** Reads the command line. */
export function readOptions(argv: readonly string[]): BuilderOptions {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      input: { type: "string", default: "/etc/jdos/build/input.json" },
      credential: { type: "string", default: "/etc/jdos/registry/.dockerconfigjson" },
      "git-credential": { type: "string", default: "/etc/jdos/git" },
      environment: { type: "string", default: "/etc/jdos/environment" },
      exchange: { type: "string", default: "/exchange" },
      work: { type: "string", default: "/work/build" },
      cache: { type: "string", default: "/cache" },
      secrets: { type: "string", default: "/etc/jdos/secrets" },
      result: { type: "string", default: "/dev/termination-log" },
    },
  });
  const role = ROLES.find((each) => each === positionals[0]);
  if (role === undefined)
    throw new ImageBuilderError(
      "InvalidInput",
      `Cannot start the builder: "${positionals[0] ?? ""}" is not one of ${ROLES.join(", ")}`,
    );
  return {
    role,
    inputFile: values.input,
    credentialFile: values.credential,
    gitCredential: values["git-credential"],
    environment: values.environment,
    exchange: values.exchange,
    work: values.work,
    cache: values.cache,
    secrets: values.secrets,
    resultFile: values.result,
  };
}
