import type { CommandModule } from "../command.ts";

/** A module with several commands, each exported under its own name. */
export const member =
  <M extends object, K extends keyof M>(load: () => Promise<M>, name: K) =>
  async (): Promise<CommandModule> =>
    (await load())[name] as CommandModule;
