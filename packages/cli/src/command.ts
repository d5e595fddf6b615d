import type { Readable, Writable } from "node:stream";
import type { ClusterChoice } from "./cluster/load-cluster.ts";
import type { CliEnvironment } from "./options.ts";
import type { Table } from "./output/table.ts";
import type { PlatformClient } from "./platform/platform-client.ts";

/** A command is data: what it is called, what it takes, and where its code lies. */
export interface CommandSpec {
  /** Words with spaces between: "system create". */
  readonly name: string;
  readonly description: string;
  readonly arguments?: readonly ArgumentSpec[];
  readonly options?: readonly OptionSpec[];
  /** Adds and requires --system, or --system and --app. */
  readonly scope?: "system" | "application";
  /** The scope may also be told by what the command reads: it is "" where the command line does not name it. */
  readonly scopeInSource?: boolean;
  /** Acts on this machine alone: takes no --kubeconfig. */
  readonly machineOnly?: boolean;
  /** Printed below the options of --help. */
  readonly examples?: readonly string[];
  /** Code is loaded when the command runs, so that --help and errors are quick. */
  load(): Promise<CommandModule>;
}

export interface ArgumentSpec {
  readonly name: string;
  readonly description: string;
  readonly optional?: boolean;
  /** Takes all that follow. */
  readonly rest?: boolean;
}

export interface OptionSpec {
  /** As commander reads it: "-f, --follow", "--replicas <n>". */
  readonly flags: string;
  readonly description: string;
  readonly type?: "string" | "integer" | "boolean";
}

export interface Input {
  readonly arguments: readonly string[];
  readonly options: Readonly<Record<string, string | number | boolean | undefined>>;
  /** "" where the command has no such scope. */
  readonly system: string;
  readonly app: string;
}

/** What a command works with; tests put their own in its place. */
export interface CommandContext {
  readonly environment: CliEnvironment;
  readonly dataDir: string;
  /** The cluster that is meant; undefined: this machine. */
  readonly cluster: ClusterChoice | undefined;
  readonly output: OutputFormat;
  readonly stdin: Readable & { isTTY?: boolean; setRawMode?(raw: boolean): unknown };
  /** Data. */
  readonly stdout: Writable & { isTTY?: boolean; columns?: number; rows?: number };
  /** Progress, errors and hints. */
  readonly stderr: Writable & { isTTY?: boolean; columns?: number };
  /** Fires at Ctrl-C. */
  readonly signal: AbortSignal;
  platform(): Promise<PlatformClient>;
  /** Ends the process with this code after the output; for a code that is not an error of ours. */
  exitWith(code: number): void;
}

export type OutputFormat = "table" | "json" | "yaml";

export interface CommandModule {
  /** Returns the data that is printed; undefined: the command wrote what there is to say. */
  run(input: Input, context: CommandContext): Promise<unknown>;
  /** The table (or text) of that data. Without it the data is a string, printed as it is. */
  present?(data: never): Table | string | Promise<string>;
}
