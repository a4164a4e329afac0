// @ts-nocheck
import { test } from "vitest";
import { checkBackend } from "./check-backend.ts";
import { plain } from "/tmp/plaincopy/index.ts";
test("f64", async () => {
  const r = await checkBackend({ name: "x", create: () => plain({ precision: "f64" }) }, { tier: "full" });
  console.log(r.passed, r.failed, r.verdicts.filter((v) => v.status === "failed").map((v) => v.id + v.message), JSON.stringify(r.worst));
}, 100000);
