import { Listr, ListrLogger, type ListrTaskWrapper, ProcessOutput } from "listr2";
import type { StageUpdate, StageView } from "./stages.ts";
import { clean, duration } from "./table.ts";

interface Stage {
  end: (error?: Error) => void;
  task?: ListrTaskWrapper<unknown, never, never>;
  last: StageUpdate;
}

/** Stages with spinners on the terminal. A stage is added when it is first heard of. */
export function liveView(): StageView {
  const output = new ProcessOutput(process.stderr as never, process.stderr as never);
  const logger = new ListrLogger({ processOutput: output });
  const list = new Listr<unknown>([], {
    concurrent: true,
    exitOnError: false,
    rendererOptions: { logger, collapseErrors: false, showErrorMessage: true },
  } as never);
  const stages = new Map<string, Stage>();
  let running: Promise<unknown> | undefined;
  const after: string[] = [];

  const begin = (update: StageUpdate): Stage => {
    let end: Stage["end"] = () => {};
    const over = new Promise<void>((resolve, reject) => {
      end = (error) => (error === undefined ? resolve() : reject(error));
    });
    over.catch(() => {});
    const stage: Stage = { end, last: update };
    stages.set(update.stage, stage);
    list.add({
      title: title(update),
      task: (_context: unknown, task: never) => {
        stage.task = task;
        show(stage);
        return over;
      },
    } as never);
    running ??= Promise.resolve()
      .then(() => list.run())
      .catch(() => {});
    return stage;
  };

  return {
    update(update) {
      const known = stages.get(update.stage);
      if (known?.last.state !== undefined && known.last.state !== "started") return;
      const stage = known ?? begin(update);
      stage.last = update;
      show(stage);
      if (update.state === "failed") stage.end(new Error(clean(update.message ?? "failed")));
      else if (update.state !== "started") stage.end();
    },
    line: (text) => void after.push(clean(text)),
    async close() {
      for (const stage of stages.values()) if (stage.last.state === "started") stage.end();
      await running;
      for (const text of after) process.stderr.write(`${text}\n`);
    },
  };
}

function show({ task, last }: Stage): void {
  if (task !== undefined) task.title = title(last);
}

function title({ stage, state, seconds, message }: StageUpdate): string {
  const time = state === "skipped" ? "skipped" : seconds === undefined ? "" : duration(seconds);
  const said = state === "failed" ? "" : clean(message ?? "");
  return `${stage.padEnd(8)} ${time.padStart(8)}  ${said}`.trimEnd();
}
