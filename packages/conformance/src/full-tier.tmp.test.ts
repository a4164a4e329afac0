import { plain } from "@surprisal/backend-cpu/plain";
import { test } from "vitest";
import { checkBackend } from "./check-backend.ts";
import { deferred } from "./deferred.ts";
for (const [name, create] of [["f32", () => plain()], ["f64", () => plain({ precision: "f64" })], ["deferred", () => deferred(plain())]] as const) {
  test(name, async () => {
    let t0 = performance.now();
    const slow: string[] = [];
    const r = await checkBackend({ name, create }, { tier: "full", onVerdict: (v) => { const t1 = performance.now(); if (t1 - t0 > 400) slow.push(`${v.id} ${Math.round(t1 - t0)}`); t0 = t1; } });
    console.log(name, r.passed, r.failed, r.skipped, slow.join("; "));
    console.log(r.verdicts.filter((v) => v.status === "failed").map((v) => v.id + ": " + v.message).join("\n"));
    console.log(JSON.stringify(r.worst));
  }, 300000);
}
