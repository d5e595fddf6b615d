import { request } from "node:http";

/** The body of one answer on loopback, by host name. */
export function ask(port: number, host: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const call = request(
      { host: "127.0.0.1", port, headers: { host }, agent: false, timeout: 2000 },
      (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (part: string) => {
          text += part;
        });
        response.on("end", () => resolve(text));
      },
    );
    call.on("timeout", () => call.destroy());
    call.on("error", reject);
    call.end();
  });
}
