import { Command, CommanderError, Option } from "commander";
import type { CommandContext, CommandSpec, Input, OptionSpec, OutputFormat } from "./command.ts";
import { COMMANDS, GROUPS } from "./commands.ts";
import { CliError, usage } from "./errors.ts";
import { printResult } from "./output/print.ts";
import { required } from "./scope.ts";

/** Everything of a context but what the command line decides. */
export type BaseContext = Omit<CommandContext, "output" | "dataDir" | "cluster" | "platform">;

export const FORMATS = ["table", "json", "yaml"] as const;

/** Runs one command line. @throws CliError */
export async function runProgram(args: readonly string[], base: BaseContext): Promise<void> {
  const program = new Command("jdos").description(
    "From source code to running applications on Kubernetes, or on one machine.",
  );
  quiet(program, base);
  const groups = new Map<string, Command>();
  for (const spec of COMMANDS) add(program, spec, { base, groups });
  try {
    await program.parseAsync([...args], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0 || error.code === "commander.help") {
      base.exitWith(error.exitCode);
      return;
    }
    throw usage(error.message.replace(/^error: /, "Cannot read the command line: "));
  }
}

/** commander says nothing itself; help goes to standard output, errors are ours to print. */
function quiet(command: Command, { stdout }: BaseContext): Command {
  return (
    command
      .exitOverride()
      .showSuggestionAfterError(true)
      // Options behind "releases diff" are of diff, though releases has them too.
      .enablePositionalOptions()
      .configureOutput({ writeOut: (text) => void stdout.write(text), writeErr: () => {} })
      .helpCommand(false)
  );
}

interface Registry {
  base: BaseContext;
  groups: Map<string, Command>;
}

function add(program: Command, spec: CommandSpec, registry: Registry): void {
  const words = spec.name.split(" ");
  const last = words.at(-1)!;
  const parent = groupOf(program, words.slice(0, -1), registry);
  const command = quiet(parent.command(last).description(sentence(spec.description)), registry.base);
  registry.groups.set(spec.name, command);
  for (const { name, description, optional, rest } of spec.arguments ?? []) {
    const shown = rest === true ? `${name}...` : name;
    command.argument(optional === true ? `[${shown}]` : `<${shown}>`, description);
  }
  for (const option of spec.options ?? []) command.addOption(optionOf(option));
  if (spec.scope !== undefined) command.option("-s, --system <name>", "the system (default: JDOS_SYSTEM)");
  if (spec.scope === "application") command.option("-a, --app <name>", "the application (default: JDOS_APP)");
  command.addOption(
    new Option("-o, --output <format>", "table, json or yaml").choices(FORMATS).default("table"),
  );
  command.option(
    "--data-dir <directory>",
    "the platform's data directory (default: JDOS_DATA_DIR, else /var/lib/jdos)",
  );
  if (spec.machineOnly !== true) {
    command.option("--kubeconfig <file>", "a cluster instead of this machine (default: JDOS_KUBECONFIG)");
    command.option("--context <name>", "of the kubeconfig (default: JDOS_CONTEXT, else its current one)");
  }
  if (spec.examples !== undefined)
    command.addHelpText("after", `\nExamples:\n${spec.examples.map((line) => `  ${line}`).join("\n")}`);
  command.action(() => execute(spec, command, registry.base));
}

/** The command that others are under; made where none was. */
function groupOf(program: Command, words: readonly string[], { base, groups }: Registry): Command {
  const last = words.at(-1);
  if (last === undefined) return program;
  const name = words.join(" ");
  const parent = groupOf(program, words.slice(0, -1), { base, groups });
  const known =
    groups.get(name) ?? quiet(parent.command(last).description(sentence(GROUPS[name] ?? name)), base);
  groups.set(name, known);
  return known;
}

function optionOf({ flags, description, type }: OptionSpec): Option {
  const option = new Option(flags, description);
  if (type !== "integer") return option;
  return option.argParser((text: string) => {
    if (!/^-?\d+$/.test(text))
      throw usage(`Cannot read ${flags.split(" ")[0]}: "${text}" is not a whole number`);
    return Number(text);
  });
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

async function execute(spec: CommandSpec, command: Command, base: BaseContext): Promise<void> {
  const options = command.opts<Record<string, string | number | boolean | undefined>>();
  const context = contextOf(base, options);
  const scoped = (name: string, value: Parameters<typeof required>[1]): string =>
    spec.scopeInSource === true && value === undefined ? "" : required(name, value);
  const input: Input = {
    arguments: command.args,
    options,
    system: spec.scope === undefined ? "" : scoped("system", options.system ?? base.environment.system),
    app: spec.scope === "application" ? scoped("app", options.app ?? base.environment.app) : "",
  };
  const module = await spec.load();
  await printResult(await module.run(input, context), module, context);
}

function contextOf(
  base: BaseContext,
  options: Record<string, string | number | boolean | undefined>,
): CommandContext {
  const dataDir = typeof options.dataDir === "string" ? options.dataDir : base.environment.dataDir;
  const cluster = clusterOf(base, options);
  let platform: ReturnType<CommandContext["platform"]> | undefined;
  const connect = async () => {
    const { PlatformClient } = await import("./platform/platform-client.ts");
    if (cluster !== undefined) {
      const { findClusterConnection } = await import("./cluster/connection.ts");
      return new PlatformClient(await findClusterConnection(cluster, base.environment));
    }
    const { findConnection } = await import("./platform/connection.ts");
    return new PlatformClient(await findConnection(base.environment, dataDir));
  };
  return {
    ...base,
    dataDir,
    cluster,
    output: options.output as OutputFormat,
    platform: () => {
      platform ??= connect();
      return platform;
    },
  };
}

/** A kubeconfig or a context that is named means a cluster. */
function clusterOf(
  { environment }: BaseContext,
  options: Record<string, string | number | boolean | undefined>,
): CommandContext["cluster"] {
  const text = (value: unknown): string | undefined =>
    typeof value === "string" && value !== "" ? value : undefined;
  const kubeconfig = text(options.kubeconfig) ?? environment.kubeconfig;
  const context = text(options.context) ?? environment.context;
  return kubeconfig === undefined && context === undefined ? undefined : { kubeconfig, context };
}

/** Anything thrown as what is printed; what nobody expected keeps its stack for JDOS_DEBUG. */
export function toCliError(error: unknown): CliError {
  if (error instanceof CliError) return error;
  const { code, hint, message, path } = (error ?? {}) as {
    code?: unknown;
    hint?: unknown;
    message?: string;
    path?: unknown;
  };
  if (code === "EACCES" && typeof path === "string") {
    return new CliError("Forbidden", `Cannot open "${path}": this user may not`, {
      hint: "Run the command as root, or give a token in JDOS_TOKEN and the address in JDOS_URL",
      cause: error,
    });
  }
  return new CliError(typeof code === "string" ? code : "InternalError", message ?? String(error), {
    hint: typeof hint === "string" ? hint : undefined,
    cause: error,
  });
}
