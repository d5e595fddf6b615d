import { BASE_IMAGE } from "./base-image.ts";

/** An example of a stack, and the Dockerfile that a person would write for it. */
export interface StackExample {
  name: string;
  /** Changed for "one file changed": these words become others. */
  file: string;
  says: string;
  /** A line is added to it for "one dependency changed". */
  dependency?: { file: string; line: string };
  dockerfile: string;
}

const apt = (...packages: string[]): string =>
  `RUN apt-get -qq update && apt-get -qq install --yes --no-install-recommends ${packages.join(" ")} >/dev/null`;
const from = (...lines: string[]): string => `FROM ${BASE_IMAGE}\n${lines.join("\n")}\n`;

export const STACK_EXAMPLES: readonly StackExample[] = [
  {
    name: "node",
    file: "server.js",
    says: "Hello from JDOS",
    dockerfile: from(
      "WORKDIR /app",
      "COPY package*.json ./",
      "RUN npm ci",
      "COPY . .",
      'CMD ["node", "server.js"]',
    ),
  },
  {
    name: "static",
    file: "index.html",
    says: "Hello from a static site",
    dockerfile: from(apt("lighttpd"), "WORKDIR /app", "COPY . .", 'CMD ["lighttpd", "-D"]'),
  },
  {
    name: "python",
    file: "server.py",
    says: "Hello from Python",
    dependency: { file: "requirements.txt", line: "# changed" },
    dockerfile: from(
      apt("python3-pip"),
      "WORKDIR /app",
      "COPY requirements.txt .",
      "COPY wheels wheels",
      "RUN pip3 install --quiet --break-system-packages --no-index --find-links wheels -r requirements.txt",
      "COPY . .",
      'CMD ["python3", "server.py"]',
    ),
  },
  {
    name: "php",
    file: "src/Greeting.php",
    says: "Hello from PHP",
    dependency: { file: "composer.json", line: "" },
    dockerfile: from(
      apt("lighttpd", "php-cgi", "php-cli", "php-curl", "php-mbstring", "php-xml", "composer", "unzip"),
      "WORKDIR /app",
      "COPY . .",
      "RUN composer install --no-dev --optimize-autoloader --no-interaction --quiet",
      'CMD ["lighttpd", "-D"]',
    ),
  },
  {
    name: "ruby",
    file: "gems/example-greeting/lib/example_greeting.rb",
    says: "Hello from Ruby",
    dependency: { file: "Gemfile", line: "# changed" },
    dockerfile: from(
      apt("ruby", "ruby-bundler"),
      "WORKDIR /app",
      "COPY . .",
      "RUN bundle install --quiet --local",
      'CMD ["bundle", "exec", "ruby", "server.rb"]',
    ),
  },
  {
    name: "go",
    file: "main.go",
    says: "listening on",
    dependency: { file: "vendor/example.org/greeting/greeting.go", line: "// changed" },
    dockerfile: `FROM ${BASE_IMAGE} AS build\n${[
      apt("golang-go"),
      "WORKDIR /app",
      "COPY . .",
      "RUN --mount=type=cache,target=/root/.cache/go-build CGO_ENABLED=0 go build -o /out/app .",
    ].join("\n")}\n${from("COPY --from=build /out/app /app/app", 'CMD ["/app/app"]')}`,
  },
  {
    name: "java",
    file: "Main.java",
    says: "Hello from Java",
    dockerfile: `FROM ${BASE_IMAGE} AS runtime\n${[
      "RUN mkdir -p /usr/share/man/man1",
      apt("default-jre-headless"),
      "FROM runtime AS build",
      apt("default-jdk-headless"),
      "COPY . .",
      "RUN javac -d /out *.java",
      "FROM runtime",
      "COPY --from=build /out /app",
      'CMD ["java", "-cp", "/app", "Main"]',
    ].join("\n")}\n`,
  },
];
