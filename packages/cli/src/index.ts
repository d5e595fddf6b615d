/**
 * The `jdos` command: commands are data (commands.ts), their code is loaded when they run, what they return is
 * printed in one place (output/print.ts). It speaks the platform API; only up, down, status, kubeconfig and doctor
 * act on the machine.
 * @module
 */
export type { CommandContext, CommandModule, CommandSpec, Input } from "./command.ts";
export { COMMANDS } from "./commands.ts";
export { CliError } from "./errors.ts";
export { type BaseContext, runProgram, toCliError } from "./program.ts";
export { type StartOptions, start } from "./start.ts";
