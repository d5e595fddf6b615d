import { ConfigMaps } from "@jdos/api";
import { setting } from "@jdos/component-base";
import { runProcess } from "../process/run-process.ts";

/**
 * A program for the tests of runProcess: while it leads it creates ConfigMaps `<note>-<n>`, one every 50 ms, by its
 * leader's client; with --within it works anyway, and leads besides. Of note "busy" it asks far more at once than it
 * may ask a second.
 */
const within = process.argv.includes("--within");
await runProcess(
  {
    name: "example",
    settings: { note: setting.text("what it writes", "note") },
    election: within ? "within" : "whole",
    async start({ client, settings, log }) {
      if (settings.note === "broken")
        throw Object.assign(new Error("Cannot start: it is broken"), { code: "Broken" });
      if (settings.note === "busy")
        for (let n = 0; n < 500; n++)
          void client.get(ConfigMaps, { namespace: "default", name: "none" }).catch(() => {});
      const note = async (by: typeof client, n: number) =>
        by.create(ConfigMaps, { metadata: { namespace: "default", generateName: `${settings.note}-${n}-` } });
      let n = 0;
      const timer = within ? undefined : setInterval(() => void note(client, n++).catch(() => {}), 50);
      return {
        async stop() {
          clearInterval(timer);
          log.info("Stopped part");
        },
        ...(within
          ? {
              async lead(signal: AbortSignal, leader: typeof client) {
                await note(leader, 0);
                await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
              },
            }
          : {}),
      };
    },
  },
  { args: process.argv.slice(2).filter((arg) => arg !== "--within"), env: process.env },
);
