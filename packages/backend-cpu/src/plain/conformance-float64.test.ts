import { describeBackend } from "@surprisal/conformance/vitest";
import { expect, test, vi } from "vitest";
import { plain } from "./index.ts";

const warn = vi.spyOn(console, "warn");

describeBackend({ name: "plain in float64 passes every quick case", create: () => plain({ precision: "f64" }) });

test("and the kit has drawn no warning from core", () => expect(warn.mock.calls).toEqual([]));
