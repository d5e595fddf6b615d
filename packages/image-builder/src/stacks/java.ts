import { ImageBuilderError } from "../errors.ts";
import { noteOf, type StartCommand, startOf } from "./command.ts";
import { APP, type BuildPlan, type StackModule, type StackPlan } from "./plan.ts";
import type { SourceTree } from "./source-tree.ts";
import { checkVersion, DEBIAN_VERSIONS } from "./version.ts";

const RUNTIME = "default-jre-headless";
const COMPILER = "default-jdk-headless";
const JAR = `${APP}/app.jar`;
/** Takes what a build made: the web application, or the largest program that is none of its side products. */
const TAKE = (folder: string, kind: "war" | "jar"): string =>
  kind === "war"
    ? `mkdir /out && cp ${folder}/*.war /out/ROOT.war`
    : `mkdir /out && cp "$(ls -S ${folder}/*.jar | grep -Ev -- '-(sources|javadoc|plain|tests)\\.jar$|/original-' | head -n 1)" /out/app.jar`;

export const java: StackModule = {
  name: "java",
  looksFor: "pom.xml, build.gradle, a .war or .java files",
  recognise: (source) => {
    const found =
      source.first(["pom.xml", "build.gradle", "build.gradle.kts"]) ?? warOf(source) ?? javaFile(source);
    return found === undefined ? undefined : `the source has ${found}`;
  },
  plan,
};

function plan(source: SourceTree): StackPlan {
  if (source.has("pom.xml")) return maven(source);
  const gradleFile = source.first(["build.gradle", "build.gradle.kts"]);
  if (gradleFile !== undefined) return gradle(source, gradleFile);
  const war = warOf(source);
  return war === undefined ? plain(source) : tomcat(source, { war });
}

function warOf(source: SourceTree): string | undefined {
  return source.list().find((name) => /^[\w.-]+\.war$/.test(name));
}

/** Where a source without a build tool has its .java files. */
function sourceRoot(source: SourceTree): string | undefined {
  if (source.hasFolder("src/main/java")) return "src/main/java";
  return ["src", "."].find((folder) => source.list(folder).some((name) => name.endsWith(".java")));
}

function javaFile(source: SourceTree): string | undefined {
  const root = sourceRoot(source);
  if (root === undefined || root === "src/main/java") return root;
  const name = source.list(root).find((each) => each.endsWith(".java"));
  return root === "." ? name : `${root}/${name}`;
}

/** A source of .java files alone: javac, with the libraries that are in lib/. */
function plain(source: SourceTree): StackPlan {
  const root = sourceRoot(source) ?? ".";
  const start = startOf(source, {
    guess: mainClass(source, root),
    wanted: "a class with a main method",
  });
  const libraries = source.list("lib").some((name) => name.endsWith(".jar"));
  const classPath = libraries ? " -classpath 'lib/*'" : "";
  const resources = source.hasFolder("src/main/resources") ? " && cp -r src/main/resources/. /out/" : "";
  return {
    runtime: [RUNTIME],
    build: {
      packages: [COMPILER],
      compile: {
        run: `find ${root} -name '*.java' -not -path '*/test/*' >/tmp/sources && javac -encoding UTF-8${classPath} -d /out @/tmp/sources${resources}`,
      },
      outputs: [{ from: "/out", to: `${APP}/classes` }],
    },
    own: libraries ? ["lib"] : [],
    command: start.command,
    notes: [noteOf(start)],
  };
}

