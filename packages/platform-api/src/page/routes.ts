import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Login } from "../login/login.ts";
import type { RouteNames } from "../options.ts";
import { visibleApplications, visibleSystems } from "../routes/visible.ts";
import { applicationView } from "../views/application-view.ts";
import { systemView } from "../views/system-view.ts";
import { renderPage } from "./page.ts";
import { issueSession, personOfSession } from "./session.ts";

export interface PageOptions {
  login: Login;
  version: string;
  routes: RouteNames;
  /** Told of each wrong token. @throws PlatformError TooManyRequests */
  refused(): void;
}

const COOKIE = "jdos-page";
const COOKIE_ATTRIBUTES = "Path=/; HttpOnly; SameSite=Strict";
const SECURITY_HEADERS = {
  "content-security-policy":
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cache-control": "no-store",
};

/** The page at `/`: its cookie opens this page alone; the API takes bearer tokens only. */
export function pageRoutes(server: FastifyInstance, options: PageOptions): void {
  const { login, version, routes } = options;
  server.addContentTypeParser(
    "application/x-www-form-urlencoded",
    { parseAs: "string", bodyLimit: 4096 },
    (_request, body, done) => done(null, Object.fromEntries(new URLSearchParams(String(body)))),
  );

  server.get("/", async (request, reply) => {
    const person = personOfSession(cookieOf(request), login.users);
    if (person === undefined) return html(reply, renderPage({ version, systems: [], applications: [] }));
    const client = login.clientFor(person);
    const [systems, applications] = await Promise.all([visibleSystems(client), visibleApplications(client)]);
    const views = applications.map((application) => applicationView(application, { routes }));
    const ofSystem = (name: string): number => views.filter(({ system }) => system === name).length;
    return html(
      reply,
      renderPage({
        version,
        person: person.name,
        systems: systems.map((system) => systemView(system, ofSystem(system.metadata.name))),
        applications: views,
      }),
    );
  });

  server.post<{ Body: { token?: string } }>("/login", async (request, reply) => {
    const user = login.userOf(request.body?.token?.trim() ?? "");
    if (user === undefined) {
      options.refused();
      return html(
        reply.code(401),
        renderPage({ version, systems: [], applications: [], message: "This token is not valid" }),
      );
    }
    return reply
      .header("set-cookie", `${COOKIE}=${issueSession(user)}; ${COOKIE_ATTRIBUTES}`)
      .redirect("/", 303);
  });

  server.post("/logout", async (_request, reply) =>
    reply.header("set-cookie", `${COOKIE}=; Max-Age=0; ${COOKIE_ATTRIBUTES}`).redirect("/", 303),
  );
}

function html(reply: FastifyReply, text: string): FastifyReply {
  return reply.headers(SECURITY_HEADERS).type("text/html; charset=utf-8").send(text);
}

function cookieOf({ headers }: FastifyRequest): string {
  const pairs = (headers.cookie ?? "").split(";").map((pair) => pair.trim());
  return pairs.find((pair) => pair.startsWith(`${COOKIE}=`))?.slice(COOKIE.length + 1) ?? "";
}
