import {
  type FreezeView,
  type FreezeWindow,
  type ListOf,
  type NoticeView,
  PLATFORM_ROUTES,
  type System,
  type SystemNotice,
  type SystemSpec,
  Systems,
} from "@jdos/api";
import { freezeAt, freezeFault } from "@jdos/api/freeze";
import { deepCopy } from "@jdos/apimachinery";
import type { Client, Stored } from "@jdos/client";
import type { FastifyInstance } from "fastify";
import { PlatformError } from "../errors.ts";
import { sessionOf } from "./context.ts";
import { FREEZE, FREEZE_PARAMS, NOTICE, NOTICE_PARAMS, SYSTEM_PARAMS } from "./schemas.ts";
import { requireSystem } from "./systems.ts";
import { retryOnConflict } from "./write.ts";

type Params = { system: string };

/** Freeze windows and notices of a system. Whoever may change the System may change them. */
export function systemSettingsRoutes(server: FastifyInstance): void {
  freezeRoutes(server);
  noticeRoutes(server);
}

function freezeRoutes(server: FastifyInstance): void {
  server.get<{ Params: Params }>(
    PLATFORM_ROUTES.freezes,
    { schema: { params: SYSTEM_PARAMS } },
    async (request): Promise<ListOf<FreezeView>> => {
      const { spec } = await read(sessionOf(request).client, request.params.system);
      return {
        items: (spec.freezeWindows ?? []).map((window) => freezeView(deepCopy(window) as FreezeWindow)),
      };
    },
  );

  server.post<{ Params: Params; Body: FreezeWindow }>(
    PLATFORM_ROUTES.freezes,
    { schema: { params: SYSTEM_PARAMS, body: FREEZE } },
    async (request, reply): Promise<FreezeView> => {
      const fault = freezeFault(request.body);
      if (fault !== undefined)
        throw new PlatformError("Invalid", `Cannot add freeze window "${request.body.name}": ${fault}`, {
          hint: "Give --from and --to, or --days and --hours with --time-zone",
        });
      await change(sessionOf(request).client, request.params.system, (spec) => ({
        ...spec,
        freezeWindows: added(spec.freezeWindows, request.body, "freeze window"),
      }));
      reply.code(201);
      return freezeView(request.body);
    },
  );

  server.delete<{ Params: Params & { freeze: string } }>(
    PLATFORM_ROUTES.freeze,
    { schema: { params: FREEZE_PARAMS } },
    async (request, reply): Promise<FreezeView> => {
      const { system, freeze: name } = request.params;
      const { freezeWindows = [] } = (await read(sessionOf(request).client, system)).spec;
      const gone = requireNamed(freezeWindows, { name, what: "freeze window", system });
      await change(sessionOf(request).client, system, (spec) => ({
        ...spec,
        freezeWindows: (spec.freezeWindows ?? []).filter((each) => each.name !== name),
      }));
      reply.code(202);
      return freezeView(deepCopy(gone) as FreezeWindow);
    },
  );
}

function noticeRoutes(server: FastifyInstance): void {
  server.get<{ Params: Params }>(
    PLATFORM_ROUTES.notices,
    { schema: { params: SYSTEM_PARAMS } },
    async (request): Promise<ListOf<NoticeView>> => {
      const system = await read(sessionOf(request).client, request.params.system);
      return {
        items: (system.spec.notices ?? []).map((each) => noticeView(deepCopy(each) as SystemNotice, system)),
      };
    },
  );

  server.post<{ Params: Params; Body: SystemNotice }>(
    PLATFORM_ROUTES.notices,
    { schema: { params: SYSTEM_PARAMS, body: NOTICE } },
    async (request, reply): Promise<NoticeView> => {
      const { name, url, urlSecret } = request.body;
      if ((url === undefined) === (urlSecret === undefined))
        throw new PlatformError(
          "Invalid",
          `Cannot add notice "${name}": it needs either an address or a Secret with one`,
          {
            hint: "Give --url URL or --url-secret NAME/KEY",
          },
        );
      const system = await change(sessionOf(request).client, request.params.system, (spec) => ({
        ...spec,
        notices: added(spec.notices, request.body, "notice"),
      }));
      reply.code(201);
      return noticeView(request.body, system);
    },
  );

  server.delete<{ Params: Params & { notice: string } }>(
    PLATFORM_ROUTES.notice,
    { schema: { params: NOTICE_PARAMS } },
    async (request, reply): Promise<NoticeView> => {
      const { system, notice: name } = request.params;
      const before = await read(sessionOf(request).client, system);
      const gone = requireNamed(before.spec.notices ?? [], { name, what: "notice", system });
      await change(sessionOf(request).client, system, (spec) => ({
        ...spec,
        notices: (spec.notices ?? []).filter((each) => each.name !== name),
      }));
      reply.code(202);
      return noticeView(deepCopy(gone) as SystemNotice, before);
    },
  );
}

async function read(client: Client, name: string): Promise<Stored<System>> {
  await requireSystem(client, name);
  return client.get(Systems, { name });
}

async function change(
  client: Client,
  name: string,
  changed: (spec: SystemSpec) => SystemSpec,
): Promise<Stored<System>> {
  return retryOnConflict(async () => {
    const system = deepCopy(await read(client, name)) as System;
    return client.update(Systems, { ...system, spec: changed(system.spec) });
  });
}

function added<T extends { name: string }>(list: T[] = [], one: T, what: string): T[] {
  if (list.some(({ name }) => name === one.name))
    throw new PlatformError("Invalid", `Cannot add ${what} "${one.name}": there is one of this name`, {
      hint: "Choose another name, or delete it first",
      field: "name",
    });
  return [...list, one];
}

function requireNamed<T extends { readonly name: string }>(
  list: readonly T[],
  { name, what, system }: { name: string; what: string; system: string },
): T {
  const found = list.find((each) => each.name === name);
  if (found !== undefined) return found;
  throw new PlatformError("NotFound", `Cannot find ${what} "${name}" of system "${system}"`, {
    hint: `See what there is: jdos system ${what === "notice" ? "notices" : "freeze"} list --system ${system}`,
  });
}

function freezeView(window: FreezeWindow): FreezeView {
  const freeze = freezeAt([window], new Date());
  return { ...window, ...(freeze === undefined ? {} : { until: freeze.until.toISOString() }) };
}

/** What stands behind the host is often a secret: Slack's addresses are. */
function noticeView({ url, ...notice }: SystemNotice, { status }: Stored<System>): NoticeView {
  const address = url === undefined ? undefined : (URL.parse(url)?.origin ?? "");
  const found = status?.notices?.find(({ name }) => name === notice.name);
  const { name: _, ...how } = found ?? { name: "" };
  return {
    ...notice,
    ...(address === undefined ? {} : { address }),
    ...(found === undefined ? {} : { status: how as NonNullable<NoticeView["status"]> }),
  };
}
