import { startTestServer } from "./start-test-server.ts";

/** A program: serves a data directory until it is killed, and says where on its first line. For tests of what survives. */
const server = await startTestServer({ https: true, dataDir: process.argv[2]! });
const pair = await server.certificateFor({ name: "admin", groups: ["system:masters"] });
process.stdout.write(`${JSON.stringify({ url: server.url, ca: server.caPem, ...pair })}\n`);
