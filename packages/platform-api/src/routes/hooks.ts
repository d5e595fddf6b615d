import {
  type CreateWebhookRequest,
  type ListOf,
  PLATFORM_ROUTES,
  REDELIVER_ANNOTATION,
  type RedeliverRequest,
  type Webhook,
  type WebhookSecretView,
  Webhooks,
  type WebhookView,
} from "@jdos/api";
import { webhookSecret } from "@jdos/api/webhook-secret";
import { isStatus } from "@jdos/apimachinery";
import type { Client, Stored } from "@jdos/client";
import type { FastifyInstance } from "fastify";
import { PlatformError } from "../errors.ts";
import { webhookSecretView, webhookView } from "../views/webhook-view.ts";
import { type RouteContext, type Session, sessionOf } from "./context.ts";
import { type AppParams, requireApplication } from "./find-application.ts";
import { APP_PARAMS, CREATE_HOOK, HOOK_PARAMS, REDELIVER } from "./schemas.ts";
import { changeApplication, retryOnConflict } from "./write.ts";

type HookParams = AppParams & { hook: string };

export function hookRoutes(server: FastifyInstance, context: RouteContext): void {
  const view = (webhook: Stored<Webhook>): WebhookView => webhookView(webhook, context);
  const withSecret = (webhook: Stored<Webhook>): WebhookSecretView => {
    const { uid } = webhook.metadata;
    const { secretVersion } = webhook.spec;
    const secret = webhookSecret(requireKey(context), { uid, secretVersion });
    return webhookSecretView(webhook, { ...context, secret });
  };

  server.get<{ Params: AppParams }>(
    PLATFORM_ROUTES.hooks,
    { schema: { params: APP_PARAMS } },
    async (request): Promise<ListOf<WebhookView>> => {
      const { client } = sessionOf(request);
      await requireApplication(client, request.params);
      const { items } = await client.list(Webhooks, { namespace: request.params.system });
      return { items: items.filter(({ spec }) => spec.application === request.params.app).map(view) };
    },
  );

  server.post<{ Params: AppParams; Body: CreateWebhookRequest }>(
    PLATFORM_ROUTES.hooks,
    { schema: { params: APP_PARAMS, body: CREATE_HOOK } },
    async (request, reply): Promise<WebhookSecretView> => {
      requireKey(context);
      const webhook = await createHook(sessionOf(request), request.params, request.body);
      reply.code(201);
      return withSecret(webhook);
    },
  );

  server.get<{ Params: HookParams }>(
    PLATFORM_ROUTES.hook,
    { schema: { params: HOOK_PARAMS } },
    async (request) => view(await requireHook(sessionOf(request).client, request.params)),
  );

  server.delete<{ Params: HookParams }>(
    PLATFORM_ROUTES.hook,
    { schema: { params: HOOK_PARAMS } },
    async (request, reply): Promise<WebhookView> => {
      const { client } = sessionOf(request);
      const webhook = await requireHook(client, request.params);
      await client.delete(Webhooks, keyOf(request.params));
      reply.code(202);
      return view(webhook);
    },
  );

  server.post<{ Params: HookParams }>(
    PLATFORM_ROUTES.rotateHook,
    { schema: { params: HOOK_PARAMS } },
    async (request): Promise<WebhookSecretView> => {
      const { client } = sessionOf(request);
      requireKey(context);
      return withSecret(
        await retryOnConflict(async () => {
          const { metadata, spec } = await requireHook(client, request.params);
          const secretVersion = (spec.secretVersion ?? 1) + 1;
          return client.update(Webhooks, { metadata, spec: { ...spec, secretVersion } } as Webhook);
        }),
      );
    },
  );

  server.post<{ Params: HookParams; Body: RedeliverRequest }>(
    PLATFORM_ROUTES.redeliver,
    { schema: { params: HOOK_PARAMS, body: REDELIVER } },
    async (request, reply): Promise<WebhookView> => {
      const { client } = sessionOf(request);
      await requireHook(client, request.params);
      // The time makes it another request, also where the same delivery was sent again before.
      const annotation = `${request.body.delivery} ${new Date().toISOString()}`;
      const body = { metadata: { annotations: { [REDELIVER_ANNOTATION]: annotation } } };
      reply.code(202);
      return view(await client.patch(Webhooks, keyOf(request.params), { type: "merge", body }));
    },
  );
}

/** It goes when its application goes. */
async function createHook(
  session: Session,
  { system, app }: AppParams,
  { name = app, forge, triggers }: CreateWebhookRequest,
): Promise<Stored<Webhook>> {
  const { client } = session;
  const { metadata } = await requireApplication(client, { system, app });
  const webhook: Webhook = {
    apiVersion: "jdos.io/v1",
    kind: "Webhook",
    metadata: {
      namespace: system,
      name,
      ownerReferences: [{ apiVersion: "jdos.io/v1", kind: "Application", name: app, uid: metadata.uid }],
    },
    spec: { application: app, forge },
  };
  const created = await client.create(Webhooks, webhook).catch((error) => {
    if (!isStatus(error, "AlreadyExists")) throw error;
    throw new PlatformError("AlreadyExists", `Cannot create webhook "${name}": there is one of this name`, {
      hint: `Give it another name: --name NAME; or another secret: jdos hooks rotate ${name} --system ${system} --app ${app}`,
      cause: error,
    });
  });
  if (triggers !== undefined)
    await changeApplication(session, { system, app }, (spec) => ({
      ...spec,
      triggers: { ...spec.triggers, ...triggers },
    }));
  return created;
}

function keyOf({ system, hook }: HookParams): { namespace: string; name: string } {
  return { namespace: system, name: hook };
}

async function requireHook(client: Client, params: HookParams): Promise<Stored<Webhook>> {
  const { system, app, hook } = params;
  const found = await client.get(Webhooks, keyOf(params)).catch((error) => {
    if (!isStatus(error, "NotFound")) throw error;
    return undefined;
  });
  if (found !== undefined && found.spec.application === app) return found;
  await requireApplication(client, params);
  throw new PlatformError("NotFound", `Cannot find webhook "${hook}" of application "${app}"`, {
    hint: `See what there is: jdos hooks list --system ${system} --app ${app}`,
  });
}

function requireKey({ webhookMasterKey }: RouteContext): string {
  if (webhookMasterKey !== undefined) return webhookMasterKey;
  throw new PlatformError("Unavailable", "Cannot make a signing secret: this platform has no git server", {
    hint: "Install it with source.provider jdos",
  });
}
