import type {
  CreateWebhookRequest,
  ListOf,
  RedeliverRequest,
  WebhookSecretView,
  WebhookView,
} from "@jdos/api/platform-api";
import type { CommandContext, Input } from "../command.ts";
import { usage } from "../errors.ts";
import { age, clean, type Table, tableOf } from "../output/table.ts";
import { scopeOf } from "../scope.ts";

const COLUMNS = [
  ["NAME", ({ name }: WebhookView) => name],
  ["FORGE", ({ forge }: WebhookView) => forge],
  ["STATE", ({ state }: WebhookView) => state],
  ["LAST", ({ deliveries }: WebhookView) => deliveries[0]?.outcome],
  ["DELIVERED", ({ deliveries }: WebhookView) => age(deliveries[0]?.time)],
  ["UNSIGNED", ({ unsigned }: WebhookView) => unsigned?.count ?? 0],
  ["URL", ({ url }: WebhookView) => url],
] as const;

type Delivery = WebhookView["deliveries"][number];
const DELIVERIES = [
  ["DELIVERY", ({ id }: Delivery) => id],
  ["AGE", ({ time }: Delivery) => age(time)],
  [
    "EVENT",
    ({ event, pullRequest }: Delivery) => (pullRequest === undefined ? event : `${event} ${pullRequest}`),
  ],
  ["REF", ({ ref }: Delivery) => ref],
  ["REVISION", ({ revision }: Delivery) => revision?.slice(0, 12)],
  ["BY", ({ sender }: Delivery) => sender],
  ["OUTCOME", ({ outcome }: Delivery) => outcome],
  ["BUILD", ({ build }: Delivery) => build],
  ["MESSAGE", ({ message }: Delivery) => message],
] as const;

const FORGES = ["github", "gitlab", "gitea", "generic"] as const;

export const list = {
  async run(input: Input, context: CommandContext): Promise<WebhookView[]> {
    const client = await context.platform();
    return (await client.call<ListOf<WebhookView>>("GET", "hooks", { params: scopeOf(input) })).items;
  },
  present: (hooks: WebhookView[]): Table =>
    tableOf(hooks, COLUMNS, "There is no webhook yet. Create one: jdos hooks create --forge github"),
};

export const create = {
  async run(input: Input, context: CommandContext): Promise<WebhookSecretView> {
    const { forge, name } = input.options;
    if (!FORGES.includes(forge as never))
      throw usage(`Cannot create a webhook: --forge is one of ${FORGES.join(", ")}`);
    const triggers = triggersOf(input);
    const body: CreateWebhookRequest = {
      forge: forge as CreateWebhookRequest["forge"],
      ...(typeof name === "string" ? { name } : {}),
      ...(triggers === undefined ? {} : { triggers }),
    };
    return (await context.platform()).call("POST", "hooks", { params: scopeOf(input), body });
  },
  present: settings,
};

function triggersOf({ options }: Input): CreateWebhookRequest["triggers"] {
  const words = (value: unknown): string[] | undefined =>
    typeof value === "string"
      ? value
          .split(",")
          .map((word) => word.trim())
          .filter((word) => word !== "")
      : undefined;
  const branches = words(options.branches);
  const tags = words(options.tags);
  const forks = options.forks === true;
  const previews = options.previews === true || forks;
  if (branches === undefined && tags === undefined && !previews) return undefined;
  return {
    ...(branches === undefined ? {} : { branches }),
    ...(tags === undefined ? {} : { tags }),
    ...(previews ? { previews: forks ? { forks } : {} } : {}),
  };
}

/** Names the webhook; without a name the application's. */
function hookParams(input: Input, name: unknown = input.arguments[0]): Record<string, string> {
  return { ...scopeOf(input), hook: typeof name === "string" ? name : input.app };
}

export const rotate = {
  async run(input: Input, context: CommandContext): Promise<WebhookSecretView> {
    return (await context.platform()).call("POST", "rotateHook", { params: hookParams(input) });
  },
  present: settings,
};

/** What to enter where, in the forge's own words. */
function settings(hook: WebhookSecretView): string {
  const { forge, url, secret, signingToken, contentType, events } = hook;
  const lines = {
    github: [
      "In the repository: Settings, Webhooks, Add webhook",
      `Payload URL   ${url}`,
      `Content type  ${contentType}`,
      `Secret        ${secret}`,
      `Events        Let me select individual events: ${events.join(", ")}`,
    ],
    gitlab: [
      "In the project: Settings, Webhooks, Add new webhook",
      `URL           ${url}`,
      `Secret token  ${secret}`,
      `Signing token ${signingToken} (in place of the secret token, where GitLab offers it)`,
      `Trigger       ${events.join(", ")}`,
    ],
    gitea: [
      "In the repository: Settings, Webhooks, Add webhook, Gitea or Forgejo",
      `Target URL    ${url}`,
      "HTTP method   POST",
      `Content type  ${contentType}`,
      `Secret        ${secret}`,
      `Trigger on    Custom events: ${events.join(", ")}`,
    ],
    generic: [
      `POST          ${url}`,
      `Content type  ${contentType}`,
      `Secret        ${secret} (as a Standard Webhooks secret: ${signingToken})`,
      "Signed as docs/webhooks.md says",
    ],
  }[forge];
  const once = "The secret is not shown again; jdos hooks rotate makes another.";
  return [...lines, once].map(clean).join("\n");
}

export const deliveries = {
  async run(input: Input, context: CommandContext): Promise<Delivery[]> {
    const client = await context.platform();
    return (await client.call<WebhookView>("GET", "hook", { params: hookParams(input) })).deliveries;
  },
  present: (items: Delivery[]): Table =>
    tableOf(items, DELIVERIES, "Nothing was delivered yet, or nothing with the right signature"),
};

export const redeliver = {
  async run(input: Input, context: CommandContext): Promise<WebhookView> {
    const body: RedeliverRequest = { delivery: input.arguments[0] ?? "" };
    const params = hookParams(input, input.options.hook ?? input.app);
    return (await context.platform()).call("POST", "redeliver", { params, body });
  },
  present: ({ name }: WebhookView): string =>
    `It is handled again. See what comes of it: jdos hooks deliveries ${name}`,
};

export const remove = {
  async run(input: Input, context: CommandContext): Promise<WebhookView> {
    return (await context.platform()).call("DELETE", "hook", { params: hookParams(input) });
  },
  present: ({ name }: WebhookView): string => `Webhook ${name} is deleted: delete it in the forge too`,
};
