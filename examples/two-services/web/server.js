const { createServer } = require("node:http");

const port = Number(process.env.PORT);
const api = process.env.API_URL ?? "http://api";

const server = createServer(async (_request, response) => {
  try {
    const answer = await fetch(api, { signal: AbortSignal.timeout(5000) });
    const { from } = await answer.json();
    response.end(`web asked ${api}, and ${from} answered\n`);
  } catch (error) {
    response.statusCode = 502;
    response.end(`web asked ${api}: ${error.cause?.message ?? error.message}\n`);
  }
});
server.listen(port, () => console.log(`listening on port ${port}`));

process.on("SIGTERM", () => {
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});
