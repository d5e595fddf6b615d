import { DEFAULT_DATA_DIRECTORY } from "@jdos/component-base/data-directory";

/** What the environment says; the command line goes before it. */
export interface CliEnvironment {
  dataDir: string;
  /** The platform API elsewhere than on this machine. */
  url: string | undefined;
  token: string | undefined;
  system: string | undefined;
  app: string | undefined;
  instance: string | undefined;
  /** A cluster instead of this machine. */
  kubeconfig: string | undefined;
  context: string | undefined;
  noColor: boolean;
  /** Runs the machine's own programs: jdosd, git, xdg-open. */
  variables: NodeJS.ProcessEnv;
}

export function readEnvironment(env: NodeJS.ProcessEnv): CliEnvironment {
  const given = (name: string): string | undefined =>
    env[name] === undefined || env[name] === "" ? undefined : env[name];
  return {
    dataDir: given("JDOS_DATA_DIR") ?? DEFAULT_DATA_DIRECTORY,
    url: given("JDOS_URL"),
    token: given("JDOS_TOKEN"),
    system: given("JDOS_SYSTEM"),
    app: given("JDOS_APP"),
    instance: given("JDOS_INSTANCE"),
    kubeconfig: given("JDOS_KUBECONFIG"),
    context: given("JDOS_CONTEXT"),
    noColor: given("NO_COLOR") !== undefined,
    variables: env,
  };
}
