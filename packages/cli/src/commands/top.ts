import type { ApplicationUsage, ApplicationUsageDetail, ListOf, PodUsage } from "@jdos/api/platform-api";
import type { CommandContext, Input } from "../command.ts";
import { usage } from "../errors.ts";
import { byteSize, cores, latency, perSecond, share } from "../output/measures.ts";
import { formatTable, type Table, tableOf } from "../output/table.ts";

type Result = ApplicationUsage[] | ApplicationUsageDetail;

/** Of all applications that the person may see, of those of a system, or of one and its Pods. */
export async function run(input: Input, context: CommandContext): Promise<Result> {
  const app = text(input.options.app);
  const system = text(input.options.system) ?? (app === undefined ? undefined : context.environment.system);
  if (app !== undefined && system === undefined)
    throw usage(
      "Cannot tell which application is meant: --system is missing",
      "Give --system NAME with --app",
    );
  const client = await context.platform();
  if (app !== undefined)
    return client.call<ApplicationUsageDetail>("GET", "usage", { params: { system: system ?? "", app } });
  const answer =
    system === undefined
      ? await client.call<ListOf<ApplicationUsage>>("GET", "allUsage")
      : await client.call<ListOf<ApplicationUsage>>("GET", "systemUsage", { params: { system } });
  return answer.items;
}

function text(value: Input["options"][string]): string | undefined {
  return typeof value === "string" ? value : undefined;
}

const APPLICATIONS = [
  ["SYSTEM", ({ system }: ApplicationUsage) => system],
  ["APPLICATION", ({ application }: ApplicationUsage) => application],
  ["PODS", ({ pods, readyPods }: ApplicationUsage) => `${readyPods}/${pods}`],
  ["CPU", ({ cpuCores }: ApplicationUsage) => cores(cpuCores)],
  ["MEMORY", ({ memoryBytes }: ApplicationUsage) => byteSize(memoryBytes)],
  ["REQUESTS", ({ requestsPerSecond }: ApplicationUsage) => perSecond(requestsPerSecond)],
  ["ERRORS", ({ errorShare }: ApplicationUsage) => share(errorShare)],
  ["P50", ({ p50Seconds }: ApplicationUsage) => latency(p50Seconds)],
  ["P99", ({ p99Seconds }: ApplicationUsage) => latency(p99Seconds)],
] as const;

const PODS = [
  ["POD", ({ pod }: PodUsage) => pod],
  ["READY", ({ ready }: PodUsage) => (ready ? "yes" : "no")],
  ["CPU", ({ cpuCores }: PodUsage) => cores(cpuCores)],
  ["MEMORY", ({ memoryBytes }: PodUsage) => byteSize(memoryBytes)],
  ["RECEIVED", ({ receivedBytesPerSecond }: PodUsage) => rate(receivedBytesPerSecond)],
  ["SENT", ({ sentBytesPerSecond }: PodUsage) => rate(sentBytesPerSecond)],
] as const;

function rate(bytes: number | undefined): string | undefined {
  const size = byteSize(bytes);
  return size === undefined ? undefined : `${size}/s`;
}

/** What nobody has measured yet is a dash. */
export function present(result: Result): Table | string {
  if (Array.isArray(result)) return tableOf(result, APPLICATIONS, "There is no application yet.");
  const { items, ...application } = result;
  const pods = formatTable(tableOf(items, PODS, "There is no Pod. See why: jdos why"));
  return `${formatTable(tableOf([application], APPLICATIONS))}\n\n${pods}`;
}
