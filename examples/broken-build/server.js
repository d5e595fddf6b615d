require("node:http")
  .createServer((_request, response) => response.end("this never runs\n"))
  .listen(Number(process.env.PORT));
