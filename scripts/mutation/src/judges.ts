import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { FromJudge, ToJudge } from "./kit-judge.ts";

const script = fileURLToPath(new URL("./kit-judge.ts", import.meta.url));

/** A judge that says nothing for so long is in an endless loop. */
const silence = 30_000;

export interface Verdict {
  /** The case that failed, or `timeout`; undefined for a survivor. */
  readonly killedBy: string | undefined;
}

/** A process that judges one mutant after the other, and a fresh one where a mutant hangs or ends it. */
export class Judge {
  #child: ChildProcess | undefined;
  readonly #env: Readonly<Record<string, string>>;

  constructor(env: Readonly<Record<string, string>>) {
    this.#env = env;
  }

  async count(): Promise<void> {
    const answer = await this.#ask({ kind: "count" });
    if (answer?.kind !== "counted") throw new Error("the kit did not pass without a mutant");
  }

  async judge(mutant: number, budget: number): Promise<Verdict> {
    const answer = await this.#ask({ kind: "judge", mutant, budget });
    return { killedBy: answer?.kind === "judged" ? answer.killedBy : "timeout" };
  }

  close(): void {
    this.#child?.kill("SIGKILL");
    this.#child = undefined;
  }

  /** The answer; undefined if the process ended or fell silent, and then it is gone. */
  #ask(question: ToJudge): Promise<FromJudge | undefined> {
    this.#child ??= fork(script, [], { env: { ...process.env, ...this.#env } });
    const child = this.#child;
    return new Promise((resolve) => {
      let timer: ReturnType<typeof setTimeout>;
      const end = (answer: FromJudge | undefined): void => {
        clearTimeout(timer);
        child.removeAllListeners("message");
        child.removeAllListeners("exit");
        if (answer === undefined) this.close();
        resolve(answer);
      };
      const wait = (): void => {
        clearTimeout(timer);
        timer = setTimeout(() => end(undefined), silence);
      };
      child.on("message", (message: FromJudge) => (message.kind === "alive" ? wait() : end(message)));
      child.on("exit", () => end(undefined));
      child.send(question);
      wait();
    });
  }
}
