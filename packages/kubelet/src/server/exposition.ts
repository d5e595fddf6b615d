export interface Family {
  name: string;
  help: string;
  type: "counter" | "gauge";
}

export interface Sample {
  labels: Readonly<Record<string, string | undefined>>;
  value: number | string;
}

/** One metric in Prometheus' text format; "" without samples. Source: Prometheus, "Exposition formats". */
export function exposition({ name, help, type }: Family, samples: readonly Sample[]): string {
  if (samples.length === 0) return "";
  const lines = samples.map(({ labels, value }) => `${name}${labelSet(labels)} ${value}`);
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join("\n")}\n`;
}

function labelSet(labels: Sample["labels"]): string {
  const words = Object.entries(labels).map(([name, value = ""]) => `${name}="${escaped(value)}"`);
  return words.length === 0 ? "" : `{${words.join(",")}}`;
}

function escaped(text: string): string {
  return text.replace(/[\\"\n]/g, (letter) => (letter === "\n" ? "\\n" : `\\${letter}`));
}
