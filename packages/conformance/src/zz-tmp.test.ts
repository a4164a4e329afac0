import { plain } from "@surprisal/backend-cpu/plain";
import { test } from "vitest";
import { checkBackend } from "./check-backend.ts";
import { deferred } from "./deferred.ts";

for (const [name, create] of Object.entries({
  f32: () => plain(),
  f64: () => plain({ precision: "f64" }),
  deferred: () => deferred(plain()),
}))
  test(name, async () => {
    const t0 = performance.now();
    const f = process.env.F ?? "";
    const times: [number, string][] = [];
    let last = t0;
    const r = await checkBackend(
      { name, create: create as never },
      {
        filter: (id) => f.split(",").some((p) => id.startsWith(p)),
        onVerdict(v) {
          const n = performance.now();
          times.push([n - last, v.id]);
          last = n;
        },
      },
    );
    console.log(
      name,
      r.passed,
      r.failed,
      r.skipped,
      performance.now() - t0,
      times.sort((a, b) => b[0] - a[0]).slice(0, 4),
    );
    console.log(
      r.verdicts
        .filter((v) => v.status === "failed")
        .slice(0, Number(process.env.N ?? 25))
        .map((v) => v.id + ": " + v.message)
        .join("\n"),
    );
  }, 300000);
