import { spawn } from "node:child_process";

export interface RunOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** The longest that it may take, in seconds. */
  readonly seconds?: number;
}

/** What a command wrote to both outputs. Rejects with it where the command fails or takes too long. */
export function run(command: string, args: readonly string[], options: RunOptions): Promise<string> {
  const { cwd, env, seconds = 300 } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
      timeout: seconds * 1000,
      killSignal: "SIGKILL",
    });
    let said = "";
    for (const output of [child.stdout, child.stderr]) output.on("data", (chunk) => (said += chunk));
    child.on("error", reject);
    child.on("close", (code, signal) => {
      if (code === 0) return resolve(said);
      reject(new Error(`${[command, ...args].join(" ")}: ${signal ?? `exit code ${code}`}\n${readable(said)}`));
    });
  });
}

/** The last lines, without a minified bundle among them. */
function readable(text: string): string {
  const lines = text.trim().split("\n").slice(-30);
  return lines.map((line) => (line.length > 300 ? `${line.slice(0, 300)} …` : line)).join("\n");
}