/** The only class with a main method: of the folder itself, or of the packages below. */
function mainClass(source: SourceTree, root: string): StartCommand | undefined {
  const classes: string[] = [];
  const look = (folder: string, prefix: string, depth: number): void => {
    for (const name of source.list(folder)) {
      const path = folder === "." ? name : `${folder}/${name}`;
      const simple = /^([A-Za-z_$][\w$]*)\.java$/.exec(name)?.[1];
      if (simple !== undefined && /static\s+void\s+main\s*\(/.test(source.text(path)))
        classes.push(`${prefix}${simple}`);
      if (depth < 8 && /^[a-z_]\w*$/.test(name) && source.hasFolder(path))
        look(path, `${prefix}${name}.`, depth + 1);
    }
  };
  look(root, "", 0);
  const [only] = classes;
  if (only === undefined) return undefined;
  if (classes.length > 1)
    throw new ImageBuilderError(
      "NoStartCommand",
      `Cannot tell how to start it: several classes have a main method: ${classes.join(", ")}`,
      { hint: "Add a Procfile, such as: web: java -cp classes:lib/* Main" },
    );
  return { command: ["java", "-cp", `${APP}/classes:${APP}/lib/*`, only], why: `class ${only}` };
}

function maven(source: SourceTree): StackPlan {
  const text = source.text("pom.xml");
  const kind = /<packaging>\s*war\s*<\/packaging>/.test(text) ? "war" : "jar";
  const wrapper = source.has("mvnw");
  const build: BuildPlan = {
    packages: [COMPILER, ...(wrapper ? [] : ["maven"])],
    compile: {
      run: `${wrapper ? "sh mvnw" : "mvn"} --batch-mode --quiet -DskipTests package && ${TAKE("target", kind)}`,
      caches: ["/root/.m2"],
    },
    outputs: [],
  };
  const asked = /<(?:maven\.compiler\.(?:release|source)|java\.version)>\s*(\d[\d.]*)\s*</.exec(text)?.[1];
  const version = { what: "Java", where: "pom.xml", asked: modern(asked), available: DEBIAN_VERSIONS.java };
  return packaged(source, { kind, build, notes: checkVersion(version) });
}

function gradle(source: SourceTree, file: string): StackPlan {
  const text = source.text(file);
  const kind =
    /id\s*\(?\s*['"]war['"]/.test(text) || /apply plugin:\s*['"]war['"]/.test(text) ? "war" : "jar";
  const wrapper = source.has("gradlew");
  const build: BuildPlan = {
    packages: [COMPILER, ...(wrapper ? [] : ["gradle"])],
    compile: {
      run: `${wrapper ? "sh gradlew" : "gradle"} --no-daemon --quiet assemble && ${TAKE("build/libs", kind)}`,
      caches: ["/root/.gradle"],
    },
    outputs: [],
  };
  return packaged(source, { kind, build, notes: [] });
}

interface Packaged {
  kind: "war" | "jar";
  build: BuildPlan;
  notes: readonly string[];
}

function packaged(source: SourceTree, { kind, build, notes }: Packaged): StackPlan {
  if (kind === "war") {
    const plan = tomcat(source, { build });
    return { ...plan, notes: [...notes, ...plan.notes] };
  }
  const start = startOf(source, {
    guess: { command: ["java", "-jar", JAR], why: "the archive that the build makes" },
    wanted: "",
  });
  return {
    runtime: [RUNTIME],
    build: { ...build, outputs: [{ from: "/out/app.jar", to: JAR }] },
    own: [],
    command: start.command,
    notes: [...notes, noteOf(start)],
  };
}

const TOMCAT = "/opt/tomcat";

/** A web application on Debian's Tomcat: as the whole site, at the port that it is told. */
function tomcat(source: SourceTree, { war, build }: { war?: string; build?: BuildPlan }): StackPlan {
  const start = startOf(source, {
    guess: {
      command: [
        "/bin/sh",
        "-c",
        `JAVA_OPTS="-Djdos.port=$PORT $JAVA_OPTS" exec /usr/share/tomcat10/bin/catalina.sh run`,
      ],
      why: `Tomcat ${DEBIAN_VERSIONS.tomcat}`,
    },
    wanted: "",
  });
  const target = `${TOMCAT}/webapps/ROOT.war`;
  const prepare = [
    `tomcat10-instance-create -p 8080 ${TOMCAT} >/dev/null`,
    `sed -i 's/port="8080"/port="\${jdos.port}"/; s/port="8005"/port="-1"/' ${TOMCAT}/conf/server.xml`,
    `chown -R 1000:1000 ${TOMCAT}`,
  ].join(" && ");
  const stage = build ?? {
    packages: [],
    dependencies: { files: [war ?? ""], run: `mkdir /out && mv ${JSON.stringify(war)} /out/ROOT.war` },
  };
  return {
    runtime: [RUNTIME, "tomcat10-user"],
    prepare,
    build: { ...stage, outputs: [{ from: "/out/ROOT.war", to: target }] },
    own: [],
    env: { CATALINA_BASE: TOMCAT, CATALINA_HOME: "/usr/share/tomcat10" },
    command: start.command,
    notes: [
      ...(war === undefined
        ? []
        : [`tomcat: ${war} on Tomcat ${DEBIAN_VERSIONS.tomcat} (Jakarta EE 10 or older, not javax)`]),
      noteOf(start),
    ],
  };
}

/** 1.8 is 8. */
function modern(version: string | undefined): string | undefined {
  return version?.replace(/^1\./, "");
}
