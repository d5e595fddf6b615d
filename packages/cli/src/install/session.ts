import { isStatus, type StatusError } from "@jdos/apimachinery";
import { type Client, createHttpClient } from "@jdos/client";
import { clusterFailure } from "../cluster/failures.ts";
import { loadCluster } from "../cluster/load-cluster.ts";
import type { CommandContext } from "../command.ts";
import { CliError, usage } from "../errors.ts";
import { createStageView, NAME_WIDTH, type StageView } from "../output/stages.ts";
import { checkVersion } from "./preflight/version.ts";
import { createStageRunner, type StageRunner } from "./stage-runner.ts";

export interface ClusterSession {
  client: Client;
  /** "https://10.0.0.1:6443" */
  server: string;
  /** "v1.20.2" */
  kubernetes: string;
  run: StageRunner;
}

/** Opens the cluster a command is about, and says in words why it cannot be worked with. */
export async function withCluster<T>(
  context: CommandContext,
  work: (session: ClusterSession) => Promise<T>,
): Promise<T> {
  if (context.cluster === undefined)
    throw usage(
      "Cannot tell which cluster is meant: --kubeconfig is missing",
      "Give --kubeconfig FILE or --context NAME",
    );
  const config = await loadCluster(context.cluster, context.environment.variables);
  const client = createHttpClient({ ...config, userAgent: "jdos-install" });
  const view: StageView = await createStageView(context, NAME_WIDTH.parts);
  try {
    const { server } = config;
    const kubernetes = await checkVersion({ client, server, signal: context.signal });
    return await work({ client, server, kubernetes, run: createStageRunner(view) });
  } catch (error) {
    throw explained(error, { server: config.server, interrupted: context.signal.aborted });
  } finally {
    await view.close();
    await client.close();
  }
}

function explained(
  error: unknown,
  { server, interrupted }: { server: string; interrupted: boolean },
): unknown {
  if (interrupted)
    return new CliError("Interrupted", "The command was broken off", {
      hint: "Repeat it: it goes on from what is there",
      exitCode: 130,
      cause: error,
    });
  if (error instanceof CliError) return error;
  return clusterFailure(server, error) ?? (isStatus(error) ? refusalOf(error) : error);
}

function refusalOf(error: StatusError): CliError {
  if (error.reason !== "Forbidden")
    return new CliError(error.reason, `Cannot go on: ${error.message}`, {
      hint: "Repeat the command: it goes on from what is there",
      cause: error,
    });
  return new CliError("MissingRights", `Cannot go on: ${error.message}`, {
    hint: "Use the kubeconfig of an administrator of the cluster",
    cause: error,
  });
}
